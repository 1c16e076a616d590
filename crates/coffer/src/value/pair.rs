//! `name=value`: labels and kernel parameters.

use super::ValueError;

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// `--label name[=value]`.
pub(crate) fn label(text: &str) -> Result<Pair, ValueError> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    if name.is_empty() {
        return Err(ValueError::new("the label has no name", "name=value, such as team=web"));
    }
    Ok(Pair { name: name.to_owned(), value: value.to_owned() })
}

/// `NAME=value`, where both must be there.
pub(crate) fn parse(text: &str) -> Result<Pair, ValueError> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or_else(|| ValueError::new("it has no name or no `=`", "NAME=value"))?;
    Ok(Pair { name: name.to_owned(), value: value.to_owned() })
}

/// `--sysctl name=value`.
pub(crate) fn sysctl(text: &str) -> Result<Pair, ValueError> {
    let error = |wrong: &str| ValueError::new(wrong, "name=value, such as net.core.somaxconn=1024");
    let (name, value) = text.split_once('=').ok_or_else(|| error("it has no `=`"))?;
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if name.is_empty() || !name.bytes().all(known) || name.contains("..") {
        return Err(error("the name is no kernel parameter"));
    }
    Ok(Pair { name: name.to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_labels_may_lack_a_value() {
        assert_eq!(label("a=b=c"), Ok(Pair { name: "a".into(), value: "b=c".into() }));
        assert_eq!(label("a").unwrap().value, "");
        assert!(label("=b").is_err());
        assert_eq!(sysctl("net.core.somaxconn=1024").unwrap().value, "1024");
        for text in ["net.core.somaxconn", "=1", "a/../b=1", "a..b=1"] {
            assert!(sysctl(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_pair_or_an_error(text in ".{0,30}") {
            let _either = (label(&text), sysctl(&text));
        }
    }
}
