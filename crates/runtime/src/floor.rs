//! The floor: how far an engine may weaken the confinement of what it starts here. Its word is honoured
//! above it, and what it gave up is written down.

mod weakness;
mod namespaces;
mod process;
mod devices;
mod mounts;
mod host_paths;
mod limits;

use launch::{Keyring, RootChange};
use model::commission::Commission;
use model::spec::Spec;
use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::log::Log;

pub(crate) use weakness::Finding;
use weakness::Weakness;

/// What is refused; a higher floor refuses what a lower one does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Floor {
    /// Nothing: the contract of an OCI runtime.
    #[default]
    None,
    /// What gives the host away.
    Baseline,
    /// Everything that a careful engine would not ask for.
    Restricted,
}

impl Floor {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Baseline, Self::Restricted];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|floor| floor.as_str() == word)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// What an engine asks for: a specification, and options that weaken it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) keyring: Keyring,
    pub(crate) root: RootChange,
}

impl<'a> Ask<'a> {
    /// Without such options.
    pub(crate) fn plain(spec: &'a Spec) -> Self {
        Self { spec, keyring: Keyring::Own, root: RootChange::Pivot }
    }
}

/// Leave for what is asked for container `id`.
///
/// # Errors
/// As [`judge`].
pub(crate) fn admit(
    id: &str,
    ask: Ask<'_>,
    floor: Floor,
    honoured: &[String],
    log: &Log,
) -> Result<Commission, Failure> {
    let weaknesses = judge(id, ask, floor, honoured, log)?;
    Ok(Commission::assertion(id.to_owned(), weaknesses))
}

/// The weaknesses of what is asked for container `id`, but for those that were `honoured` at its creation.
/// What falls short of a baseline and is honoured now is said once.
///
/// # Errors
/// [`Failure::Floor`] with every weakness that the floor refuses.
pub(crate) fn judge(
    id: &str,
    ask: Ask<'_>,
    floor: Floor,
    honoured: &[String],
    log: &Log,
) -> Result<Vec<String>, Failure> {
    let mut found = findings(ask);
    found.retain(|finding| !honoured.contains(&finding.to_string()));
    let refused: Vec<&Finding> = found.iter().filter(|finding| finding.weakness.floor <= floor).collect();
    if !refused.is_empty() {
        return Err(Failure::Floor { id: id.to_owned(), floor: floor.as_str(), why: explain(&refused) });
    }
    let grave: Vec<String> =
        found.iter().filter(|finding| finding.is_grave()).map(Finding::to_string).collect();
    if !grave.is_empty() {
        log.warning(&format!("container `{id}` is confined below `baseline`: {}", grave.join(", ")));
    }
    Ok(found.iter().map(Finding::to_string).collect())
}

/// Every weakness of what is asked for.
pub(crate) fn findings(ask: Ask<'_>) -> Vec<Finding> {
    let Ask { spec, keyring, root } = ask;
    let mut found = Found(Vec::new());
    namespaces::find(spec, &mut found);
    process::find(spec, &mut found);
    devices::find(spec, &mut found);
    mounts::find(spec, &mut found);
    host_paths::find(spec, &mut found);
    limits::find(spec, &mut found);
    if root == RootChange::Chroot {
        found.add(&weakness::NO_PIVOT, "");
    }
    if keyring == Keyring::Callers {
        found.add(&weakness::CALLERS_KEYRING, "");
    }
    found.0
}

/// What the rules have found so far.
struct Found(Vec<Finding>);

impl Found {
    /// Twice the same is once.
    fn add(&mut self, weakness: &'static Weakness, subject: impl Into<String>) {
        let finding = Finding { weakness, subject: subject.into() };
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }
}

/// One sentence for each kind: what it is, of which things, and what to do.
fn explain(refused: &[&Finding]) -> String {
    let mut kinds: Vec<&'static Weakness> = Vec::new();
    for finding in refused {
        if !kinds.contains(&finding.weakness) {
            kinds.push(finding.weakness);
        }
    }
    let sentence = |kind: &&'static Weakness| {
        let of_kind = refused.iter().filter(|finding| finding.weakness == *kind);
        let subjects: Vec<&str> =
            of_kind.map(|finding| finding.subject.as_str()).filter(|subject| !subject.is_empty()).collect();
        let things = if subjects.is_empty() { String::new() } else { format!(": {}", subjects.join(", ")) };
        format!("it {}{things} [{}: {}]", kind.about, kind.name, kind.remedy)
    };
    kinds.iter().map(sentence).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
