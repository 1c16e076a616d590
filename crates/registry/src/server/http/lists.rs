//! Lists: the tags of a repository (end-8), the referrers of a manifest (end-12), and the catalog.

use http::header::{HeaderName, LINK};
use model::oci::OCI_INDEX;
use serde::Serialize;

use super::answer::{self, Answer, Headers as _, Outcome};
use super::failure::Failure;
use super::percent::encoded;
use super::service::{Asked, Service};
use crate::server::access::Action;
use crate::server::depot::Referrer;
use crate::server::names::{RepositoryName, Tag};
use crate::server::shelf::ContentDigest;

#[derive(Serialize)]
struct Tags<'a> {
    name: &'a str,
    tags: Vec<String>,
}

#[derive(Serialize)]
struct Catalog {
    repositories: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    media_type: &'static str,
    manifests: Vec<Referrer>,
}

impl Service {
    pub(super) async fn tags(&self, name: &RepositoryName, asked: &Asked) -> Outcome {
        let limit = asked.query.page()?;
        let after = asked.query.get("last").map(str::parse::<Tag>).transpose()?;
        let page = self.depot.tags(name, after.as_ref(), limit).await?;
        let answer = answer::json("application/json", &Tags { name: name.as_str(), tags: page.items })?;
        Ok(linked(answer, &format!("/v2/{name}/tags/list?n={limit}"), page.next.as_deref()))
    }

    /// Whoever asks sees what they may pull.
    pub(super) async fn catalog(&self, asked: &Asked) -> Outcome {
        let limit = asked.query.page()?;
        let after = asked.query.get("last").map(str::parse::<RepositoryName>).transpose()?;
        let may = |name: &str| asked.identity.may(name, Action::Pull);
        let page = self.depot.repositories(after.as_ref(), limit, may).await?;
        let answer = answer::json("application/json", &Catalog { repositories: page.items })?;
        Ok(linked(answer, &format!("/v2/_catalog?n={limit}"), page.next.as_deref()))
    }

    pub(super) async fn referrers(
        &self,
        name: &RepositoryName,
        subject: &ContentDigest,
        asked: &Asked,
    ) -> Outcome {
        let kind = asked.query.get("artifactType").filter(|kind| !kind.is_empty());
        let (limit, after) =
            (asked.query.page()?.max(1), asked.query.get("last").map(after_digits).transpose()?);
        let page = self.depot.referrers(name, subject, kind, after, limit).await?;
        let index = Index { schema_version: 2, media_type: OCI_INDEX, manifests: page.items };
        let answer = answer::json(OCI_INDEX, &index)?;
        let mut this = format!("/v2/{name}/referrers/{subject}?n={limit}");
        if let Some(kind) = kind {
            this += &format!("&artifactType={}", encoded(kind));
        }
        let answer = linked(answer, &this, page.next.as_deref());
        Ok(match kind {
            Some(_) => answer.with(HeaderName::from_static("oci-filters-applied"), "artifactType"),
            None => answer,
        })
    }
}

/// Where the list goes on.
fn linked(answer: Answer, this: &str, next: Option<&str>) -> Answer {
    match next {
        Some(last) => answer.with(LINK, &format!("<{this}&last={}>; rel=\"next\"", encoded(last))),
        None => answer,
    }
}

/// Hex digits, as the last page's link had them.
fn after_digits(text: &str) -> Result<&str, Failure> {
    match text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(text),
        false => Err(Failure::bad("DIGEST_INVALID", "`last` is not from a link of this list")),
    }
}
