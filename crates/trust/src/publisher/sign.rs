//! Signatures: who has given theirs, who has not, and what may be published by now.

use std::fmt;

use super::describe::Description;
use super::draft::Draft;
use super::paper::Signing;
use super::repository::Repository;
use super::{PublishError, RoleName};
use crate::key::{KeyId, Signer};
use crate::metadata::{Authority, Document as _, Root, Tally};

/// A signature that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// For which role.
    pub role: RoleName,
    /// By which key.
    pub key: KeyId,
}

/// Signatures that a document still needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Of which role.
    pub role: RoleName,
    /// Which of the role's signers.
    pub signers: Signers,
    /// How many are needed.
    pub threshold: u32,
    /// Who has signed.
    pub signed: Vec<KeyId>,
    /// Who may.
    pub absent: Vec<KeyId>,
}

/// A new root is signed by those who are leaving as well as by those who come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signers {
    /// Those whom the draft names.
    Present,
    /// Those whom the published root names.
    Former,
}

impl Draft {
    /// Signs everything that the signers' keys may sign, as it was described.
    ///
    /// # Errors
    /// [`PublishError::Unseen`] if the draft is not what was described; [`PublishError::Unwanted`] if no key counts;
    /// what a signer says.
    pub fn sign(&mut self, seen: &Description, signers: &[&dyn Signer]) -> Result<Vec<Given>, PublishError> {
        if seen.of != self.fingerprint() {
            return Err(PublishError::Unseen);
        }
        let (mut given, mut before) = (Vec::new(), false);
        for role in self.changed() {
            for authority in self.authorities(&role) {
                for signer in signers {
                    match self.sign_one(&role, &authority, *signer)? {
                        Signing::Done => given.push(Given { role: role.clone(), key: signer.public().id() }),
                        Signing::Before => before = true,
                        Signing::Stranger => {}
                    }
                }
            }
        }
        if given.is_empty() && !before {
            return Err(PublishError::Unwanted(self.waits()));
        }
        Ok(given)
    }

    fn sign_one(
        &mut self,
        role: &RoleName,
        authority: &Authority,
        signer: &dyn Signer,
    ) -> Result<Signing, PublishError> {
        match role {
            RoleName::Root => self.root.sign(authority, signer),
            RoleName::Release => self.targets.sign(authority, signer),
            RoleName::Online => Ok(Signing::Stranger),
            RoleName::Stage(stage) => match self.stages.get_mut(stage) {
                Some(paper) => paper.sign(authority, signer),
                None => Ok(Signing::Stranger),
            },
        }
    }

    /// The signatures that are still needed; none if the draft is complete.
    #[must_use]
    pub fn missing(&self) -> Vec<Missing> {
        let roles = self.changed().into_iter();
        roles.flat_map(|role| self.missing_of(&role)).collect()
    }

    fn missing_of(&self, role: &RoleName) -> Vec<Missing> {
        let tallies = self.tallies(role);
        let last = tallies.len().saturating_sub(1);
        let missing = |(at, (authority, tally)): (usize, (Authority, Tally))| {
            let threshold = authority.threshold();
            let short = u32::try_from(tally.signed.len()).is_ok_and(|signed| signed < threshold);
            let signers = if at == last { Signers::Present } else { Signers::Former };
            let absent = tally.absent.into_iter().chain(tally.broken).collect();
            let signed = tally.signed;
            short.then(|| Missing { role: role.clone(), signers, threshold, signed, absent })
        };
        tallies.into_iter().enumerate().filter_map(missing).collect()
    }

    /// The same in words.
    pub(super) fn waits(&self) -> Vec<String> {
        self.missing().iter().map(ToString::to_string).collect()
    }

    /// What may be published by now: everything, or those of the new documents that have their signatures and fit
    /// what is published. Nobody's promotion waits for somebody else's rotation.
    pub(super) fn ready(&self) -> Option<Self> {
        if self.missing().is_empty() {
            return (!self.is_empty()).then(|| self.clone());
        }
        let base = self.base.as_ref()?;
        let choices = [(true, true), (false, true), (true, false), (false, false)];
        let some = choices.into_iter().filter_map(|(root, targets)| self.part(base, root, targets));
        some.into_iter().find(|part| !part.is_empty())
    }

    /// The published documents with some of the new ones, if they hold together.
    fn part(&self, base: &Repository, root: bool, targets: bool) -> Option<Self> {
        let mut part = Self::of(base.clone(), self.validity);
        if root {
            part.root = self.root.clone();
        }
        if targets {
            part.targets = self.targets.clone();
            part.revoked.clone_from(&self.revoked);
        }
        if !part.holds(&RoleName::Root) || !part.holds(&RoleName::Release) {
            return None;
        }
        for (stage, paper) in &self.stages {
            let role = RoleName::Stage(stage.clone());
            let before = part.stages.insert(stage.clone(), paper.clone());
            if part.holds(&role) {
                continue;
            }
            match before {
                Some(before) => drop(part.stages.insert(stage.clone(), before)),
                None => drop(part.stages.remove(stage)),
            }
            if part.stages.contains_key(stage) && !part.holds(&role) {
                return None;
            }
        }
        part.drop_removed();
        // Consumers would find the document of whoever had the stage before.
        if part.lacks_documents() { None } else { Some(part) }
    }
}

impl Draft {
    /// Whether a key is one whose signature the draft could use.
    #[must_use]
    pub fn wants(&self, key: &KeyId) -> bool {
        self.missing().iter().any(|missing| missing.absent.contains(key))
    }

    /// The version of the new root, if there is one: for whoever says what happened.
    #[must_use]
    pub fn new_root(&self) -> Option<u64> {
        self.is_new(&RoleName::Root).then(|| Root::version(&self.root.document))
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.signers {
            Signers::Present => "",
            Signers::Former => " as it was",
        };
        let needed = usize::try_from(self.threshold).unwrap_or(usize::MAX).saturating_sub(self.signed.len());
        let keys: Vec<String> = self.absent.iter().map(KeyId::short).collect();
        let signatures = if needed == 1 { "signature" } else { "signatures" };
        write!(f, "{needed} {signatures} of {}{whose}, by {}", self.role, keys.join(" or "))
    }
}
