//! The steps of a build, without their values: the file's lines say what they are.

use model::digest::Digest;
use serde_json::{Value, json};

use super::{object, sha256};
use crate::plan::{Act, Key, Mount, Origin, Plan, RunNetwork, Source, Step};

/// How a step went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// What it was found by, or is from now on.
    pub key: Option<Key>,
    /// The digest of its layer's uncompressed bytes, if it made one.
    pub layer: Option<Digest>,
    /// Whether it was taken from the cache.
    pub is_cached: bool,
}

pub(super) fn all(plan: &Plan, done: &[Done]) -> Value {
    let nothing = Done::default();
    let done = done.iter().chain(std::iter::repeat(&nothing));
    plan.steps.iter().zip(done).enumerate().map(|(id, (step, done))| one(id, step, done)).collect()
}

fn one(id: usize, step: &Step, done: &Done) -> Value {
    object([
        ("id", json!(id)),
        ("instruction", json!(verb(&step.act))),
        ("lines", json!([step.lines.first, step.lines.last])),
        ("below", json!(step.below)),
        ("from", origins(&step.act)),
        ("key", json!(done.key.map(|key| key.hex()))),
        ("layer", done.layer.map_or(Value::Null, sha256)),
        ("cached", json!(done.is_cached)),
    ])
}

fn verb(act: &Act) -> &'static str {
    match act {
        Act::Base { .. } => "FROM",
        Act::Copy(copy) if copy.unpack => "ADD",
        Act::Copy(_) => "COPY",
        Act::Directory(_) => "WORKDIR",
        Act::Run(_) => "RUN",
    }
}

fn origins(act: &Act) -> Value {
    let origins: Vec<&Origin> = match act {
        Act::Base { .. } | Act::Directory(_) => Vec::new(),
        Act::Copy(copy) => vec![&copy.origin],
        Act::Run(run) => run.mounts.iter().filter_map(origin).collect(),
    };
    origins.into_iter().filter_map(name).collect()
}

fn origin(mount: &Mount) -> Option<&Origin> {
    match mount {
        Mount::Bind { origin, .. } | Mount::Cache { origin, .. } => Some(origin),
        Mount::Tmpfs { .. } | Mount::Secret { .. } | Mount::Ssh { .. } => None,
    }
}

fn name(origin: &Origin) -> Option<Value> {
    match origin {
        Origin::Context(name) => Some(json!(name.as_deref().unwrap_or("context"))),
        Origin::Step(step) => Some(json!(step)),
        Origin::Scratch => None,
    }
}

/// Whether nothing could come in but what is known by digest: no step had a network, and what was fetched was pinned.
pub(super) fn is_hermetic(plan: &Plan) -> bool {
    plan.steps.iter().all(|step| match &step.act {
        Act::Base { .. } | Act::Directory(_) => true,
        Act::Copy(copy) => copy.sources.iter().all(|source| match source {
            Source::Path(_) | Source::Text { .. } => true,
            Source::Address { checksum, .. } | Source::Git { checksum, .. } => checksum.is_some(),
        }),
        Act::Run(run) => {
            let is_closed = |mount: &Mount| !matches!(mount, Mount::Ssh { .. });
            run.network == RunNetwork::None && run.mounts.iter().all(is_closed)
        }
    })
}
