//! What went into an image, by digest.

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use model::purl::{Parts, Purl};
use model::reference::{DOCKER_HUB, Reference};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{object, sha256};

/// Something that went in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Dependency {
    /// An image.
    Image {
        /// As written, variables replaced.
        reference: String,
        /// `linux/amd64`
        platform: String,
        /// Of its manifest.
        digest: ClaimedDigest,
    },
    /// What an address had.
    Address {
        /// The address; user and password are left out here.
        url: String,
        /// Of its bytes.
        digest: ClaimedDigest,
    },
    /// A repository.
    Git {
        /// The repository; user and password are left out here.
        remote: String,
        /// Which branch or tag was asked for.
        reference: Option<String>,
        /// The commit that it was, in hex digits.
        commit: String,
    },
    /// Files of a context.
    Context {
        /// Its name; `context` is the main one.
        name: String,
        /// Of what a step took, names and modes included.
        digest: ClaimedDigest,
    },
}

/// All of them, each once and in one order.
pub(super) fn all(dependencies: &[Dependency]) -> Value {
    let mut sorted: Vec<&Dependency> = dependencies.iter().collect();
    sorted.sort();
    sorted.dedup();
    sorted.into_iter().map(one).collect()
}

fn one(dependency: &Dependency) -> Value {
    match dependency {
        Dependency::Image { reference, platform, digest } => {
            json!({"uri": image(reference, platform), "digest": sha256(*digest)})
        }
        Dependency::Address { url, digest } => json!({"uri": public(url), "digest": sha256(*digest)}),
        Dependency::Git { remote, reference, commit } => git(remote, reference.as_deref(), commit),
        Dependency::Context { name, digest } => json!({"name": name, "digest": sha256(*digest)}),
    }
}

/// A commit of git is the digest of an object, of the length that the repository has.
fn git(remote: &str, reference: Option<&str>, commit: &str) -> Value {
    let algorithm = if commit.len() == 64 { "gitCommit256" } else { "gitCommit" };
    let digest: BTreeMap<&str, &str> = BTreeMap::from([(algorithm, commit)]);
    let reference = reference.map(|reference| format!("#{reference}")).unwrap_or_default();
    object([("uri", json!(format!("{}{reference}", public(remote)))), ("digest", json!(digest))])
}

/// `pkg:docker/debian@12?platform=linux%2Famd64`; what is in no registry is named as it was written.
fn image(reference: &str, platform: &str) -> String {
    let purl = match reference.parse() {
        Ok(Reference::Name(name) | Reference::Remote(name)) => {
            let located = name.located();
            let is_hub = located.registry == DOCKER_HUB;
            let path = if is_hub { located.path } else { located.to_string() };
            let path = path.strip_prefix("library/").filter(|_| is_hub).unwrap_or(&path);
            let (namespace, last) = path.rsplit_once('/').unwrap_or(("", path));
            let digest = name.digest.map(|digest| digest.to_string()).unwrap_or_default();
            let version = match name.tag {
                Some(tag) => tag,
                None if digest.is_empty() => "latest".to_owned(),
                None => String::new(),
            };
            Purl::try_from(Parts {
                kind: "docker".to_owned(),
                namespace: namespace.to_owned(),
                name: last.to_owned(),
                version,
                qualifiers: BTreeMap::from([
                    ("digest".to_owned(), digest),
                    ("platform".to_owned(), platform.to_owned()),
                ]),
                subpath: String::new(),
            })
            .ok()
        }
        _ => None,
    };
    purl.map_or_else(|| reference.to_owned(), |purl| purl.to_string())
}

/// An address without user, password and query: whoever reads a statement should not be able to use it.
fn public(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_packages() {
        let image = |reference| image(reference, "linux/amd64");
        assert_eq!(image("debian"), "pkg:docker/debian@latest?platform=linux%2Famd64");
        assert_eq!(image("grafana/loki:3"), "pkg:docker/grafana/loki@3?platform=linux%2Famd64");
        assert_eq!(
            image("docker://registry.example:5000/a/b:1"),
            "pkg:docker/registry.example:5000/a/b@1?platform=linux%2Famd64"
        );
        assert_eq!(image("oci:/somewhere"), "oci:/somewhere");
    }

    #[test]
    fn addresses_lose_what_opens_doors() {
        for (address, shown) in [
            ("https://me:secret@example.org/a.git?token=x#v1", "https://example.org/a.git"),
            ("https://a@b@example.org/x", "https://example.org/x"),
            ("git@example.org:a/b.git", "git@example.org:a/b.git"),
            ("https://example.org", "https://example.org"),
        ] {
            assert_eq!(public(address), shown);
        }
    }
}
