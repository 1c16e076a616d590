//! Keys of records: paths of checked components, so that nothing a client says can decide where bytes go.

use std::fmt;

use super::digest::shortened;

/// The longest component: what a file system allows as a name.
const COMPONENT: usize = 255;

/// The longest key. S3 allows 1024 bytes, some of which a prefix needs.
const WHOLE: usize = 900;

/// Where a record is: components of letters, digits and `._-@+` that do not begin with a dot. A key is either
/// a record's or has others beneath it, not both.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

/// Why a text is no component of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be part of a key")]
pub struct KeyError(pub String);

impl Key {
    /// A key of these components; each may itself be several with slashes between them.
    ///
    /// # Errors
    /// [`KeyError`] with the component that cannot be one.
    pub fn new(components: &[&str]) -> Result<Self, KeyError> {
        let text = components.join("/");
        if text.len() > WHOLE {
            return Err(KeyError(shortened(&text)));
        }
        match text.split('/').find(|component| !is_component(component)) {
            Some(wrong) => Err(KeyError(shortened(wrong))),
            None => Ok(Self(text)),
        }
    }

    /// The key of something beneath this one.
    ///
    /// # Errors
    /// As [`Key::new`].
    pub fn join(&self, component: &str) -> Result<Self, KeyError> {
        Self::new(&[&self.0, component])
    }

    /// Its components with slashes between them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last component.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

/// `~` is left out on purpose: it sorts behind everything that a key can have.
fn is_component(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@' | b'+');
    (1..=COMPONENT).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(allowed)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_made_of_harmless_components() {
        let key = Key::new(&["repositories", "team/app", "_tags", "v1.0"]).unwrap();
        assert_eq!(key.as_str(), "repositories/team/app/_tags/v1.0");
        assert_eq!(key.name(), "v1.0");
        for bad in ["", ".", "..", ".hidden", "a//b", "/a", "a/", "a/../b", "a b", "a\0", "ä", "a%2e", "a~b"]
        {
            assert!(Key::new(&["x", bad]).is_err(), "{bad}");
        }
        assert!(Key::new(&[]).is_err());
        assert!(Key::new(&[&"a".repeat(256)]).is_err());
    }

    proptest! {
        #[test]
        fn no_key_leaves_its_root(components in prop::collection::vec(".{0,20}", 0..5)) {
            let borrowed: Vec<&str> = components.iter().map(String::as_str).collect();
            if let Ok(key) = Key::new(&borrowed) {
                let path = std::path::Path::new(key.as_str());
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}
