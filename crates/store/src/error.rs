//! Everything that can go wrong with an image on disk: the thing, the cause and the next step.

use std::io;
use std::path::{Path, PathBuf};

use model::digest::DigestMismatch;
use rustix::io::Errno;

use crate::archive::TarError;
use crate::compress::Bomb;
use crate::copy::CopyError;

/// Why the store did not do what was asked. Nothing is left half done by any of them.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or stream could not be read.
    #[error("cannot read `{what}`: {cause}")]
    Read {
        /// Path or description.
        what: String,
        /// What the kernel said.
        cause: io::Error,
    },
    /// Something under the store's root could not be written.
    #[error("cannot write `{what}`: {cause}")]
    Write {
        /// Path or archive entry.
        what: String,
        /// What the kernel said.
        cause: io::Error,
    },
    /// The disk or its quota is full.
    #[error("no space left while writing `{what}`")]
    NoSpace {
        /// Path or archive entry.
        what: String,
    },
    /// The kernel refused on grounds of permission.
    #[error("no permission for `{what}`")]
    Permission {
        /// Path or archive entry.
        what: String,
    },
    /// The stream ends too early.
    #[error("`{what}` is truncated")]
    Truncated {
        /// The archive, layer or blob.
        what: String,
    },
    /// The bytes are not in a format that holds an image.
    #[error("`{what}` is not an image: {why}")]
    NotAnImage {
        /// The archive or file.
        what: String,
        /// What was looked for.
        why: String,
    },
    /// Bytes do not match the digest claimed for them.
    #[error("`{blob}` is not what its digest says: {mismatch}{}", kept(.evidence.as_deref()))]
    Digest {
        /// Which blob, layer or configuration.
        blob: String,
        /// Both digests.
        mismatch: DigestMismatch,
        /// Where the bytes are kept that came from afar.
        evidence: Option<PathBuf>,
    },
    /// A blob does not have the size that its descriptor gives.
    #[error("`{blob}` has {found} bytes, but its descriptor says {claimed}{}", kept(.evidence.as_deref()))]
    Size {
        /// Which blob.
        blob: String,
        /// The descriptor's size.
        claimed: u64,
        /// The size found.
        found: u64,
        /// Where the bytes are kept that came from afar.
        evidence: Option<PathBuf>,
    },
    /// A blob does not come.
    #[error("cannot fetch `{blob}`: {cause}")]
    Fetch {
        /// Which blob.
        blob: String,
        /// What its source said.
        cause: io::Error,
    },
    /// A limit against hostile archives was passed.
    #[error("`{what}` passes the limit of {allowed} {limit}")]
    Limit {
        /// The archive, layer or entry.
        what: String,
        /// What is limited, in words, with its unit.
        limit: &'static str,
        /// The limit's value.
        allowed: u64,
    },
    /// There is no more room beside an image.
    #[error("what lies beside `{subject}` would pass the limit of {allowed} {limit}")]
    Crowded {
        /// The image's digest.
        subject: String,
        /// What is limited, in words.
        limit: &'static str,
        /// The limit's value.
        allowed: u64,
    },
    /// A layer holds a device node that is not inert.
    #[error("`{entry}` is a device node ({major}:{minor})")]
    Device {
        /// The entry's path as written in the archive.
        entry: String,
        /// Device major number.
        major: u32,
        /// Device minor number.
        minor: u32,
    },
    /// An owner that the user namespace has no id for.
    #[error("the owner of `{entry}` has no id in this user namespace")]
    Unmapped {
        /// The entry's path.
        entry: String,
    },
    /// An entry's path or link leads, or tries to lead, out of the layer.
    #[error("`{entry}` {why}")]
    Path {
        /// The entry's path as written in the archive.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No image has this name or id.
    #[error("no image `{name}`{}", did_you_mean(.near))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names that look like it.
        near: Vec<String>,
    },
    /// Several images answer to this id.
    #[error("`{name}` could be any of {}", .candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Every image it matches.
        candidates: Vec<String>,
    },
    /// An archive holds several images and none was chosen.
    #[error("`{what}` holds {} images: {}", .names.len(), .names.join(", "))]
    Several {
        /// The archive.
        what: String,
        /// What can be chosen.
        names: Vec<String>,
    },
    /// The image has containers.
    #[error("image `{name}` is in use by a container")]
    InUse {
        /// What was asked for.
        name: String,
    },
    /// A file of the store does not hold what the store once wrote.
    #[error("store file `{}` is corrupted: {why}", .file.display())]
    Corrupt {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A power cut took what had not reached the disk.
    #[error("image `{image}` did not survive the restart: {why}")]
    Lost {
        /// A name or digest of the image.
        image: String,
        /// What is missing.
        why: String,
    },
    /// The image has no variant for this machine.
    #[error("`{what}` has no image for {wanted}, only for {}", .available.join(", "))]
    Platform {
        /// The archive.
        what: String,
        /// `linux/amd64`.
        wanted: String,
        /// What the archive offers.
        available: Vec<String>,
    },
    /// What a step wrote has bytes in it that no layer may have.
    #[error("`{entry}` has bytes in it that no layer may have")]
    Unwanted {
        /// The path.
        entry: String,
        /// Which of those that were named.
        which: usize,
    },
    /// A layer's media type is unknown here.
    #[error("layer `{layer}` has the unsupported media type `{media_type}`")]
    Compression {
        /// Which layer.
        layer: String,
        /// Its media type.
        media_type: String,
    },
    /// A container's own layer cannot be read.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// Another caller's error stopped this part of the work; never returned by the public interface.
    #[error("the import was stopped")]
    Stopped,
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, StoreError>;

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

fn kept(evidence: Option<&Path>) -> String {
    evidence.map_or_else(String::new, |path| format!("; what came is kept in `{}`", path.display()))
}

impl StoreError {
    /// A stable code for scripts and `coffer help`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "E-store-read",
            Self::Write { .. } => "E-store-write",
            Self::NoSpace { .. } => "E-store-space",
            Self::Permission { .. } => "E-store-permission",
            Self::Truncated { .. } => "E-store-truncated",
            Self::NotAnImage { .. } => "E-store-format",
            Self::Digest { .. } => "E-store-digest",
            Self::Size { .. } => "E-store-size",
            Self::Fetch { .. } => "E-store-fetch",
            Self::Limit { .. } => "E-store-limit",
            Self::Crowded { .. } => "E-store-crowded",
            Self::Device { .. } => "E-store-device",
            Self::Unmapped { .. } => "E-store-owner",
            Self::Path { .. } => "E-store-path",
            Self::Unknown { .. } => "E-store-unknown",
            Self::Ambiguous { .. } => "E-store-ambiguous",
            Self::Several { .. } => "E-store-several",
            Self::InUse { .. } => "E-store-in-use",
            Self::Corrupt { .. } => "E-store-corrupt",
            Self::Lost { .. } => "E-store-lost",
            Self::Platform { .. } => "E-store-platform",
            Self::Unwanted { .. } => "E-store-unwanted",
            Self::Compression { .. } => "E-store-compression",
            Self::Copy(error) => error.code(),
            Self::Stopped => "E-store-stopped",
        }
    }

    /// What to do next: one step, with the exact command where there is one.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Read { .. } => "check that the path exists and can be read".into(),
            Self::Write { .. } => "check the disk and the permissions of the store's directory".into(),
            Self::NoSpace { .. } => {
                "free some space, for instance with `coffer image prune`, and try again".into()
            }
            Self::Permission { .. } => "run as its owner, or choose another store or source".into(),
            Self::Truncated { .. } => "copy or download it again".into(),
            Self::NotAnImage { .. } => {
                "if it is an image of another kind, `coffer image import FILE` finds out which".into()
            }
            Self::Digest { .. } | Self::Size { .. } => {
                "do not use it: get it again from a source that you trust".into()
            }
            Self::Fetch { .. } => "try again: what has come by now is kept".into(),
            Self::Limit { .. } => {
                "do not import it unless you trust whoever made it; rebuild it smaller".into()
            }
            Self::Crowded { .. } => {
                "put less beside it; what is there goes with the image, `coffer image rm`".into()
            }
            Self::Device { .. } | Self::Path { .. } => {
                "rename it or leave it out where it comes from; no honest build tool makes such an entry"
                    .into()
            }
            Self::Unmapped { .. } => {
                "give this user more subordinate ids in /etc/subuid and /etc/subgid; 65536 are enough".into()
            }
            Self::Unknown { .. } => {
                "list the images with `coffer image ls`, or get it from a registry with `coffer pull`".into()
            }
            Self::Ambiguous { .. } => "give more digits of the id".into(),
            Self::Several { names, .. } => {
                let name = names.first().map_or("NAME", String::as_str);
                format!("name one after the path, as in `oci:PATH:{name}` or `docker-archive:PATH:{name}`")
            }
            Self::InUse { .. } => "remove the container first, or pass --force".into(),
            Self::Corrupt { .. } => {
                "import the image again; if `coffer image verify` still names it, remove it first".into()
            }
            Self::Lost { .. } => "import it again; what is damaged has been removed".into(),
            Self::Platform { wanted, .. } => format!("get the variant for {wanted}"),
            Self::Unwanted { .. } => "remove them from the file before the step ends".into(),
            Self::Compression { .. } => "rebuild the image with gzip or zstd layers".into(),
            Self::Copy(error) => error.remedy(),
            Self::Stopped => "try again".into(),
        }
    }

    pub(crate) fn mismatch(blob: impl Into<String>, mismatch: DigestMismatch) -> Self {
        Self::Digest { blob: blob.into(), mismatch, evidence: None }
    }

    pub(crate) fn size(blob: impl Into<String>, claimed: u64, found: u64) -> Self {
        Self::Size { blob: blob.into(), claimed, found, evidence: None }
    }

    pub(crate) fn read(what: impl Into<String>, cause: impl Into<io::Error>) -> Self {
        let (what, cause) = (what.into(), cause.into());
        match cause.kind() {
            io::ErrorKind::PermissionDenied => Self::Permission { what },
            io::ErrorKind::UnexpectedEof => Self::Truncated { what },
            _ => Self::Read { what, cause },
        }
    }

    /// An archive that could not be walked through; `what` is its name.
    pub(crate) fn tar(what: &str, error: TarError) -> Self {
        let what = what.to_owned();
        match error {
            TarError::Io(error) => Self::stream(what, error),
            TarError::Malformed(why) => Self::NotAnImage { what, why: format!("no tar archive ({why})") },
            TarError::Limit(limit, allowed) => Self::Limit { what, limit, allowed },
        }
    }

    /// A stream that may have been found to be a bomb.
    pub(crate) fn stream(what: String, error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Bomb>()) {
            Some(bomb) => Self::Limit { what, limit: bomb.limit, allowed: bomb.allowed },
            None => Self::read(what, error),
        }
    }

    pub(crate) fn read_path(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |cause| Self::read(path.display().to_string(), cause)
    }

    pub(crate) fn write(what: impl Into<String>, cause: impl Into<io::Error>) -> Self {
        let (what, cause) = (what.into(), cause.into());
        match cause.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOSPC | Errno::DQUOT) => Self::NoSpace { what },
            // A read-only disk is nobody's permission: it is named by the cause that Write shows.
            Some(Errno::PERM | Errno::ACCESS) => Self::Permission { what },
            // What the kernel itself says of ids that a namespace does not map.
            Some(Errno::OVERFLOW) => Self::Unmapped { entry: what },
            _ => Self::Write { what, cause },
        }
    }

    pub(crate) fn write_path<E: Into<io::Error>>(path: &Path) -> impl FnOnce(E) -> Self + '_ {
        move |cause| Self::write(path.display().to_string(), cause)
    }
}
