//! Why nobody vouches for an image, or nothing was said of it.

use trust::key::SignError;
use trust::signature::SignatureError;
use trust::statement::Wanted;

use super::Refused;

/// Reasons that one error shows.
const MOST_SHOWN: usize = 5;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
    /// There is nothing beside the image.
    #[error("`{name}` has no signatures or attestations beside it")]
    Nothing {
        /// The image.
        name: String,
    },
    /// There is something, and none of it counts.
    #[error("`{name}` has no {wanted} that holds: {}", reasons(.refused))]
    Unheard {
        /// The image.
        name: String,
        /// What was asked for.
        wanted: String,
        /// Everything that was found, with why it does not count.
        refused: Vec<Refused>,
    },
    /// There is more than an honest registry has.
    #[error("`{name}` has more than {allowed} signatures and attestations beside it")]
    TooMany {
        /// The image.
        name: String,
        /// The limit.
        allowed: usize,
    },
    /// A document is none, or a key or a root of trust.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Nothing can be put beside it.
    #[error("nothing can be put beside `{reference}`: {why}")]
    Place {
        /// As it was typed.
        reference: String,
        /// Why not.
        why: &'static str,
    },
    /// What is to be said is nothing of its kind.
    #[error("this is no {kind}: {why}")]
    Predicate {
        /// Of what.
        kind: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl AttestError {
    pub(super) fn unheard(name: String, wanted: Option<&Wanted>, refused: Vec<Refused>) -> Self {
        if refused.is_empty() {
            return Self::Nothing { name };
        }
        let wanted = wanted.map_or_else(|| "signature".to_owned(), ToString::to_string);
        Self::Unheard { name, wanted, refused }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing { .. } => "E-trust-evidence-none",
            Self::Unheard { refused, .. } => match refused.as_slice() {
                [only] => only.error.code(),
                _ => "E-trust-evidence",
            },
            Self::TooMany { .. } => "E-trust-evidence-limit",
            Self::Signature(error) => error.code(),
            Self::Sign(_) => "E-trust-sign",
            Self::Place { .. } => "E-trust-evidence-place",
            Self::Predicate { .. } => "E-trust-evidence-predicate",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Nothing { name } => {
                format!("sign it: coffer attest {name} --type signature --key FILE; or ask its publisher to")
            }
            Self::Unheard { refused, .. } => match refused.first() {
                Some(first) => first.error.remedy().to_owned(),
                None => "ask its publisher".to_owned(),
            },
            Self::TooMany { .. } => {
                "name the image by its digest elsewhere; somebody fills this place".to_owned()
            }
            Self::Signature(error) => error.remedy().to_owned(),
            Self::Sign(_) => "look at the key: `coffer trust keys`".to_owned(),
            Self::Place { .. } => {
                "name an image of the store or of a registry, registry.example/team/app:1, or a layout, oci:DIR".to_owned()
            }
            Self::Predicate { .. } => "give a file of that kind, or another --type".to_owned(),
        }
    }
}

fn reasons(refused: &[Refused]) -> String {
    let shown = refused.iter().take(MOST_SHOWN).map(|one| format!("in {}, {}", one.at, one.error));
    let mut shown: Vec<_> = shown.collect();
    if let Some(more) = refused.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        shown.push(format!("and {more} more"));
    }
    shown.join("; ")
}
