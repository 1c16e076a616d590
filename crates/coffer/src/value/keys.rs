//! `--keys root=3:2,release=2:1` and `--key root=ben.pub`: who may sign, and how many of them have to.

use engine::trust::{NamedKey, RoleName, StageName};

use super::ValueError;

/// More signers than any role needs; a threshold is a number that people can be called for.
const MOST: u8 = 16;

const RIGHT: &str = "ROLE=KEYS:NEEDED, such as root=3:2: three keys, of which two have to sign";

/// How many keys are made for a role, and how many have to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyCount {
    /// Whose.
    pub(crate) role: RoleName,
    /// Made here; beside them there may be keys of others.
    pub(crate) keys: u8,
    /// How many of all of them have to sign.
    pub(crate) needed: u8,
}

/// A key that is not made here, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GivenKey {
    /// Whose.
    pub(crate) role: RoleName,
    /// In a file, or a token.
    pub(crate) key: NamedKey,
}

/// `ROLE=KEYS:NEEDED`
pub(crate) fn count(text: &str) -> Result<KeyCount, ValueError> {
    let (role, counts) = text.split_once('=').ok_or_else(|| ValueError::new("it has no `=`", RIGHT))?;
    let (keys, needed) = split(counts)?;
    Ok(KeyCount { role: self::role(role)?, keys, needed })
}

/// `KEYS:NEEDED`, where it is clear what they are for.
pub(crate) fn split(text: &str) -> Result<(u8, u8), ValueError> {
    let (keys, needed) =
        text.split_once(':').ok_or_else(|| ValueError::new(format!("`{text}` has no `:`"), RIGHT))?;
    let (keys, needed) = (number(keys)?, number(needed)?);
    if needed == 0 {
        return Err(ValueError::new("what nobody has to sign is signed by nobody", RIGHT));
    }
    Ok((keys, needed))
}

/// `ROLE=FILE`, or a key in hardware by its address.
pub(crate) fn given(text: &str) -> Result<GivenKey, ValueError> {
    let right = "ROLE=FILE with a public key, or ROLE=pkcs11:..., such as root=ben.pub";
    let (role, key) = text.split_once('=').ok_or_else(|| ValueError::new("it has no `=`", right))?;
    Ok(GivenKey { role: self::role(role)?, key: self::key(key)? })
}

/// A file with a public key, or a key in hardware by its name.
pub(crate) fn key(text: &str) -> Result<NamedKey, ValueError> {
    let right = "a file with a public key, or pkcs11:..., such as ben.pub";
    if text.is_empty() {
        return Err(ValueError::new("it names no key", right));
    }
    NamedKey::typed(text).map_err(|error| ValueError::new(error.to_string(), right))
}

/// A role that every publisher has, or a stage.
pub(crate) fn role(text: &str) -> Result<RoleName, ValueError> {
    let right = "root, release, online, or a stage such as staging";
    text.parse().map_err(|_| ValueError::new(format!("`{text}` is no role"), right))
}

/// A stage.
pub(crate) fn stage(text: &str) -> Result<StageName, ValueError> {
    let right = "small letters, digits and `-`, such as staging, and no other role's name";
    text.parse().map_err(|_| ValueError::new(format!("`{text}` is no stage"), right))
}

fn number(text: &str) -> Result<u8, ValueError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && *number <= MOST);
    number.ok_or_else(|| ValueError::new(format!("`{text}` is no number from 0 to {MOST}"), RIGHT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_counted_as_they_are_written() {
        let wish = count("root=3:2").unwrap();
        assert_eq!((wish.role, wish.keys, wish.needed), (RoleName::Root, 3, 2));
        assert_eq!(split("0:2"), Ok((0, 2)), "all of them may be others'");
    }

    #[test]
    fn what_cannot_be_counted_is_said() {
        for (text, said) in [
            ("root", "it has no `=`"),
            ("root=3", "`3` has no `:`"),
            ("root=3:0", "what nobody has to sign is signed by nobody"),
            ("root=17:2", "`17` is no number from 0 to 16"),
            ("root=+3:2", "`+3` is no number from 0 to 16"),
            ("root=:", "`` is no number from 0 to 16"),
            ("=3:2", "`` is no role"),
            ("Root=3:2", "`Root` is no role"),
        ] {
            assert_eq!(count(text).unwrap_err().wrong, said, "{text}");
        }
    }

    #[test]
    fn a_key_of_somebody_else_says_what_it_is_for() {
        let key = given("root=keys/ben=1.pub").unwrap();
        assert_eq!((key.role, key.key), (RoleName::Root, NamedKey::File("keys/ben=1.pub".into())));
        let token = given("staging=pkcs11:token=ca;object=signer").unwrap().key;
        assert!(matches!(token, NamedKey::Token(uri) if uri.object.as_deref() == Some("signer")));
        assert!(given("root=pkcs11:nothing").is_err());
        for text in ["ben.pub", "root=", "=ben.pub", "ro/ot=ben.pub"] {
            assert!(given(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_an_error(text in "([a-z-]{0,8}=)?[0-9:+-]{0,8}.{0,8}") {
            if let Ok(wish) = count(&text) {
                prop_assert!(wish.needed > 0 && wish.keys <= MOST);
            }
            let _either = (given(&text), role(&text), stage(&text));
        }
    }
}
