//! The answer: go, go with controls, or no go; every line of it cites its rule and its evidence.

use serde::{Deserialize, Serialize};

use crate::trust::Vouched;
use crate::usecase::UseCase;

/// A named policy preset, after the Pod Security Standards. Later is stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Records what it would refuse, and lets it run.
    Open,
    /// Runs the official images unmodified and refuses what removes a wall.
    #[default]
    Baseline,
    /// Refuses every exception and every unmet control.
    Restricted,
}

impl Level {
    /// Every level, least strict first.
    pub const ALL: [Self; 3] = [Self::Open, Self::Baseline, Self::Restricted];

    /// The level's name, as typed and printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Level {
    type Err = crate::usecase::UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or_else(|| {
            crate::usecase::UnknownLevel {
                text: text.to_owned(),
                dimension: "policy",
                known: Self::ALL.map(Self::as_str),
            }
        })
    }
}

/// Who makes a control come true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Supplier {
    /// Cofferdam applies it by itself.
    Cofferdam,
    /// A person has to supply something first.
    Person,
}

/// One control of the catalogue: a value, made once, cited everywhere.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Control {
    /// Stable name, kebab-case: `exec-islands`.
    pub id: &'static str,
    /// What it does, for a table: under 70 characters.
    pub text: &'static str,
    /// The risk it answers.
    pub why: &'static str,
    /// The command or step that supplies it.
    pub remedy: &'static str,
    /// Sections of NIST SP 800-190 (countermeasures, chapter 4): `4.4.3`.
    pub nist: &'static [&'static str],
    /// Recommendations of the CIS Docker Benchmark 1.6: `5.22`.
    pub cis: &'static [&'static str],
    /// Who makes it come true.
    pub supplier: Supplier,
}

/// One line of a verdict: a control, the rule that asked for it, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which control.
    #[serde(serialize_with = "control_id")]
    pub control: &'static Control,
    /// The rule that demands it, by its stable name.
    pub rule: &'static str,
    /// What was found, in this case's own words; falls back to the control's text.
    pub detail: String,
    /// The exact next step; falls back to the control's remedy.
    pub remedy: String,
}

fn control_id<S: serde::Serializer>(control: &&'static Control, serializer: S) -> Result<S::Ok, S::Error> {
    control.serialize(serializer)
}

/// Why the answer is no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The rule that said no, by its stable name: `privileged-needs-own-tenant`.
    pub rule: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub detail: String,
    /// The exact command or step that would change the answer.
    pub remedy: String,
    /// Sections of NIST SP 800-190.
    pub nist: &'static [&'static str],
    /// Recommendations of the CIS Docker Benchmark 1.6.
    pub cis: &'static [&'static str],
}

/// Something that was asked for and is granted although the default says no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Stable name: `cap-net-admin`, `network-host`, `mutable`.
    pub id: String,
    /// What it opens, in one clause.
    pub detail: String,
    /// Which option or which fact of the image asked for it.
    pub asked_by: String,
}

/// The three answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Ready.
    Go,
    /// Ready once the controls that a person supplies are there.
    GoWithControls,
    /// Not like this.
    NoGo,
}

impl Outcome {
    /// As printed in tables: `go`, `go with controls`, `no go`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::GoWithControls => "go with controls",
            Self::NoGo => "no go",
        }
    }

    /// `coffer assess`'s exit code: 0, 3 or 4.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Go => 0,
            Self::GoWithControls => 3,
            Self::NoGo => 4,
        }
    }
}

/// The answer with all that it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Go, go with controls, or no go.
    pub outcome: Outcome,
    /// The level that was in force.
    pub level: Level,
    /// The case that was judged.
    pub case: UseCase,
    /// Who vouches for the image.
    pub vouched: Vouched,
    /// Controls that Cofferdam applies by itself.
    pub applied: Vec<Finding>,
    /// Controls that a person has to supply.
    pub missing: Vec<Finding>,
    /// Why not, where the outcome is no go.
    pub reasons: Vec<Reason>,
    /// What was asked for and granted against the default.
    pub exceptions: Vec<Exception>,
}
