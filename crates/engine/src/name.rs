//! Container names: what may be one, and friendly ones for containers that nobody named.

use crate::id::ContainerId;

/// Longest name, in bytes: it is a file name and part of messages.
const MAX_LENGTH: usize = 128;

/// A container's name: `[a-zA-Z0-9][a-zA-Z0-9_.-]+`, at most 128 bytes (Docker's grammar).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerName(String);

/// The text cannot be a container's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be a container's name: 2 to {MAX_LENGTH} letters, digits, `_`, `.` and `-`, the first a letter or digit"
)]
pub struct NameSyntax(String);

impl std::str::FromStr for ContainerName {
    type Err = NameSyntax;

    fn from_str(text: &str) -> Result<Self, NameSyntax> {
        let fits = (2..=MAX_LENGTH).contains(&text.len());
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let holds = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if fits && starts && holds {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameSyntax(text.chars().take(MAX_LENGTH).collect()))
        }
    }
}

impl ContainerName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A friendly name that follows from the id; the `attempt`-th one, should earlier ones be taken.
    #[must_use]
    pub fn friendly(id: &ContainerId, attempt: usize) -> Self {
        let word = |list: &[&'static str], start| {
            list.get(id.number(start, 6) % list.len().max(1)).copied().unwrap_or("coffer")
        };
        let (adjective, noun) = (word(&ADJECTIVES, attempt * 12), word(&NOUNS, attempt * 12 + 6));
        if attempt < FRIENDLY_ATTEMPTS - 1 {
            return Self(format!("{adjective}-{noun}"));
        }
        Self(format!("{adjective}-{noun}-{}", id.short()))
    }
}

/// How many names one id can offer; the last of them holds the id and is never taken.
pub(crate) const FRIENDLY_ATTEMPTS: usize = 4;

const ADJECTIVES: [&str; 64] = [
    "able", "amber", "ample", "ashen", "azure", "balmy", "bold", "brave", "bright", "brisk", "calm",
    "candid", "clear", "coral", "crisp", "deft", "dewy", "eager", "early", "fair", "fleet", "fond", "fresh",
    "gentle", "glad", "golden", "grand", "hale", "hardy", "humble", "ivory", "jolly", "keen", "kind",
    "level", "light", "limpid", "lively", "lucid", "mellow", "merry", "mild", "modest", "neat", "noble",
    "olive", "placid", "plucky", "polite", "prime", "quiet", "rapid", "ready", "serene", "silver", "smart",
    "snug", "solid", "spry", "steady", "sunny", "tidy", "trusty", "warm",
];

const NOUNS: [&str; 64] = [
    "anchor", "atoll", "barge", "basin", "bay", "beacon", "bight", "boom", "brook", "buoy", "cable", "canal",
    "cape", "cleat", "coast", "compass", "cove", "crane", "creek", "cutter", "dam", "deck", "delta",
    "dinghy", "dock", "dory", "estuary", "ferry", "fjord", "galley", "gannet", "harbour", "heron", "hull",
    "inlet", "island", "jetty", "keel", "kelp", "lagoon", "levee", "lock", "marina", "mast", "mooring",
    "oar", "osprey", "otter", "paddle", "pier", "plover", "pontoon", "quay", "reef", "rudder", "sail",
    "seal", "shoal", "skiff", "sluice", "tern", "tide", "weir", "wharf",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_s_grammar_is_kept() {
        for good in ["web", "a1", "Web_1.2-x", "0x"] {
            assert!(good.parse::<ContainerName>().is_ok(), "{good}");
        }
        for bad in ["", "a", ".a", "-a", "a/b", "..", "a b", "ä1", &"a".repeat(129)] {
            assert!(bad.parse::<ContainerName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn friendly_names_are_names_and_the_last_one_is_unique() {
        let id = ContainerId::random().unwrap();
        for attempt in 0..FRIENDLY_ATTEMPTS {
            let name = ContainerName::friendly(&id, attempt);
            assert_eq!(name.as_str().parse(), Ok(name.clone()));
        }
        assert!(ContainerName::friendly(&id, FRIENDLY_ATTEMPTS - 1).as_str().ends_with(id.short()));
    }

    #[test]
    fn no_word_comes_twice() {
        for list in [ADJECTIVES, NOUNS] {
            let once: std::collections::HashSet<_> = list.into_iter().collect();
            assert_eq!(once.len(), list.len());
        }
    }
}
