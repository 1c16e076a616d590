//! Manifests: end-3, end-7 and end-9.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

use super::answer::{self, Answer, Headers as _, Outcome};
use super::failure::Failure;
use super::service::{Asked, Service};
use crate::server::depot::{Condition, Document, MANIFEST_LIMIT, Manifest, Meanings, Naming};
use crate::server::journal::Deed;
use crate::server::names::{NameError, Reference, RepositoryName, Tag};
use crate::server::shelf::{Algorithm, ContentDigest};

/// How many tags one push may move (spec.md asks for 10 at least).
const TAGS: usize = 100;

impl Service {
    /// What is no tag is a manifest that is not there for whoever reads, and a mistake for whoever writes.
    pub(super) async fn manifest(&self, name: &RepositoryName, reference: &str, asked: Asked) -> Outcome {
        let parsed = reference.parse::<Reference>();
        if asked.method == Method::PUT {
            return self.put_manifest(name, parsed?, asked).await;
        }
        let reference = parsed.map_err(|error| match error {
            NameError::Tag(_) => Failure::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", error.to_string()),
            error => error.into(),
        })?;
        match asked.method {
            Method::DELETE => self.delete_manifest(name, &reference, &asked).await,
            Method::HEAD => {
                let manifest = self.depot.manifest(name, &reference).await?;
                self.note_pull(name, &reference, &asked).await;
                Ok(described(answer::empty(StatusCode::OK), &manifest).length(manifest.size))
            }
            _ => self.get_manifest(name, &reference, &asked).await,
        }
    }

    /// What was pushed is what is answered, whatever is accepted: its digest is its name.
    async fn get_manifest(&self, name: &RepositoryName, reference: &Reference, asked: &Asked) -> Outcome {
        let manifest = self.depot.manifest(name, reference).await?;
        let bytes = self.depot.manifest_bytes(&manifest.digest).await?;
        self.record(asked, Deed::Pull, name, tag_of(reference), &manifest.digest).await?;
        self.note_pull(name, reference, asked).await;
        Ok(described(answer::whole(StatusCode::OK, bytes), &manifest))
    }

    /// Clients look what a tag is with HEAD, and pull by digest then: either is a use of the tag.
    async fn note_pull(&self, name: &RepositoryName, reference: &Reference, asked: &Asked) {
        if let Some(pulls) = &self.pulls {
            pulls.note(&self.depot, name, reference, asked.now).await;
        }
    }

    async fn put_manifest(&self, name: &RepositoryName, reference: Reference, mut asked: Asked) -> Outcome {
        let bytes = read(&mut asked).await?;
        let content_type = asked.header(&CONTENT_TYPE);
        let document = Document::read(&bytes, content_type)?;
        let (digest, tags) = match &reference {
            Reference::Tag(tag) => (ContentDigest::of(Algorithm::Sha256, &bytes), vec![tag.clone()]),
            Reference::Digest(digest) => (checked(digest, &bytes)?, tags(&asked)?),
        };
        let condition = condition(&asked);
        let naming = Naming { tags: &tags, condition: &condition };
        self.depot.put_manifest_when(name, &digest, &document, bytes, naming, asked.now).await?;
        self.record_push(name, &tags, &digest, &asked).await?;
        let mut answer = answer::empty(StatusCode::CREATED)
            .located(&format!("/v2/{name}/manifests/{digest}"))
            .digest(&digest)
            .with(ETAG, &entity(&digest))
            .with(CONTENT_LENGTH, "0");
        if let Some(subject) = &document.subject {
            answer = answer.with(HeaderName::from_static("oci-subject"), &subject.to_string());
        }
        if matches!(reference, Reference::Digest(_)) {
            let accepted = tags
                .iter()
                .fold(answer, |answer, tag| answer.with(HeaderName::from_static("oci-tag"), tag.as_str()));
            return Ok(accepted);
        }
        Ok(answer)
    }

    /// One entry for every tag that moved, or one for the manifest alone.
    async fn record_push(
        &self,
        name: &RepositoryName,
        tags: &[Tag],
        digest: &ContentDigest,
        asked: &Asked,
    ) -> Result<(), Failure> {
        if tags.is_empty() {
            return self.record(asked, Deed::Push, name, None, digest).await;
        }
        for tag in tags {
            self.record(asked, Deed::Push, name, Some(tag.as_str()), digest).await?;
        }
        Ok(())
    }

    async fn delete_manifest(&self, name: &RepositoryName, reference: &Reference, asked: &Asked) -> Outcome {
        let digest = match reference {
            Reference::Tag(tag) => self.depot.delete_tag(name, tag, asked.now).await?,
            Reference::Digest(digest) => {
                self.depot.delete_manifest(name, digest, asked.now).await?;
                digest.clone()
            }
        };
        self.record(asked, Deed::Delete, name, tag_of(reference), &digest).await?;
        Ok(answer::empty(StatusCode::ACCEPTED).with(CONTENT_LENGTH, "0"))
    }
}

/// Reads a manifest that is being pushed, and no more than one can have.
async fn read(asked: &mut Asked) -> Result<Bytes, Failure> {
    let too_large = || {
        let message = format!("a manifest has at most {MANIFEST_LIMIT} bytes");
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", message)
    };
    if asked.body.size_hint().lower() > MANIFEST_LIMIT {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = asked.body.frame().await {
        let broken = |error| Failure::bad("MANIFEST_INVALID", format!("the body broke off: {error}"));
        let Ok(piece) = frame.map_err(broken)?.into_data() else { continue };
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > MANIFEST_LIMIT {
            return Err(too_large());
        }
    }
    Ok(bytes.freeze())
}

fn checked(digest: &ContentDigest, bytes: &[u8]) -> Result<ContentDigest, Failure> {
    let hashed = ContentDigest::of(digest.algorithm(), bytes);
    match hashed == *digest {
        true => Ok(hashed),
        false => {
            Err(Failure::bad("DIGEST_INVALID", format!("the manifest hashes to {hashed}, not {digest}")))
        }
    }
}

/// end-7b: the tags that are to mean a manifest that is pushed by digest.
fn tags(asked: &Asked) -> Result<Vec<Tag>, Failure> {
    let tags = asked.query.all("tag").map(str::parse).collect::<Result<Vec<Tag>, _>>()?;
    match tags.len() > TAGS {
        true => {
            Err(Failure::new(StatusCode::URI_TOO_LONG, "UNSUPPORTED", format!("at most {TAGS} tags at once")))
        }
        false => Ok(tags),
    }
}

fn tag_of(reference: &Reference) -> Option<&str> {
    match reference {
        Reference::Tag(tag) => Some(tag.as_str()),
        Reference::Digest(_) => None,
    }
}

fn described(answer: Answer, manifest: &Manifest) -> Answer {
    answer
        .digest(&manifest.digest)
        .with(CONTENT_TYPE, &manifest.media_type)
        .with(ETAG, &entity(&manifest.digest))
}

/// What a manifest is told from others by: what stands in conditions.
fn entity(digest: &ContentDigest) -> String {
    format!("\"{digest}\"")
}

/// RFC 9110, section 13.1: what a tag has to mean for a push to move it. What is not understood means nothing that is
/// here.
fn condition(asked: &Asked) -> Condition {
    let meanings = |parts: Vec<&str>| match parts.contains(&"*") {
        true => Meanings::Anything,
        false => Meanings::These(parts.into_iter().filter_map(meaning).collect()),
    };
    Condition { is: asked.list(&IF_MATCH).map(meanings), is_not: asked.list(&IF_NONE_MATCH).map(meanings) }
}

/// A digest in quotes; ours are never weak.
fn meaning(part: &str) -> Option<ContentDigest> {
    part.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}
