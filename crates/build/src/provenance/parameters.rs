//! What the person decided (external), and what the builder did (internal).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Detail, Facts, Request, object, sha256, steps};
use crate::plan::is_proxy;

/// What an outsider could influence: a verifier compares it with what they expect.
pub(super) fn external(facts: &Facts<'_>) -> Value {
    let request = facts.request;
    let arguments = arguments(request);
    let names: Vec<&String> = arguments.keys().copied().collect();
    let is_max = facts.detail == Detail::Max;
    let (values, secrets, agents) = match facts.detail {
        Detail::Max => (json!(arguments), json!(request.secrets), json!(request.agents)),
        Detail::Min => (Value::Null, Value::Null, Value::Null),
    };
    object([
        ("dockerfile", dockerfile(request)),
        ("target", json!(request.target)),
        ("platform", json!(request.platform)),
        ("arguments", values),
        ("argumentNames", if is_max { Value::Null } else { json!(names) }),
        ("labels", json!(request.labels)),
        ("contexts", json!(request.contexts)),
        ("network", json!(request.network)),
        ("hosts", json!(request.hosts)),
        ("secrets", secrets),
        ("ssh", agents),
    ])
}

fn dockerfile(request: &Request<'_>) -> Value {
    json!({"path": request.path, "digest": sha256(request.digest)})
}

/// Proxies are about the machine and may have passwords; a value that also is a secret's is nobody's to read.
fn arguments<'a>(request: &Request<'a>) -> BTreeMap<&'a String, &'a String> {
    let is_told = |name: &str| !is_proxy(name) && !request.secrets.iter().any(|secret| secret == name);
    request.arguments.iter().filter(|(name, _)| is_told(name)).collect()
}

/// What the builder added by itself.
pub(super) fn internal(facts: &Facts<'_>) -> Value {
    let (steps, text) = match facts.detail {
        Detail::Max => (steps::all(facts.plan, facts.done), json!(facts.request.text)),
        Detail::Min => (Value::Null, Value::Null),
    };
    object([
        ("builderPlatform", json!(facts.builder.platform)),
        ("sourceDateEpoch", json!(facts.plan.epoch)),
        ("dockerfileText", text),
        ("steps", steps),
    ])
}
