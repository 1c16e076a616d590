//! What a publisher's roles are called by people, and by TUF.

use std::fmt;
use std::str::FromStr;

use super::PublishError;

/// The longest name of a stage.
const LONGEST: usize = 32;

/// What no stage is called: names that a file, a role or a command means something else by.
const TAKEN: [&str; 7] = ["online", "release", "revoked", "root", "snapshot", "targets", "timestamp"];

/// A role, as a publisher speaks of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleName {
    /// Says who signs for every other role.
    Root,
    /// Signs releases, says who may promote them, and revokes: TUF's `targets`.
    Release,
    /// Says again and again what is current: TUF's `snapshot` and `timestamp`, with the same keys.
    Online,
    /// Promotes releases to a stage: a delegated role.
    Stage(StageName),
}

/// The name of a stage: `[a-z][a-z0-9-]{0,31}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageName(String);

impl StageName {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StageName {
    type Err = PublishError;

    fn from_str(text: &str) -> Result<Self, PublishError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = text.len() <= LONGEST
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(plain)
            && !TAKEN.contains(&text);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(PublishError::StageName(text.chars().take(60).collect()))
        }
    }
}

impl FromStr for RoleName {
    type Err = PublishError;

    fn from_str(text: &str) -> Result<Self, PublishError> {
        match text {
            "root" => Ok(Self::Root),
            "release" => Ok(Self::Release),
            "online" => Ok(Self::Online),
            stage => stage.parse().map(Self::Stage),
        }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "root",
            Self::Release => "release",
            Self::Online => "online",
            Self::Stage(stage) => stage.as_str(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_called_as_people_call_them() {
        for text in ["root", "release", "online", "staging", "eu-west-1"] {
            assert_eq!(text.parse::<RoleName>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_stage_is_no_file_of_another_role() {
        let long = "a".repeat(LONGEST + 1);
        for text in ["", "Prod", "1st", "-a", "a/b", "a.b", "targets", "revoked", "timestamp", &long] {
            assert!(matches!(text.parse::<StageName>(), Err(PublishError::StageName(_))), "{text}");
        }
        assert!(matches!("snapshot".parse::<RoleName>(), Err(PublishError::StageName(_))));
    }
}
