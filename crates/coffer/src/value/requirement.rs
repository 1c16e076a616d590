//! `--requires vuln=scanner.pub`: what has to be attested, and by whom, before anybody promotes.

use engine::trust::NamedKey;

use super::{ValueError, keys};

/// A kind of statement, and whose word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// `vuln`, `sbom`, `provenance`, or the type of another statement.
    pub(crate) kind: String,
    /// In files, or in tokens.
    pub(crate) keys: Vec<NamedKey>,
}

/// `TYPE=KEY[+KEY...]`; one of the keys is enough.
pub(crate) fn parse(text: &str) -> Result<Requirement, ValueError> {
    let right = "TYPE=KEY, such as vuln=scanner.pub; several with +, of which one is enough";
    let wrong = |what: &str| ValueError::new(what, right);
    let (kind, keys) = text.split_once('=').ok_or_else(|| wrong("it has no `=`"))?;
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'/' | b':' | b'_');
    if kind.is_empty() || kind.len() > 256 || !kind.bytes().all(known) {
        return Err(wrong("it names no type"));
    }
    let keys = keys.split('+').map(|key| keys::key(key).map_err(|error| wrong(&error.wrong)));
    Ok(Requirement { kind: kind.to_owned(), keys: keys.collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_requirement_names_a_type_and_keys() {
        let wish = parse("vuln=scanner.pub+other.pub").unwrap();
        let keys = ["scanner.pub", "other.pub"].map(|key| NamedKey::File(key.into()));
        assert_eq!((wish.kind.as_str(), wish.keys), ("vuln", keys.to_vec()));
        assert!(parse("https://example.org/review/v1=a.pub").is_ok());
        for text in ["vuln", "vuln=", "=a.pub", "vuln=a+", "vu ln=a"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_requirement_or_an_error(text in "([a-z]{0,5}=)?.{0,20}") {
            if let Ok(wish) = parse(&text) {
                prop_assert!(!wish.keys.is_empty());
            }
        }
    }
}
