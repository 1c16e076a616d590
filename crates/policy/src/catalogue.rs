//! The catalogue: every control that a verdict can cite, as one value with the check that finds out
//! how it stands.

use model::verdict::Control;

use crate::assess::Circumstances;

mod applied;
mod supplied;

pub use applied::*;
pub use supplied::*;

/// A control and how to find out whether it is in force.
#[derive(Debug)]
pub struct Entry {
    /// What is cited.
    pub control: Control,
    /// How it stands for one request.
    pub(crate) standing: fn(&Circumstances<'_>) -> Standing,
}

/// How a control stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// In force, with what was found.
    InForce(String),
    /// Cofferdam would apply it, but the request turns it off.
    TurnedOff {
        /// The option that does.
        by: String,
    },
    /// Somebody has to supply it; with what was found, or the control's own text if that is empty.
    Missing(String),
}

impl Standing {
    fn unless(off: Option<&str>, detail: impl FnOnce() -> String) -> Self {
        match off {
            Some(by) => Self::TurnedOff { by: by.to_owned() },
            None => Self::InForce(detail()),
        }
    }
}

/// Every control: first those that Cofferdam applies, then those that a person supplies.
pub static ALL: &[&Entry] = &[
    &IMAGE_DIGEST,
    &LEDGER,
    &USER_NAMESPACE,
    &PRIVATE_NAMESPACES,
    &NETWORK_NONE,
    &CAPABILITIES,
    &NO_NEW_PRIVILEGES,
    &SECCOMP,
    &EXEC_ISLANDS,
    &MEMFD_NOEXEC,
    &LANDLOCK,
    &MASKED_PATHS,
    &MINIMAL_DEVICES,
    &MOUNT_FLAGS,
    &PIDS_LIMIT,
    &MEMORY_LIMIT,
    &SIGNATURE,
    &STAGE_SIGNATURE,
    &ATTESTED_BUILD,
    &SCAN,
    &FOUR_EYES,
    &EXPIRY,
    &WITNESSED_LEDGER,
    &RECORDED_ACCESS,
    &FILE_SECRETS,
    &OWN_KERNEL,
    &EGRESS_ALLOW_LIST,
    &LEARNED_SECCOMP,
    &HOST_BASELINE,
    &HOST_HARDENING,
];

/// The control of that id.
#[must_use]
pub fn control(id: &str) -> Option<&'static Control> {
    ALL.iter().map(|entry| &entry.control).find(|control| control.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use model::verdict::Supplier;

    use super::*;

    #[test]
    fn every_control_is_complete_and_cites_somebody() {
        for entry in ALL {
            let Control { id, text, why, remedy, nist, cis, .. } = entry.control;
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{id}");
            assert!(!text.is_empty() && text.len() < 70, "{id}: {}", text.len());
            assert!(!why.is_empty() && !remedy.is_empty(), "{id}");
            assert!(!nist.is_empty() || !cis.is_empty(), "{id}");
            assert!(nist.iter().all(|section| section.starts_with("4.") && section.len() == 5), "{id}");
            assert!(
                cis.iter().all(|number| number.split('.').all(|part| part.parse::<u8>().is_ok())),
                "{id}"
            );
        }
    }

    #[test]
    fn ids_are_unique_and_found() {
        let ids: HashSet<_> = ALL.iter().map(|entry| entry.control.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert_eq!(control("exec-islands").unwrap().supplier, Supplier::Cofferdam);
        assert!(control("nothing").is_none());
    }

    #[test]
    fn remedies_name_only_commands_that_exist() {
        const KNOWN: [&str; 14] = [
            "image",
            "run",
            "assess",
            "explain",
            "ps",
            "inspect",
            "ledger",
            "system check",
            "demo",
            "scan",
            "advisories import",
            "trust pin",
            "trust promote",
            "attest",
        ];
        for entry in ALL {
            for call in entry.control.remedy.split("coffer ").skip(1) {
                assert!(KNOWN.iter().any(|known| call.starts_with(known)), "{}: {call}", entry.control.id);
            }
        }
    }
}
