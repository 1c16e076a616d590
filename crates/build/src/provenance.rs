//! How an image was made, for others to judge: an in-toto statement with SLSA's provenance, version 1.
//!
//! Two details, as BuildKit has them: `min` says what was built from what; `max` also names build arguments by value,
//! secrets by id, the file's text, and every step.

mod parameters;
mod dependency;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::digest::{ClaimedDigest, Digest};
use serde_json::{Map, Value, json};

pub use dependency::Dependency;
pub use steps::Done;

use crate::plan::Plan;

/// What kind of statement it is.
pub const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";

/// How [`statement`]'s parameters are to be understood.
pub const BUILD_TYPE: &str = "https://cofferdam.org/build/dockerfile/v1";

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// How much is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// What was built from what.
    #[default]
    Min,
    /// Everything but secrets.
    Max,
}

/// Everything that a statement is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// How much of it is said.
    pub detail: Detail,
    /// What was made: a name, and the digest of its manifest.
    pub subjects: &'a [(String, Digest)],
    /// What the person asked for.
    pub request: &'a Request<'a>,
    /// What was done.
    pub plan: &'a Plan,
    /// How each step of the plan went, in its order; for `max` alone.
    pub done: &'a [Done],
    /// What went in, in any order.
    pub dependencies: &'a [Dependency],
    /// Who built.
    pub builder: &'a Builder<'a>,
    /// This one build.
    pub run: &'a Invocation<'a>,
}

/// What the person asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The Dockerfile's path within the context.
    pub path: &'a str,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its text; for `max` alone.
    pub text: &'a str,
    /// `--target`
    pub target: Option<&'a str>,
    /// What the image is for.
    pub platform: &'a str,
    /// `--build-arg`; those of proxies, and those that have a secret's name, are left out here.
    pub arguments: &'a BTreeMap<String, String>,
    /// `--label`
    pub labels: &'a BTreeMap<String, String>,
    /// Ids of `--secret`.
    pub secrets: &'a [String],
    /// Ids of `--ssh`.
    pub agents: &'a [String],
    /// Names of `--build-context`, and what each was said to be.
    pub contexts: &'a BTreeMap<String, String>,
    /// `--network`: `none`, `outbound`, `host`.
    pub network: &'a str,
    /// `--add-host`: `NAME=ADDRESS` each.
    pub hosts: &'a [String],
    /// Whether the same bytes were asked for, whoever builds: `--reproducible`.
    pub is_reproducible: bool,
}

/// Who built.
#[derive(Debug, Clone, Copy)]
pub struct Builder<'a> {
    /// A URI that tells one builder from another.
    pub id: &'a str,
    /// Of Cofferdam.
    pub version: &'a str,
    /// What it ran on: `linux/amd64`.
    pub platform: &'a str,
}

/// One build.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// What tells it from others.
    pub id: &'a str,
    /// When it began, RFC 3339.
    pub started: &'a str,
    /// When it was done, RFC 3339.
    pub finished: &'a str,
    /// What else it left: a name, and a digest.
    pub byproducts: &'a [(String, Digest)],
}

/// The statement's bytes, ready to be signed or stored.
#[must_use]
pub fn statement(facts: &Facts<'_>) -> Vec<u8> {
    let subjects =
        facts.subjects.iter().map(|(name, digest)| json!({"name": name, "digest": sha256(*digest)}));
    let statement = json!({
        "_type": STATEMENT_TYPE,
        "subject": subjects.collect::<Vec<_>>(),
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": parameters::external(facts),
                "internalParameters": parameters::internal(facts),
                "resolvedDependencies": dependency::all(facts.dependencies),
            },
            "runDetails": {
                "builder": {"id": facts.builder.id, "version": {"cofferdam": facts.builder.version}},
                "metadata": metadata(facts),
                "byproducts": byproducts(facts.run),
            },
        },
    });
    statement.to_string().into_bytes()
}

/// Extensions are named after us, as the specification asks.
fn metadata(facts: &Facts<'_>) -> Value {
    json!({
        "invocationId": facts.run.id,
        "startedOn": facts.run.started,
        "finishedOn": facts.run.finished,
        "cofferdam_hermetic": steps::is_hermetic(facts.plan),
        "cofferdam_reproducible": facts.request.is_reproducible,
    })
}

fn byproducts(run: &Invocation<'_>) -> Value {
    run.byproducts.iter().map(|(name, digest)| json!({"name": name, "digest": sha256(*digest)})).collect()
}

/// in-toto's DigestSet.
fn sha256(digest: impl Into<ClaimedDigest>) -> Value {
    json!({"sha256": digest.into().hex()})
}

/// An object of the members that say something.
fn object<const COUNT: usize>(members: [(&str, Value); COUNT]) -> Value {
    let is_said = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    let members = members.into_iter().filter(|(_, value)| is_said(value));
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}
