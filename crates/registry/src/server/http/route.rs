//! Paths: one parser for all of them, so that what a name may be is decided once.

use super::failure::Failure;
use super::percent::decoded;
use crate::server::names::RepositoryName;
use crate::server::shelf::{ContentDigest, UploadId};

/// What a request is about (spec.md, "Endpoints").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`: end-1.
    Base,
    /// `/v2/_catalog`, which docker's registry has.
    Catalog,
    /// Something of a repository.
    In(RepositoryName, Thing),
}

/// Something of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Thing {
    /// `blobs/DIGEST`: end-2, end-10.
    Blob(ContentDigest),
    /// `blobs/uploads/`: end-4, end-11.
    Uploads,
    /// `blobs/uploads/ID`: end-5, end-6, end-13, end-14. An id that is none is an upload that is not there.
    Upload(Option<UploadId>),
    /// `manifests/REFERENCE`: end-3, end-7, end-9. What a reference may be depends on what is done.
    Manifest(String),
    /// `tags/list`: end-8.
    Tags,
    /// `referrers/DIGEST`: end-12.
    Referrers(ContentDigest),
}

/// What a path leads to. Nothing where this server has nothing.
pub(super) fn parse(path: &str) -> Result<Option<Route>, Failure> {
    let malformed = || Failure::bad("NAME_INVALID", "the path is not percent-encoded UTF-8");
    let path = decoded(path).ok_or_else(malformed)?;
    let Some(rest) = path.strip_prefix("/v2") else { return Ok(None) };
    match rest {
        "" | "/" => Ok(Some(Route::Base)),
        "/_catalog" => Ok(Some(Route::Catalog)),
        rest => match rest.strip_prefix('/').and_then(split) {
            Some((name, kind, last)) => thing(name, kind, last).map(Some),
            None => Ok(None),
        },
    }
}

/// Before the last two components, the last but one, and the last.
fn split(path: &str) -> Option<(&str, &str, &str)> {
    let (before, last) = path.rsplit_once('/')?;
    let (before, kind) = before.rsplit_once('/')?;
    match (kind, last) {
        ("manifests" | "blobs" | "referrers", _) | ("tags", "list") => Some((before, kind, last)),
        ("uploads", _) => before.strip_suffix("/blobs").map(|name| (name, kind, last)),
        _ => None,
    }
}

fn thing(name: &str, kind: &str, last: &str) -> Result<Route, Failure> {
    let thing = match (kind, last) {
        ("tags", _) => Thing::Tags,
        ("blobs", "uploads") | ("uploads", "") => Thing::Uploads,
        ("uploads", id) => Thing::Upload(id.parse().ok()),
        ("blobs", digest) => Thing::Blob(digest_of(digest)?),
        ("referrers", digest) => Thing::Referrers(digest_of(digest)?),
        (_, reference) => Thing::Manifest(reference.to_owned()),
    };
    Ok(Route::In(name.parse()?, thing))
}

fn digest_of(text: &str) -> Result<ContentDigest, Failure> {
    text.parse()
        .map_err(|error: crate::server::shelf::DigestText| Failure::bad("DIGEST_INVALID", error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_repository(name: &str, thing: Thing) -> Option<Route> {
        Some(Route::In(name.parse().unwrap(), thing))
    }

    #[test]
    fn every_endpoint_is_found() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let route = |path: &str| parse(path).unwrap();
        assert_eq!(route("/v2/"), Some(Route::Base));
        assert_eq!(route("/v2/_catalog"), Some(Route::Catalog));
        assert_eq!(route("/v2/a/b/tags/list"), in_repository("a/b", Thing::Tags));
        assert_eq!(route("/v2/a/manifests/v1"), in_repository("a", Thing::Manifest("v1".to_owned())));
        let blob = in_repository("a", Thing::Blob(digest.parse().unwrap()));
        assert_eq!(route(&format!("/v2/a/blobs/{digest}")), blob);
        assert_eq!(route(&format!("/v2/a/blobs/{}", digest.replace(':', "%3A"))), blob);
        assert_eq!(route("/v2/a/blobs/uploads/"), in_repository("a", Thing::Uploads));
        assert_eq!(route("/v2/a/blobs/uploads/x"), in_repository("a", Thing::Upload(None)));
        let id = "0".repeat(32);
        let upload = Thing::Upload(Some(id.parse().unwrap()));
        assert_eq!(route(&format!("/v2/blobs/blobs/uploads/{id}")), in_repository("blobs", upload));
        for nothing in ["", "/", "/v1/", "/v2x", "/v2/a", "/v2/a/tags/other", "/v2/blobs/uploads/", "/token"]
        {
            assert_eq!(route(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_is_no_name_leads_nowhere() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for name in ["..", "a/..", "%2e%2e", "a%2f..%2fb", "A", "a//b", "a%00", "", "/a", "_tags"] {
            assert!(parse(&format!("/v2/{name}/blobs/{digest}")).is_err(), "{name}");
        }
        for digest in ["..", "sha256:..", "sha256:%2e%2e", "md5:00", "sha256:"] {
            assert!(parse(&format!("/v2/a/blobs/{digest}")).is_err(), "{digest}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_read_without_a_panic(path in "(/v2)?(/[a-z.%_:A-F0-9-]{0,9}){0,6}") {
            if let Ok(Some(Route::In(name, _))) = parse(&path) {
                prop_assert!(!name.as_str().contains(".."));
            }
        }
    }
}
