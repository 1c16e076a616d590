//! Which of a token's keys is meant, by what `pkcs11-tool --list-objects --type pubkey` prints. The tool signs with the
//! key of an id and passes over a label, so that a label has to be followed to its id.

/// How many keys are called so.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This one, by its id in hex; a token may have given it none.
    One(Option<String>),
    /// None of those that there are, by their labels.
    NoneOf(Vec<String>),
    /// Several, by their ids.
    Several(Vec<String>),
}

/// A public key in the token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Object {
    label: String,
    id: Option<String>,
}

/// Looks for the one key with a label, which can be any text but a new line: only what stands at a line's begin counts.
pub(super) fn find(listing: &str, label: &str) -> Found {
    let all = parse(listing);
    let mut fitting: Vec<Object> = all.iter().filter(|object| object.label == label).cloned().collect();
    match (fitting.pop(), fitting.is_empty()) {
        (Some(object), true) => Found::One(object.id),
        (Some(object), false) => {
            fitting.push(object);
            let id = |object: Object| object.id.unwrap_or_else(|| "none".to_owned());
            Found::Several(fitting.into_iter().map(id).collect())
        }
        (None, _) => Found::NoneOf(all.into_iter().map(|object| object.label).collect()),
    }
}

fn parse(listing: &str) -> Vec<Object> {
    let mut objects: Vec<Object> = Vec::new();
    for line in listing.lines() {
        if line.starts_with("Public Key Object") {
            objects.push(Object::default());
        } else if let (Some(object), Some((name, value))) = (objects.last_mut(), field(line)) {
            match name {
                "label" => object.label = value.to_owned(),
                "ID" if is_id(value) => object.id = Some(value.to_owned()),
                _ => {}
            }
        }
    }
    objects
}

/// `  label:      root`
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("  ")?.split_once(':')?;
    Some((name, value.trim_start()))
}

/// Whether the tool would take it for an id, and not for an option.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As OpenSC 0.23 prints it for softhsm2.
    const LISTING: &str = "\
Public Key Object; EC  EC_POINT 256 bits
  EC_POINT:   0441045696a5
  EC_PARAMS:  06082a8648ce3d030107
  label:      root
  ID:         01fe
  Usage:      encrypt, verify, wrap, derive
  Access:     local
Public Key Object; EC  EC_POINT 256 bits
  label:      release: a
  ID:         02
Public Key Object; RSA 2048 bits
  label:      twice
  ID:         03
Public Key Object; RSA 2048 bits
  label:      twice
Public Key Object; RSA 2048 bits
  label:      alone
  ID:         --pin
";

    #[test]
    fn a_label_leads_to_its_key_s_id() {
        assert_eq!(find(LISTING, "root"), Found::One(Some("01fe".to_owned())));
        assert_eq!(find(LISTING, "release: a"), Found::One(Some("02".to_owned())));
        assert_eq!(find(LISTING, "alone"), Found::One(None));
    }

    #[test]
    fn no_key_and_several_are_told_apart() {
        assert_eq!(find(LISTING, "twice"), Found::Several(vec!["03".to_owned(), "none".to_owned()]));
        let labels = ["root", "release: a", "twice", "twice", "alone"].map(str::to_owned);
        assert_eq!(find(LISTING, "release"), Found::NoneOf(labels.into()));
        assert_eq!(find("", "root"), Found::NoneOf(Vec::new()));
    }
}
