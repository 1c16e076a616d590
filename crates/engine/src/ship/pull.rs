//! From a registry into the store.

use model::digest::{ClaimedDigest, Digest};
use model::image::Image;
use model::oci::Manifest;
use model::reference::{ImageName, Repository};
use model::verdict::Level;
use registry::client::{Client, ClientError, Which};
use store::{Imported, Incoming, Naming, Progress, StoreError};

use super::cargo::{Chosen, choose};
use super::company::{self, Company};
use super::origin::{Document, Layers, Origin, Remote, small};
use super::platform::{self, Wanted};
use super::remembered::Remembered;
use super::{Result, ShipError, content};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::{Registries, RegistriesError};

/// Tags that are offered where the one that was asked for is missing.
const MAX_NEAR: usize = 3;

/// An image that was pulled.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// As the store has it.
    pub image: Image,
    /// With its registry.
    pub name: ImageName,
    /// Of what the name stands for: the image's own, or that of an index over several platforms.
    pub digest: ClaimedDigest,
    /// What the name stood for when it was pulled last, where that is something else.
    pub before: Option<ClaimedDigest>,
    /// Whether the store had it before.
    pub already: bool,
    /// What lies beside it.
    pub company: Company,
}

impl Pulled {
    /// `repository@digest`, which can never mean anything else.
    #[must_use]
    pub fn pinned(&self) -> String {
        format!("{}@{}", self.name.repository, self.digest)
    }
}

impl Engine {
    /// Brings an image in from the registry that its name leads to. What the store has already is not asked for.
    ///
    /// # Errors
    /// What the registry says, and the store's. What is not what its digest says is
    /// [`EngineError::Forged`], and what falls under a pin without its publisher's word
    /// [`TrustError::Unvouched`](crate::trust::TrustError): the ledger has both.
    pub fn pull(
        &self,
        registries: &Registries,
        name: &ImageName,
        wanted: &Wanted,
        progress: &mut dyn Progress,
    ) -> Result<Pulled> {
        self.pull_at(self.site.level, registries, name, wanted, progress)
    }

    /// The same for whoever is going to ask for a start at a level.
    ///
    /// # Errors
    /// As [`Engine::pull`].
    pub fn pull_at(
        &self,
        level: Level,
        registries: &Registries,
        name: &ImageName,
        wanted: &Wanted,
        progress: &mut dyn Progress,
    ) -> Result<Pulled> {
        let name = registries.full_name(name)?;
        let client = self.client(registries)?;
        // Who cannot write history down finds out before anything comes. A ledger that is begun is flushed, too,
        // which afterwards would wait for the whole image to be on the disk.
        drop(self.book()?);
        let pulled = self.bring(&client, &name, level, wanted, progress);
        pulled.map_err(|error| self.distrusted(error, &name.to_string()))
    }

    /// All tags of a repository, one after the other.
    ///
    /// # Errors
    /// What the registry says.
    pub fn tags(&self, registries: &Registries, name: &ImageName) -> Result<Vec<ImageName>> {
        let name = registries.full_name(name)?;
        let tags = images(self.client(registries)?.tags(&name.located())?);
        let tagged = |tag| ImageName { tag: Some(tag), digest: None, ..name.clone() };
        Ok(tags.map(tagged).collect())
    }

    fn bring(
        &self,
        client: &Client,
        name: &ImageName,
        level: Level,
        wanted: &Wanted,
        progress: &mut dyn Progress,
    ) -> Result<Pulled> {
        let repository = name.located();
        let origin = Remote::new(client, repository.clone(), which(name));
        let top = origin.top().map_err(|error| near_tags(client, &repository, name, error))?;
        let (digest, listed) = (top.descriptor.digest, Digest::of(&top.bytes));
        let Chosen { document, index } = choose(&origin, top, wanted)?;
        let Document { descriptor, bytes } = document;
        self.admissible(client, name, level, [listed, Digest::of(&bytes)])?;
        let manifest: Manifest = content::parse(&origin.name(), &bytes)?;
        content::check_image(&name.to_string(), &manifest)?;
        // Of several that want the same image, the first brings it and the others find it.
        let _turn = self.store.turn(&descriptor.digest)?;
        let config = match self.store.holds(&descriptor.digest)? {
            Some(image) => self.store.config(&image)?,
            None => small(&origin, &manifest.config)?,
        };
        if index.is_none() {
            check_platform(name, &config, wanted)?;
        }
        let pin = |digest| ImageName { tag: None, digest: Some(digest), ..name.clone() };
        let incoming = Incoming {
            manifest: bytes,
            media_type: descriptor.media_type.clone(),
            config,
            pins: index.map(pin).into_iter().collect(),
            blobs: &Layers(&origin),
        };
        let naming = Naming::As(vec![name.clone()]);
        let now = self.now();
        let subjects: Vec<_> = [descriptor.digest].into_iter().chain(index).collect();
        let (imported, found) = std::thread::scope(|scope| {
            let looking = scope.spawn(|| company::look(&origin, &subjects));
            let imported = self.store.pull(&incoming, &naming, now, progress);
            (imported, looking.join().unwrap_or_else(|_| Err(StoreError::Stopped.into())))
        });
        let imported = imported?;
        if !imported.already {
            let image = Some(imported.image.digest);
            let entry = Entry::image(Kind::ImagePull, image, name.to_string(), now);
            self.note(&entry.with("registry", &repository.registry).with("digest", digest.to_string()))?;
        }
        let company = Company::bring(&self.store, &origin, found);
        self.learn_builds(&imported.image)?;
        let before = self.remembered(name, digest, imported.image.digest, now)?;
        let Imported { image, already, .. } = imported;
        Ok(Pulled { image, name: name.clone(), digest, before, already, company })
    }

    /// What a name led to when it was pulled last, if that is something else: history before it is an answer.
    /// Afterwards it is remembered where the name leads now.
    fn remembered(
        &self,
        name: &ImageName,
        digest: ClaimedDigest,
        image: Digest,
        now: i64,
    ) -> Result<Option<ClaimedDigest>> {
        if name.digest.is_some() {
            return Ok(None);
        }
        let remembered = Remembered::of(&self.site);
        let last = remembered.digest(name)?;
        let before = last.filter(|last| *last != digest);
        if let Some(before) = before {
            let entry = Entry::image(Kind::DigestChanged, Some(image), name.to_string(), now);
            self.note(&entry.with("old", before.to_string()).with("new", digest.to_string()))?;
        }
        if last != Some(digest) {
            remembered.remember(name, digest)?;
        }
        Ok(before)
    }

    pub(crate) fn client(&self, registries: &Registries) -> Result<Client> {
        Ok(registries.client(self.site.images().join("evidence"))?)
    }

    /// What is not what its digest says is history before it is an answer.
    pub(super) fn distrusted(&self, error: EngineError, name: &str) -> EngineError {
        let error = unwrapped(error);
        let Some(mismatch) = error.mismatch() else { return error };
        let entry = Entry::image(Kind::ImageRefused, None, name.to_owned(), self.now());
        let entry = Entry { detail: Some(error.to_string()), ..entry };
        let entry = match mismatch.digests {
            Some((claimed, came)) => {
                entry.with("claimed", claimed.to_string()).with("came", came.to_string())
            }
            None => entry,
        };
        let written = self.book().and_then(|book| Ok(book.append(&entry, ledger::Durability::Flushed)?));
        match written {
            Ok(entry) => EngineError::Forged { source: Box::new(error), entry },
            Err(failed) => failed,
        }
    }
}

/// What an error says about bytes that were not what was claimed.
struct Mismatch {
    digests: Option<(ClaimedDigest, Digest)>,
}

impl EngineError {
    fn mismatch(&self) -> Option<Mismatch> {
        use store::StoreError;
        let digests = match self {
            Self::Store(StoreError::Digest { mismatch, .. })
            | Self::Registries(RegistriesError::Client(ClientError::Digest { mismatch, .. })) => {
                Some((mismatch.claimed, mismatch.hashed))
            }
            Self::Store(StoreError::Size { .. })
            | Self::Registries(RegistriesError::Client(
                ClientError::Size { .. } | ClientError::MediaType { .. },
            )) => None,
            _ => return None,
        };
        Some(Mismatch { digests })
    }
}

/// A registry's own words, where the store or a transfer has passed them on.
fn unwrapped(error: EngineError) -> EngineError {
    use store::StoreError;
    match error {
        EngineError::Store(StoreError::Fetch { blob, cause }) => match cause.downcast::<ClientError>() {
            Ok(said) => said.into(),
            Err(cause) => match cause.downcast::<StoreError>() {
                Ok(said) => said.into(),
                Err(cause) => StoreError::Fetch { blob, cause }.into(),
            },
        },
        other => other,
    }
}

/// Tags of images. Registries without the referrers API have tags that only list what refers to an image (distribution
/// specification, "Referrers Tag Schema"); they come about by themselves wherever a referrer is sent.
pub(super) fn images(tags: Vec<String>) -> impl Iterator<Item = String> {
    let is_list = |tag: &str| {
        let digest = tag.strip_prefix("sha256-");
        digest.is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    tags.into_iter().filter(move |tag| !is_list(tag))
}

/// What a name asks a registry for.
pub(crate) fn which(name: &ImageName) -> Which {
    let tag = || name.tag.clone().unwrap_or_else(|| "latest".to_owned());
    name.digest.map_or_else(|| Which::Tag(tag()), Which::Digest)
}

fn check_platform(name: &ImageName, config: &[u8], wanted: &Wanted) -> Result<()> {
    let platform = content::platform(&name.to_string(), config)?;
    if wanted.accepts(&platform) {
        return Ok(());
    }
    let (name, wanted, available) = (name.to_string(), wanted.to_string(), vec![platform::text(&platform)]);
    Err(ShipError::Platform { name, wanted, available }.into())
}

/// Where a tag is missing, those that look like it, if the registry tells.
fn near_tags(client: &Client, repository: &Repository, name: &ImageName, error: EngineError) -> EngineError {
    let is_missing =
        matches!(&error, EngineError::Registries(RegistriesError::Client(ClientError::Missing { .. })));
    if !is_missing || name.digest.is_some() {
        return error;
    }
    let tag = name.tag.clone().unwrap_or_else(|| "latest".to_owned());
    let tags: Vec<String> = client.tags(repository).map(|tags| images(tags).collect()).unwrap_or_default();
    if tags.is_empty() {
        return error;
    }
    ShipError::Tag { repository: repository.to_string(), near: nearest(&tag, tags), tag }.into()
}

/// Those that begin alike come first.
fn nearest(tag: &str, mut tags: Vec<String>) -> Vec<String> {
    let alike = |other: &String| tag.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    tags.sort_by_key(|other| (std::cmp::Reverse(alike(other)), other.len().abs_diff(tag.len())));
    tags.truncate(MAX_NEAR);
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_begin_alike_are_near() {
        let tags = ["latest", "1.26", "1.27.1", "1.27", "alpine"].map(str::to_owned).to_vec();
        assert_eq!(nearest("1.28", tags), ["1.26", "1.27", "1.27.1"]);
    }

    #[test]
    fn lists_of_referrers_are_no_images() {
        let tags = vec![format!("sha256-{}", "a".repeat(64)), "sha256-short".to_owned(), "1".to_owned()];
        assert_eq!(images(tags).collect::<Vec<_>>(), ["sha256-short", "1"]);
    }

    #[test]
    fn a_registry_s_words_come_through_the_store() {
        let said = ClientError::RateLimit { registry: "r".into(), said: String::new(), wait: None };
        let cause = std::io::Error::other(said);
        let error = store::StoreError::Fetch { blob: "b".into(), cause };
        assert_eq!(unwrapped(error.into()).code(), "E-registry-rate");
    }
}
