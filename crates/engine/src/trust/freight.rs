//! What a publisher says within an OCI image layout: the artifact that registries have as `PLACE/trust`, under a name
//! that is made of the publisher's fingerprint. So several publishers have room in one layout, newer files take the
//! place of older ones, and whoever copies an image out of it finds who vouches for it.

use std::collections::BTreeMap;
use std::io;

use model::digest::ClaimedDigest;
use model::oci::{Descriptor, OCI_EMPTY, OCI_MANIFEST};
use model::reference::{ImageName, Repository};
use serde::Deserialize;

use super::carriage::{self, ARTIFACT, Compared, EMPTY, Listing, Standing, described};
use super::error::TrustError;
use super::files::{Files, MOST_BYTES, MOST_TOTAL};
use super::place::Place;
use super::publishing::fingerprint;
use crate::error::EngineError;
use crate::ship::{Document, Origin, whole};

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;

/// How the name ends.
pub(crate) const SUFFIX: &str = "trust";

/// Publishers in one layout.
const MOST_PUBLISHERS: usize = 64;

/// How the name of the document of all releases ends.
const TARGETS: &str = ".targets.json";

/// A publisher's files, and what lists them.
#[derive(Debug)]
pub(crate) struct Freight {
    files: Files,
    listing: Listing,
    document: Document,
    tag: String,
}

impl Freight {
    pub(super) fn of(files: Files) -> Result<Self> {
        let bytes = carriage::manifest(&files)?;
        let mut descriptor = described(OCI_MANIFEST, &bytes);
        descriptor.artifact_type = Some(ARTIFACT.to_owned());
        let tag = format!("sha256-{}.{SUFFIX}", fingerprint(&files).hex());
        Ok(Self { listing: files.listing(), files, document: Document { descriptor, bytes }, tag })
    }

    /// Everything that publishers say in a layout; nothing of it is verified.
    pub(crate) fn all(origin: &dyn Origin) -> Result<Vec<Self>> {
        let listed = origin.publishers()?;
        if listed.len() > MOST_PUBLISHERS {
            let allowed = MOST_PUBLISHERS as u64;
            return Err(TrustError::Limit { what: "publishers in a layout", allowed }.into());
        }
        let (mut all, mut left) = (Vec::new(), MOST_TOTAL);
        for descriptor in &listed {
            let freight = Self::read(origin, descriptor, &mut left)?;
            all.push(freight);
        }
        Ok(all)
    }

    /// One publisher's, of no more bytes than are left.
    fn read(origin: &dyn Origin, descriptor: &Descriptor, left: &mut u64) -> Result<Self> {
        let listing = Listing::parse(&origin.document(descriptor)?.bytes)?;
        let mut files = Files::default();
        for (name, file) in listing.iter() {
            *left = left
                .checked_sub(file.size)
                .ok_or(TrustError::Limit { what: "bytes in all files of publishers", allowed: MOST_TOTAL })?;
            files.add(name, whole(origin, file, "bytes of a publisher's file", MOST_BYTES)?)?;
        }
        Self::of(files)
    }

    /// The manifest.
    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// What it is called in a layout.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// What its manifest names.
    pub(crate) fn blobs(&self) -> Vec<Descriptor> {
        let files = self.listing.iter().map(|(_, file)| file.clone());
        files.chain([described(OCI_EMPTY, EMPTY)]).collect()
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    pub(super) fn standing(&self) -> Standing {
        self.files.standing()
    }

    /// Whether these files are to take the place of those, which are as foreign.
    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        self.standing().compared(&other.standing()) == Compared::Newer
    }

    /// What the publisher calls a digest, by their own word.
    pub(crate) fn name_of(&self, digest: &ClaimedDigest) -> Option<String> {
        let named = self.releases().into_iter().find(|(_, released)| *released == Some(*digest));
        named.map(|(name, _)| name)
    }

    /// The place where the publisher would call an image as they call one that they released.
    pub(super) fn place_of(&self, image: &ImageName) -> Option<Place> {
        let there = image.located();
        let tag = image.tag.as_deref().unwrap_or("latest");
        self.releases().keys().find_map(|name| placed(&there, tag, name))
    }

    /// Each name of the newest list of releases, and what it means: enough to find a place by, and never to trust.
    fn releases(&self) -> BTreeMap<String, Option<ClaimedDigest>> {
        #[derive(Deserialize)]
        struct Document {
            signed: Signed,
        }
        #[derive(Deserialize)]
        struct Signed {
            targets: BTreeMap<String, Target>,
        }
        #[derive(Deserialize)]
        struct Target {
            hashes: BTreeMap<String, String>,
        }
        let version = |name: &str| name.strip_suffix(TARGETS)?.parse::<u64>().ok();
        let lists = self.files.iter().filter_map(|(name, bytes)| Some((version(name)?, bytes)));
        let newest = lists.max_by_key(|(version, _)| *version);
        let document = newest.and_then(|(_, bytes)| serde_json::from_slice::<Document>(bytes).ok());
        let digest = |target: Target| -> Option<ClaimedDigest> {
            format!("sha256:{}", target.hashes.get("sha256")?).parse().ok()
        };
        let targets = document.map(|document| document.signed.targets).unwrap_or_default();
        targets.into_iter().map(|(name, target)| (name, digest(target))).collect()
    }
}

/// `NAME:TAG` as somebody's word for a repository with a tag.
fn placed(there: &Repository, tag: &str, name: &str) -> Option<Place> {
    let (name, of) = name.rsplit_once(':')?;
    Place::calling(there, name).filter(|_| of == tag)
}

/// Out of memory.
impl Origin for Freight {
    fn name(&self) -> String {
        self.tag.clone()
    }

    fn top(&self) -> Result<Document> {
        Ok(self.document.clone())
    }

    fn document(&self, _descriptor: &Descriptor) -> Result<Document> {
        Ok(self.document.clone())
    }

    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<crate::ship::Bytes<'_>> {
        let file = self.listing.iter().find(|(_, file)| file.digest == blob.digest);
        let bytes = file.map_or(Some(EMPTY), |(name, _)| self.files.get(name));
        let bytes = bytes.ok_or(io::ErrorKind::NotFound)?;
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(Box::new(bytes.get(from..).unwrap_or_default()))
    }

    fn referrers(&self, _subject: &ClaimedDigest) -> Result<Vec<Descriptor>> {
        Ok(Vec::new())
    }

    fn tagged(&self, _subject: &ClaimedDigest) -> Result<Vec<(String, Descriptor)>> {
        Ok(Vec::new())
    }

    fn publishers(&self) -> Result<Vec<Descriptor>> {
        Ok(Vec::new())
    }

    fn neighbours(&self) -> &[Repository] {
        &[]
    }
}
