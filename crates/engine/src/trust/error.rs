//! Why what a publisher says could not be had, kept or sent.

use std::io;
use std::path::{Path, PathBuf};

use trust::publisher::PublishError;

/// Why trust could not be looked after; why an image is not trusted is a doubt of the crate `trust`.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A text that is no place.
    #[error("`{0}` is no place: a registry, or a part of one")]
    Place(String),
    /// Nobody is pinned there.
    #[error("nobody is pinned at `{0}`")]
    NotPinned(String),
    /// Nobody publishes there.
    #[error("`{0}` has nothing that a publisher says")]
    Nothing(String),
    /// Files of nobody who is pinned.
    #[error("these are files of no publisher who is pinned here")]
    Strangers,
    /// A name that none of a publisher's files has.
    #[error("`{0}` is no name of a publisher's file")]
    FileName(String),
    /// A file that no publisher has.
    #[error("`{name}` has more than {allowed} bytes")]
    TooLong {
        /// The file.
        name: String,
        /// The most bytes.
        allowed: u64,
    },
    /// More than any publisher has.
    #[error("more than {allowed} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// The most.
        allowed: u64,
    },
    /// An artifact, an archive or a directory that is not made of a publisher's files.
    #[error("a publisher's files cannot be read: {0}")]
    Carriage(String),
    /// What is there already is newer.
    #[error("`{place}` has timestamp {theirs}, which is newer than {ours}")]
    Newer {
        /// Where.
        place: String,
        /// The timestamp that is there.
        theirs: u64,
        /// The one that was to replace it.
        ours: u64,
    },
    /// Somebody else publishes there.
    #[error("`{0}` has another publisher's files")]
    Foreign(String),
    /// Somebody else published in the same moment.
    #[error("somebody else published at `{0}` in the same moment: theirs stands, and yours does not")]
    Raced(String),
    /// What came in a publisher's name is not believed.
    #[error("{publisher} at `{place}`: {source}")]
    Unbelieved {
        /// As the pin calls them.
        publisher: String,
        /// Where they are pinned.
        place: String,
        /// What is wrong with it.
        source: Box<trust::TrustError>,
    },
    /// A publisher is pinned for an image, and does not vouch for it.
    #[error(transparent)]
    Unvouched(#[from] Box<UnvouchedError>),
    /// About what a publisher does.
    #[error(transparent)]
    Publish(Box<PublishError>),
    /// What is kept of a publisher, or of pins, is not what was written.
    #[error("`{}` is damaged: {why}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The kernel refused.
    #[error("cannot {doing} `{}`: {source}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
}

/// A publisher is pinned for an image, and does not vouch for it.
#[derive(Debug, thiserror::Error)]
#[error("{publisher}, who is pinned at `{place}`, does not vouch for `{image}`: {doubt}")]
pub struct UnvouchedError {
    /// As it was asked for.
    pub image: String,
    /// What is pinned.
    pub place: String,
    /// As the pin calls them.
    pub publisher: String,
    /// Why, in a sentence.
    pub doubt: String,
    /// The stable code of that.
    pub code: &'static str,
    /// What would change it.
    pub remedy: String,
}

impl From<PublishError> for TrustError {
    fn from(error: PublishError) -> Self {
        Self::Publish(Box::new(error))
    }
}

impl TrustError {
    /// For `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Place(_) => "E-trust-place",
            Self::NotPinned(_) => "E-trust-not-pinned",
            Self::Nothing(_) => "E-trust-nothing",
            Self::Strangers => "E-trust-stranger",
            Self::FileName(_) | Self::TooLong { .. } | Self::Limit { .. } | Self::Carriage(_) => {
                "E-trust-files"
            }
            Self::Newer { .. } => "E-trust-newer",
            Self::Foreign(_) => "E-trust-foreign",
            Self::Raced(_) => "E-trust-raced",
            Self::Unbelieved { source, .. } => source.code(),
            Self::Unvouched(error) => error.code,
            Self::Publish(error) => error.code(),
            Self::Damaged { .. } => "E-trust-damaged",
            Self::Io { .. } => "E-trust-io",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Place(_) => "name a place such as registry.example/team".into(),
            Self::NotPinned(_) => "`coffer trust pins` lists who is pinned where".into(),
            Self::Nothing(place) => {
                format!("check the name; its publisher begins with: coffer trust sign {place}/NAME:TAG")
            }
            Self::Strangers => "pin the publisher first: coffer trust pin PLACE --root FINGERPRINT".into(),
            Self::FileName(_) | Self::TooLong { .. } | Self::Limit { .. } | Self::Carriage(_) => {
                "use nothing of it, and ask the publisher; no honest tool makes such files".into()
            }
            Self::Newer { .. } => "read what is there, and do it again on top of that".into(),
            Self::Foreign(_) => {
                "publish at another place; who owns this one can remove its repository `trust`".into()
            }
            Self::Raced(_) => "give the command again: it goes on from what stands now".into(),
            Self::Unbelieved { place, source, .. } => believe(place, source),
            Self::Unvouched(error) => error.remedy.clone(),
            Self::Publish(error) => error.remedy(),
            Self::Damaged { .. } => {
                "restore it from a backup, or remove it and pin again: coffer trust pin".into()
            }
            Self::Io { .. } => "look at the file's place and its rights".into(),
        }
    }
}

/// What could make a publisher's word believed again.
fn believe(place: &str, error: &trust::TrustError) -> String {
    use trust::TrustError as Cause;
    match error {
        Cause::Source { .. } | Cause::Missing(_) | Cause::Unheard(_) => {
            format!("try again: coffer trust refresh {place}")
        }
        Cause::Expired { .. } => format!(
            "ask the publisher to sign again; if they have, somebody withholds it: coffer trust refresh {place}"
        ),
        Cause::Clock { .. } => "set the clock".into(),
        Cause::Fingerprint { .. } | Cause::Stranger(_) => {
            "compare it with what the publisher says elsewhere, on another way than this registry".into()
        }
        _ => format!(
            "use nothing of it, and tell the publisher; coffer trust inspect {place} shows what is believed"
        ),
    }
}
