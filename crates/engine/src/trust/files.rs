//! A publisher's files: signed documents by their names, as they lie in a directory, an archive or a registry.

use std::collections::BTreeMap;

use super::error::TrustError;

/// The most files of one publisher: 1024 versions of the root, and a document for each stage and role.
pub(super) const MOST_FILES: usize = 2048;

/// The most bytes of one file: what the largest role may have.
pub(super) const MOST_BYTES: u64 = 10 << 20;

/// The most bytes of all files together.
pub(super) const MOST_TOTAL: u64 = 64 << 20;

/// The longest name, in bytes.
const LONGEST_NAME: usize = 128;

/// Files by their names, none of which leads anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    files: BTreeMap<String, Vec<u8>>,
    total: u64,
}

impl Files {
    /// Adds a file, or replaces the one of that name.
    ///
    /// # Errors
    /// A name that no such file has, and more than a publisher may have.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), TrustError> {
        check_name(name)?;
        let (length, had) = (bytes.len() as u64, self.files.get(name).map_or(0, Vec::len) as u64);
        check_size(name, length)?;
        if self.files.len() >= MOST_FILES && !self.files.contains_key(name) {
            return Err(TrustError::Limit { what: "files", allowed: MOST_FILES as u64 });
        }
        let total = self.total - had + length;
        if total > MOST_TOTAL {
            return Err(TrustError::Limit { what: "bytes in all files", allowed: MOST_TOTAL });
        }
        self.total = total;
        self.files.insert(name.to_owned(), bytes);
        Ok(())
    }

    /// Files as the crate `trust` has them.
    ///
    /// # Errors
    /// As [`Files::add`].
    pub fn of(map: BTreeMap<String, Vec<u8>>) -> Result<Self, TrustError> {
        let mut files = Self::default();
        map.into_iter().try_for_each(|(name, bytes)| files.add(&name, bytes))?;
        Ok(files)
    }

    /// The same as the crate `trust` wants them.
    #[must_use]
    pub fn into_map(self) -> BTreeMap<String, Vec<u8>> {
        self.files
    }

    /// A file's bytes.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// A name is a file's in one directory, and nothing that is hidden or leads elsewhere.
pub(super) fn check_name(name: &str) -> Result<(), TrustError> {
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b'%'));
    if is_plain && !name.starts_with('.') && name.ends_with(".json") && name.len() <= LONGEST_NAME {
        return Ok(());
    }
    Err(TrustError::FileName(name.chars().take(80).collect()))
}

pub(super) fn check_size(name: &str, length: u64) -> Result<(), TrustError> {
    if length > MOST_BYTES {
        return Err(TrustError::TooLong { name: name.to_owned(), allowed: MOST_BYTES });
    }
    Ok(())
}

/// The version that the name of a root document says.
pub(super) fn root_version(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".root.json")?;
    let is_plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_this_directory() {
        for name in ["timestamp.json", "3.root.json", "4.staging.json", "0af.revoked.json", "a%2Fb.json"] {
            check_name(name).unwrap();
        }
        let long = format!("{}.json", "a".repeat(LONGEST_NAME));
        for name in ["", ".json", "..json", "a/b.json", "../a.json", "a.json\0", "é.json", "root", &long] {
            assert!(matches!(check_name(name), Err(TrustError::FileName(_))), "{name}");
        }
    }

    #[test]
    fn files_are_counted_and_measured() {
        let mut files = Files::default();
        for number in 0..MOST_FILES {
            files.add(&format!("{number}.json"), Vec::new()).unwrap();
        }
        assert!(matches!(files.add("more.json", Vec::new()), Err(TrustError::Limit { .. })));
        files.add("0.json", vec![0; 7]).unwrap();
        assert!(matches!(
            files.add("0.json", vec![0; MOST_BYTES as usize + 1]),
            Err(TrustError::TooLong { .. })
        ));
        for number in 0..6 {
            files.add(&format!("{number}.json"), vec![0; MOST_BYTES as usize]).unwrap();
        }
        assert!(matches!(
            files.add("6.json", vec![0; MOST_BYTES as usize]),
            Err(TrustError::Limit { what: "bytes in all files", .. })
        ));
        assert_eq!(files.get("6.json"), Some([].as_slice()));
    }

    #[test]
    fn a_root_says_its_version() {
        assert_eq!(root_version("12.root.json"), Some(12));
        for name in ["root.json", ".root.json", "0.root.json", "01.root.json", "+1.root.json", "1.roots.json"]
        {
            assert_eq!(root_version(name), None, "{name}");
        }
    }
}
