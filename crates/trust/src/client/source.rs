//! Where files come from: a registry, a directory, an archive, a test.

use crate::{SourceError, TrustError};

/// A place that has a publisher's files. Whatever it returns is checked; how long it takes is its own to bound.
pub trait Source {
    /// The file of that name, such as `3.root.json` or `timestamp.json`; nothing if it is not there. Names have a `/`
    /// only where those of targets do. Stops with an error once the file is larger than `most` bytes.
    ///
    /// # Errors
    /// [`SourceError`] if the place cannot be reached, is too slow, or has more than `most` bytes.
    fn fetch(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, SourceError>;
}

/// A file that may be missing.
pub(super) fn look(source: &mut dyn Source, name: &str, most: u64) -> Result<Option<Vec<u8>>, TrustError> {
    source.fetch(name, most).map_err(|error| TrustError::Source { file: name.to_owned(), error })
}

/// A file that has to be there.
pub(super) fn fetch(source: &mut dyn Source, name: &str, most: u64) -> Result<Vec<u8>, TrustError> {
    look(source, name, most)?.ok_or_else(|| TrustError::Missing(name.to_owned()))
}
