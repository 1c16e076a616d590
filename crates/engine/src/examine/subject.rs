//! What a person means by a text: an image, a container, a directory, or somebody's bill of material.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use model::reference::{ArchiveSource, Reference, ReferenceSyntax};
use store::StoreError;

use super::ExamineError;
use crate::engine::Engine;
use crate::error::EngineError;

/// Bytes of a file that decide what it is.
const HEAD: usize = 512;

/// Something that can be examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An image, as a person names it.
    Image(String),
    /// An image on disk, which is imported first and gets no name.
    Archive(ArchiveSource),
    /// A container: its image, and what it has written since.
    Container(String),
    /// A directory, such as a root filesystem or a source tree.
    Directory(PathBuf),
    /// A bill of material.
    Bill(PathBuf),
}

impl Engine {
    /// What a text means. `container:NAME` and `sbom:FILE` say it; a name is an image's before it is a file's, and a
    /// file's before it is a container's.
    ///
    /// # Errors
    /// The store's, where there is nothing of the kind.
    pub fn meant(&self, text: &str) -> Result<Subject, EngineError> {
        if let Some(name) = text.strip_prefix("container:") {
            return Ok(Subject::Container(name.to_owned()));
        }
        if let Some(path) = text.strip_prefix("sbom:") {
            return Ok(Subject::Bill(path.into()));
        }
        let path = Path::new(text);
        if is_path(text) {
            return Ok(on_disk(path)?);
        }
        let parsed: Result<Reference, ReferenceSyntax> = text.parse();
        let name = match parsed {
            Ok(Reference::Name(name)) => name,
            Ok(Reference::Archive(source)) => return Ok(Subject::Archive(source)),
            Ok(Reference::Remote(_) | Reference::Embedded) => return Ok(Subject::Image(text.to_owned())),
            Err(_) if path.exists() => return Ok(on_disk(path)?),
            Err(error) => return Err(error.into()),
        };
        match self.store.resolve(&name) {
            Err(StoreError::Unknown { .. }) if path.exists() => Ok(on_disk(path)?),
            Err(StoreError::Unknown { .. }) if self.containers.find(text).is_ok() => {
                Ok(Subject::Container(text.to_owned()))
            }
            found => found.map(|_| Subject::Image(text.to_owned())).map_err(EngineError::from),
        }
    }
}

/// Whether a text can only be a path.
fn is_path(text: &str) -> bool {
    matches!(text, "." | "..") || ["/", "./", "../"].iter().any(|start| text.starts_with(start))
}

/// What there is nothing of is an image for whoever opens it to miss.
fn on_disk(path: &Path) -> Result<Subject, ExamineError> {
    if path.is_dir() && !path.join("oci-layout").is_file() {
        return Ok(Subject::Directory(path.to_owned()));
    }
    match path.is_file().then(|| kind(path)) {
        Some(Kind::Bill) => Ok(Subject::Bill(path.to_owned())),
        Some(Kind::Text) => Err(ExamineError::Neither(path.to_owned())),
        Some(Kind::Other) | None => {
            Ok(Subject::Archive(ArchiveSource { transport: None, path: path.to_owned(), selector: None }))
        }
    }
}

/// What a file is by its beginning.
enum Kind {
    Bill,
    /// Lock files and whatever else people write. Archives are none.
    Text,
    Other,
}

fn kind(path: &Path) -> Kind {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    if read.is_err() || start.is_empty() {
        Kind::Other
    } else if start.starts_with(b"{") || start.starts_with(b"SPDXVersion:") {
        Kind::Bill
    } else if start.iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace()) {
        Kind::Text
    } else {
        Kind::Other
    }
}
