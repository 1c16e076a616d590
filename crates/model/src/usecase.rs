//! The question's other half: who shares the machine, what is at stake, who can reach it.
//!
//! Six dimensions with three levels each, 729 cases. In every enum a later level is a greater risk,
//! so that `max` and `>` mean what they say and the table's monotony can be tested.

use serde::{Deserialize, Serialize};

macro_rules! dimension {
    ($(#[$doc:meta])* $name:ident, $key:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every level, least risk first.
            pub const ALL: [Self; 3] = [$(Self::$variant),+];
            /// The dimension's name, as typed in options and printed in reports.
            pub const KEY: &str = $key;

            /// The level's name, as typed and printed.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownLevel;
            fn from_str(text: &str) -> Result<Self, UnknownLevel> {
                Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or_else(|| UnknownLevel {
                    text: text.to_owned(),
                    dimension: $key,
                    known: Self::ALL.map(Self::as_str),
                })
            }
        }
    };
}

/// A text that is no level of its dimension.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no level of {dimension}: it is one of {}", known.join(", "))]
pub struct UnknownLevel {
    /// What was typed.
    pub text: String,
    /// Which dimension was asked.
    pub dimension: &'static str,
    /// What would have been understood.
    pub known: [&'static str; 3],
}

dimension! {
    /// Who else's containers run on this kernel.
    Tenants, "tenants" {
        /// Only the owner's.
        Own = "own",
        /// Several teams of one organisation.
        Several = "several",
        /// People who may attack each other.
        Hostile = "hostile",
    }
}
dimension! {
    /// The worst data the container can reach.
    Data, "data" {
        /// Anybody may read it.
        Public = "public",
        /// A leak is embarrassing.
        Internal = "internal",
        /// A leak is a notifiable event.
        Regulated = "regulated",
    }
}
dimension! {
    /// What the host can enforce, from `coffer system check`.
    Host, "host" {
        /// Everything of the baseline, and a mandatory access control system, and verified boot state.
        Hardened = "hardened",
        /// Everything that the default confinement needs.
        Baseline = "baseline",
        /// Something that the default confinement needs is missing.
        Below = "below",
    }
}
dimension! {
    /// What is known of where the image comes from.
    Provenance, "provenance" {
        /// Signed, with an attested build and a recent scan.
        Attested = "attested",
        /// Signed by a pinned publisher.
        Signed = "signed",
        /// Nobody vouches for it.
        None = "none",
    }
}
dimension! {
    /// Who can reach the container over the network.
    Exposure, "exposure" {
        /// Nobody.
        None = "none",
        /// The organisation's own networks.
        Internal = "internal",
        /// Everybody.
        Internet = "internet",
    }
}
dimension! {
    /// What the request asks for beyond the default confinement.
    Privileges, "privileges" {
        /// Nothing.
        None = "none",
        /// Capabilities, or mounts of host paths.
        Elevated = "elevated",
        /// `--privileged`, a host namespace, or an engine's socket.
        Unconfined = "unconfined",
    }
}

/// One of the 729 cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UseCase {
    /// Who shares the kernel.
    pub tenants: Tenants,
    /// What is at stake.
    pub data: Data,
    /// What the host can enforce.
    pub host: Host,
    /// Who vouches for the image.
    pub provenance: Provenance,
    /// Who can reach it.
    pub exposure: Exposure,
    /// What it asks for.
    pub privileges: Privileges,
}

impl UseCase {
    /// Every case, each once.
    pub fn all() -> impl Iterator<Item = Self> {
        Tenants::ALL.into_iter().flat_map(|tenants| {
            Data::ALL.into_iter().flat_map(move |data| {
                Host::ALL.into_iter().flat_map(move |host| {
                    Provenance::ALL.into_iter().flat_map(move |provenance| {
                        Exposure::ALL.into_iter().flat_map(move |exposure| {
                            Privileges::ALL.into_iter().map(move |privileges| Self {
                                tenants,
                                data,
                                host,
                                provenance,
                                exposure,
                                privileges,
                            })
                        })
                    })
                })
            })
        })
    }

    /// Whether no dimension of `self` is a greater risk than the same dimension of `other`.
    #[must_use]
    pub fn no_riskier_than(&self, other: &Self) -> bool {
        self.tenants <= other.tenants
            && self.data <= other.data
            && self.host <= other.host
            && self.provenance <= other.provenance
            && self.exposure <= other.exposure
            && self.privileges <= other.privileges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_729_cases_and_each_comes_once() {
        let cases: std::collections::HashSet<_> = UseCase::all().collect();
        assert_eq!(cases.len(), 729);
        assert_eq!(UseCase::all().count(), 729);
    }

    #[test]
    fn levels_are_typed_as_they_are_printed() {
        for level in Exposure::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert_eq!(
            "everyone".parse::<Exposure>().unwrap_err().to_string(),
            "`everyone` is no level of exposure: it is one of none, internal, internet"
        );
    }
}
