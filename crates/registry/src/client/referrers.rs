//! What refers to a manifest: distribution specification, "Listing Referrers", "Unavailable Referrers API" and
//! "Referrers Tag Schema".

use std::thread;
use std::time::Duration;

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Index, OCI_INDEX};
use model::reference::Repository;
use serde::Deserialize;

use super::address::escaped;
use super::document::object;
use super::manifest::{Guard, KeepsReferrers, Over, Put};
use super::settings::Way;
use super::{ClientError, Result, Shared, Which};

/// Most pages of a list.
const PAGES: usize = 10_000;

/// Most referrers of one manifest.
const MOST: usize = 100_000;

/// By then, whoever has read a list has written it.
const SETTLED: Duration = Duration::from_millis(200);

/// How often the tag is written when others write it too.
const TURNS: usize = 16;

/// What of a manifest or an index its descriptor among referrers repeats.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Referring {
    #[serde(default)]
    subject: Option<Descriptor>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    annotations: Option<model::oci::Annotations>,
}

impl Shared {
    pub(crate) fn push_manifest(
        &self,
        repository: &Repository,
        tag: Option<&str>,
        media_type: &str,
        bytes: &[u8],
        over: Over,
    ) -> Result<(Digest, Guard)> {
        let way = self.registry(repository)?;
        let digest = Digest::of(bytes);
        let which = tag.map_or(Which::Digest(digest.into()), |tag| Which::Tag(tag.to_owned()));
        let Put { keeps, guard } = self.put_manifest(&way, &which, media_type, bytes, over)?;
        let referring = serde_json::from_slice::<Referring>(bytes).ok();
        if let Some((subject, entry)) = referring.and_then(|it| it.entry(media_type, bytes, digest))
            && keeps == KeepsReferrers::ByTag
        {
            self.rewrite(&way, &subject, |entries| {
                entries.retain(|other| other.digest != entry.digest);
                entries.push(entry.clone());
            })?;
        }
        Ok((digest, guard))
    }

    pub(crate) fn referrers(
        &self,
        repository: &Repository,
        subject: &ClaimedDigest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        let way = self.registry(repository)?;
        let mut found = match self.by_api(&way, subject, artifact_type)? {
            Some(found) => found,
            None => self.by_tag(&way, subject)?,
        };
        // A registry may leave the filter to us.
        found.retain(|entry| artifact_type.is_none_or(|only| entry.artifact_type.as_deref() == Some(only)));
        Ok(found)
    }

    /// `None` from a registry that does not have the API.
    fn by_api(
        &self,
        way: &Way,
        subject: &ClaimedDigest,
        artifact_type: Option<&str>,
    ) -> Result<Option<Vec<Descriptor>>> {
        let what = format!("referrers of `{subject}` in `{}`", way.repository);
        let filter =
            artifact_type.map_or_else(String::new, |only| format!("?artifactType={}", escaped(only)));
        let mut next = Some(way.path(&format!("referrers/{subject}{filter}")));
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let Some(path) = next else { return Ok(Some(found)) };
            let (bytes, after) = match self.page(way, path, &way.scope("pull"), &what) {
                Ok(page) => page,
                Err(ClientError::Missing { .. }) if found.is_empty() => return Ok(None),
                Err(ClientError::Refused { status: 400 | 405, .. }) if found.is_empty() => return Ok(None),
                Err(error) => return Err(error),
            };
            found.extend(list(&bytes, &what)?);
            if found.len() > MOST {
                return Err(ClientError::Limit { what, limit: "referrers", allowed: MOST as u64 });
            }
            next = after;
        }
        Err(ClientError::Limit { what, limit: "pages", allowed: PAGES as u64 })
    }

    fn by_tag(&self, way: &Way, subject: &ClaimedDigest) -> Result<Vec<Descriptor>> {
        self.tagged(way, subject).map(|(entries, _)| entries)
    }

    /// What the tag lists, and what stands for that list.
    fn tagged(&self, way: &Way, subject: &ClaimedDigest) -> Result<(Vec<Descriptor>, Over)> {
        let fetched = match self.manifest_from(way, &fallback(subject)) {
            Ok(fetched) => fetched,
            Err(ClientError::Missing { .. }) => return Ok((Vec::new(), Over::Nothing)),
            Err(error) => return Err(error),
        };
        let entries = list(&fetched.bytes, &format!("referrers of `{subject}` in `{}`", way.repository))?;
        Ok((entries, Over::This(fetched.digest.into())))
    }

    /// Changes the tag's list, and looks whether somebody else's change has undone ours: at once where the registry lets
    /// nobody do that, and otherwise once whoever had read the list before us will have written it.
    fn rewrite(
        &self,
        way: &Way,
        subject: &ClaimedDigest,
        change: impl Fn(&mut Vec<Descriptor>),
    ) -> Result<()> {
        let (mut entries, mut over) = self.tagged(way, subject)?;
        for _ in 0..TURNS {
            let before = entries.clone();
            change(&mut entries);
            if sorted(&before) == sorted(&entries) {
                return Ok(());
            }
            let index = serde_json::to_vec(&Index::of(entries)).map_err(|error| ClientError::Document {
                what: format!("list of referrers of `{subject}`"),
                why: error.to_string(),
            })?;
            match self.put_manifest(way, &fallback(subject), OCI_INDEX, &index, over) {
                Ok(Put { guard: Guard::Registry, .. }) => return Ok(()),
                Ok(Put { guard: Guard::Nobody, .. }) => thread::sleep(SETTLED),
                Err(ClientError::Refused { status: 412, .. }) => {}
                Err(error) => return Err(error),
            }
            (entries, over) = self.tagged(way, subject)?;
        }
        let (registry, what) = (way.host.registry.clone(), format!("list of referrers of `{subject}`"));
        let said = "others change it all the time".to_owned();
        Err(ClientError::Failed { registry, what, status: 409, said, wait: None })
    }

    /// Before a manifest is deleted: what it refers to, where the registry does not see to that itself.
    pub(crate) fn subject_of(&self, way: &Way, which: &Which) -> Result<Option<ClaimedDigest>> {
        if matches!(which, Which::Tag(_)) {
            return Ok(None);
        }
        let fetched = match self.manifest_from(way, which) {
            Err(ClientError::Missing { .. }) => return Ok(None),
            other => other?,
        };
        let subject = serde_json::from_slice::<Referring>(&fetched.bytes).ok().and_then(|it| it.subject);
        let Some(subject) = subject.map(|subject| subject.digest) else { return Ok(None) };
        Ok(self.by_api(way, &subject, None)?.is_none().then_some(subject))
    }

    pub(crate) fn forget_referrer(
        &self,
        way: &Way,
        subject: &ClaimedDigest,
        gone: &ClaimedDigest,
    ) -> Result<()> {
        self.rewrite(way, subject, |entries| entries.retain(|entry| entry.digest != *gone))
    }
}

impl Referring {
    /// The subject, and what its list of referrers says of this manifest.
    fn entry(self, media_type: &str, bytes: &[u8], digest: Digest) -> Option<(ClaimedDigest, Descriptor)> {
        let subject = self.subject?.digest;
        let kind = self.artifact_type.filter(|kind| !kind.is_empty());
        let kind = kind.or_else(|| self.config.map(|config| config.media_type));
        let mut entry = Descriptor::new(media_type, digest.into(), bytes.len() as u64);
        (entry.artifact_type, entry.annotations) = (kind, self.annotations);
        Some((subject, entry))
    }
}

/// "Referrers Tag Schema": the digest, with `-` where tags allow no colon.
fn fallback(subject: &ClaimedDigest) -> Which {
    Which::Tag(subject.to_string().replace(':', "-"))
}

fn list(bytes: &[u8], what: &str) -> Result<Vec<Descriptor>> {
    object::<Index>(what, bytes).map(|index| index.manifests)
}

fn sorted(entries: &[Descriptor]) -> Vec<ClaimedDigest> {
    let mut digests: Vec<ClaimedDigest> = entries.iter().map(|entry| entry.digest).collect();
    digests.sort();
    digests
}
