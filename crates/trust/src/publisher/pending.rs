//! Drafts on their way from one signer to the next: files like the published ones, with fewer signatures.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::paper::Paper;
use super::plan::Validity;
use super::repository::{Files, MOST_SMALL, MOST_TARGETS, Repository, name, revoked_name};
use super::revoked::{REVOKED, Revocations};
use super::stage::MOST_STAGES;
use super::{PublishError, RoleName, StageName};
use crate::metadata::{Authority, Document, Root, Targets};

impl Draft {
    /// The new documents, with the signatures that they have by now.
    #[must_use]
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        if self.is_new(&RoleName::Root) {
            files.insert(name(Root::TYPE, self.root.document.version), self.root.bytes().to_vec());
        }
        if self.is_new(&RoleName::Release) {
            files.insert(name(Targets::TYPE, self.targets.document.version), self.targets.bytes().to_vec());
            files.extend(revoked_name(&self.targets.document).map(|name| (name, self.revoked.clone())));
        }
        for (stage, paper) in &self.stages {
            if self.is_new(&RoleName::Stage(stage.clone())) {
                files.insert(name(stage.as_str(), paper.document.version), paper.bytes().to_vec());
            }
        }
        files
    }

    /// Takes up a draft where others left it. Nothing of it is believed: what it changes is there to be described,
    /// and only signatures of the roles' keys are kept. What was published meanwhile is left out.
    ///
    /// # Errors
    /// [`PublishError::Moved`] if something else was published meanwhile; [`PublishError::Unusual`],
    /// [`PublishError::File`] and others if it is no draft.
    pub fn resume(base: Option<Repository>, files: &Files, validity: Validity) -> Result<Self, PublishError> {
        let papers = Papers::of(files)?;
        let mut draft = match base {
            Some(base) => Self::of(base, validity),
            None => Self::first(&papers, files, validity)?,
        };
        if let Some(root) = papers.root {
            let published = draft.base.as_ref().map(|base| &base.root);
            draft.root = newer(&RoleName::Root, root, version(published), published)?;
        }
        if let Some(targets) = papers.targets {
            let published = draft.base.as_ref().map(|base| &base.targets);
            draft.targets = newer(&RoleName::Release, targets, version(published), published)?;
            draft.revoked = revoked(files, &draft)?;
            draft.drop_removed();
        }
        for (stage, paper) in papers.stages {
            draft.delegation(&stage)?;
            let published = draft.base.as_ref().and_then(|base| base.stages.get(&stage));
            let version = draft.published_version(&stage).unwrap_or(0);
            let paper = newer(&RoleName::Stage(stage.clone()), paper, version, published)?;
            draft.stages.insert(stage, paper);
        }
        draft.clean()?;
        Ok(draft)
    }

    /// Adds the signatures of another copy of the same draft.
    ///
    /// # Errors
    /// [`PublishError::Apart`] if it is not the same.
    pub fn join(&mut self, other: &Self) -> Result<(), PublishError> {
        for role in self.changed() {
            let authorities = self.authorities(&role);
            match &role {
                RoleName::Root => join(&role, &mut self.root, &other.root, &authorities)?,
                RoleName::Release => join(&role, &mut self.targets, &other.targets, &authorities)?,
                RoleName::Online => {}
                RoleName::Stage(stage) => match (self.stages.get_mut(stage), other.stages.get(stage)) {
                    (Some(ours), Some(theirs)) => join(&role, ours, theirs, &authorities)?,
                    _ => return Err(PublishError::Apart(role)),
                },
            }
        }
        match other.changed() == self.changed() {
            true => Ok(()),
            false => Err(PublishError::Apart(RoleName::Release)),
        }
    }

    /// A publisher's first documents, which have no base.
    fn first(papers: &Papers, files: &Files, validity: Validity) -> Result<Self, PublishError> {
        let missing = |role: &str| PublishError::NoFile(name(role, 1));
        let root = papers.root.clone().ok_or_else(|| missing(Root::TYPE))?;
        let targets = papers.targets.clone().ok_or_else(|| missing(Targets::TYPE))?;
        let (stages, dropped) = (BTreeMap::new(), Vec::new());
        let mut draft = Self { base: None, validity, root, targets, stages, revoked: Vec::new(), dropped };
        draft.revoked = revoked(files, &draft)?;
        Ok(draft)
    }

    /// Leaves out the signatures of strangers, and those that do not hold.
    fn clean(&mut self) -> Result<(), PublishError> {
        for role in self.changed() {
            let authorities = self.authorities(&role);
            match &role {
                RoleName::Root => self.root = self.root.cleaned(&authorities)?,
                RoleName::Release => self.targets = self.targets.cleaned(&authorities)?,
                RoleName::Online => {}
                RoleName::Stage(stage) => {
                    if let Some(paper) = self.stages.get_mut(stage) {
                        *paper = paper.cleaned(&authorities)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The documents of a draft's files.
#[derive(Default)]
struct Papers {
    root: Option<Paper<Root>>,
    targets: Option<Paper<Targets>>,
    stages: BTreeMap<StageName, Paper<Targets>>,
}

impl Papers {
    fn of(files: &Files) -> Result<Self, PublishError> {
        let mut papers = Self::default();
        for (file, bytes) in files {
            let unusual = || PublishError::Unusual(file.clone());
            let (first, rest) = file.split_once('.').ok_or_else(unusual)?;
            if rest == REVOKED {
                continue;
            }
            let role = rest.strip_suffix(".json").ok_or_else(unusual)?;
            let (version, again) = match role {
                Root::TYPE => {
                    let paper: Paper<Root> = Paper::pending(file, bytes, MOST_SMALL)?;
                    (paper.document.version, papers.root.replace(paper).is_some())
                }
                Targets::TYPE => {
                    let paper = targets(file, bytes)?;
                    (paper.document.version, papers.targets.replace(paper).is_some())
                }
                stage => {
                    let paper = targets(file, bytes)?;
                    (paper.document.version, papers.stages.insert(stage.parse()?, paper).is_some())
                }
            };
            if again || first != version.to_string() || papers.stages.len() > MOST_STAGES {
                return Err(unusual());
            }
        }
        Ok(papers)
    }
}

fn targets(file: &str, bytes: &[u8]) -> Result<Paper<Targets>, PublishError> {
    let paper: Paper<Targets> = Paper::pending(file, bytes, MOST_TARGETS)?;
    let stages = paper.document.delegations.as_ref().map_or(0, |delegations| delegations.roles.len());
    if stages > MOST_STAGES { Err(PublishError::Unusual(file.to_owned())) } else { Ok(paper) }
}

fn version<T: Document + Clone>(published: Option<&Paper<T>>) -> u64 {
    published.map_or(0, |published| published.document.version())
}

/// The document of a draft where it follows the version that is published; the published one where it is the same.
fn newer<T: Document + Clone>(
    role: &RoleName,
    pending: Paper<T>,
    version: u64,
    published: Option<&Paper<T>>,
) -> Result<Paper<T>, PublishError> {
    let next = pending.document.version();
    match published {
        _ if next == version.saturating_add(1) => Ok(pending),
        Some(same) if same.message() == pending.message() => Ok(same.clone()),
        _ if next > version => Err(PublishError::Rollback {
            name: format!("{role}"),
            found: version,
            seen: next.saturating_sub(1),
        }),
        _ => Err(PublishError::Moved { role: role.clone(), pending: next, published: version }),
    }
}

/// The list that the draft's `targets.json` speaks of.
fn revoked(files: &Files, draft: &Draft) -> Result<Vec<u8>, PublishError> {
    let targets = &draft.targets.document;
    let name = revoked_name(targets).ok_or_else(|| PublishError::NoFile(REVOKED.to_owned()))?;
    let published = draft.base.as_ref().map(|base| &base.revoked);
    let is = |bytes: &&Vec<u8>| targets.targets.get(REVOKED).is_some_and(|target| target.is(bytes));
    let bytes = files.get(&name).into_iter().chain(published).find(is);
    let bytes = bytes.ok_or(PublishError::Mismatch { name })?;
    Revocations::read(bytes)?;
    Ok(bytes.clone())
}

fn join<T: Document + Clone>(
    role: &RoleName,
    ours: &mut Paper<T>,
    theirs: &Paper<T>,
    authorities: &[Authority],
) -> Result<(), PublishError> {
    if ours.message() != theirs.message() {
        return Err(PublishError::Apart(role.clone()));
    }
    ours.join(theirs, authorities)
}
