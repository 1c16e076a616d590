//! What a step asks for, as every container asks: one value, which policy judges.

use std::collections::BTreeMap;

use build::plan::{Mount, Origin, Run, RunNetwork};
use model::request::{
    Access, ExecMode, MountRequest, MountSource, Network, RunRequest, Script, StepRequest, Ulimit,
};

use super::Surroundings;
use super::secrets::Known;
use crate::building::caches::Holding;
use crate::id::ContainerId;
use crate::place::host_memory;

/// The label that says that a container is a step of a build, and which.
const LABEL: &str = "org.cofferdam.build.step";

/// What a step sees as the name of its host: the same every time, because programs write it down.
const HOSTNAME: &str = "build";

/// Kernels take this limit on a core file for none at all, even where a program of the host's would get it.
const NO_CORE: u64 = 1;

/// The request of a step, whose container has this id.
pub(super) fn of(
    run: &Run,
    around: &Surroundings<'_>,
    known: &Known,
    caches: &[Holding],
    id: &ContainerId,
) -> RunRequest {
    let defaults = around.defaults;
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    RunRequest {
        image: around.title.to_owned(),
        command: run.arguments.clone(),
        env: environment(run),
        working_dir: text(&run.working_dir),
        user: text(&run.user),
        hostname: Some(defaults.hostname.clone().unwrap_or_else(|| HOSTNAME.to_owned())),
        name: Some(format!("build-{}", id.short())),
        labels: BTreeMap::from([(LABEL.to_owned(), around.title.to_owned())]),
        mounts: mounts(run, around, caches),
        network: network(run.network, around.network),
        privileged: run.insecure,
        // What a step writes is what it is for.
        mutable: true,
        remove: true,
        limits: defaults.limits.clone(),
        ulimits: ulimits(&defaults.ulimits, known),
        shm_size: defaults.shm_size,
        answers: defaults.answers,
        level: defaults.level,
        step: Some(StepRequest {
            scripts: scripts(run),
            secrets: known.requests.clone(),
            hosts: around.hosts.to_vec(),
        }),
        ..RunRequest::default()
    }
}

/// The step's variables, and those of proxies that it has not itself.
fn environment(run: &Run) -> Vec<String> {
    let name = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    let own: Vec<String> = run.env.iter().map(|entry| name(entry)).collect();
    let proxies = run.proxies.iter().filter(|entry| !own.contains(&name(entry)));
    proxies.chain(&run.env).cloned().collect()
}

/// Where packets go: what the step says counts, and where it says nothing, what the person says of all of them.
fn network(step: RunNetwork, build: RunNetwork) -> Network {
    match (step, build) {
        (RunNetwork::Host, _) | (RunNetwork::Outbound, RunNetwork::Host) => Network::Host,
        (RunNetwork::None, _) | (RunNetwork::Outbound, RunNetwork::None) => Network::None,
        (RunNetwork::Outbound, RunNetwork::Outbound) => Network::Outbound,
    }
}

fn scripts(run: &Run) -> Vec<Script> {
    let script =
        |script: &build::plan::Script| Script { path: script.path.clone(), content: script.content.clone() };
    run.scripts.iter().map(script).collect()
}

/// A core file would carry secrets into the layer.
fn ulimits(asked: &[Ulimit], known: &Known) -> Vec<Ulimit> {
    if known.requests.is_empty() {
        return asked.to_vec();
    }
    let others = asked.iter().filter(|limit| limit.name != "core").cloned();
    others.chain([Ulimit { name: "core".to_owned(), soft: NO_CORE, hard: NO_CORE }]).collect()
}

fn mounts(run: &Run, around: &Surroundings<'_>, caches: &[Holding]) -> Vec<MountRequest> {
    run.mounts.iter().filter_map(|mount| self::mount(mount, around, caches)).collect()
}

/// Secrets are no mounts, and an agent that nobody gave is left out.
fn mount(mount: &Mount, around: &Surroundings<'_>, caches: &[Holding]) -> Option<MountRequest> {
    let access = |readonly: bool| if readonly { Access::ReadOnly } else { Access::ReadWrite };
    let (kind, source, target, access, exec) = match mount {
        Mount::Bind { origin, source, target, writable } => {
            let source = MountSource::Layers { layers: layers(origin, around), path: source.clone() };
            ("bind", source, target, access(!writable), ExecMode::Allowed)
        }
        Mount::Cache { id, target, readonly, .. } => {
            let number = caches.iter().find(|cache| cache.id == *id).map_or(0, |cache| cache.number);
            let source = MountSource::Cache { id: id.clone(), number };
            ("cache", source, target, access(*readonly), ExecMode::Allowed)
        }
        Mount::Tmpfs { target, size } => {
            let size = size.or(around.defaults.limits.memory).unwrap_or_else(|| host_memory() / 2);
            let source = MountSource::Tmpfs { size: Some(size), mode: None };
            ("tmpfs", source, target, Access::ReadWrite, ExecMode::Allowed)
        }
        Mount::Ssh { id, target, mode, owner, .. } => {
            around.agents.get(id)?;
            let source = MountSource::Agent { id: id.clone(), mode: *mode, owner: *owner };
            ("ssh", source, target, Access::ReadOnly, ExecMode::Refused)
        }
        Mount::Secret { .. } => return None,
    };
    let asked_by = format!("--mount=type={kind},target={target}");
    Some(MountRequest { source, target: target.clone(), access, exec, asked_by })
}

fn layers(origin: &Origin, around: &Surroundings<'_>) -> Vec<model::digest::ClaimedDigest> {
    let layers = (around.roots)(origin).unwrap_or_default();
    layers.iter().map(|layer| layer.diff_id.into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_the_host_s_network_only_if_somebody_says_so() {
        use RunNetwork::{Host, None, Outbound};
        for (step, build, expected) in [
            (Outbound, Outbound, Network::Outbound),
            (Outbound, Host, Network::Host),
            (Outbound, None, Network::None),
            (None, Host, Network::None),
            (Host, Outbound, Network::Host),
        ] {
            assert_eq!(network(step, build), expected, "{step:?} {build:?}");
        }
    }

    #[test]
    fn a_step_with_secrets_leaves_no_core_whatever_was_asked_for() {
        let limit = |name: &str, soft| Ulimit { name: name.into(), soft, hard: soft };
        let asked = [limit("core", u64::MAX), limit("nofile", 7)];
        assert_eq!(ulimits(&asked, &Known::default()), asked);
        let secret =
            model::request::SecretRequest { id: "t".into(), target: None, env: None, mode: 0, owner: (0, 0) };
        let known = Known { requests: vec![secret], ..Known::default() };
        assert_eq!(ulimits(&asked, &known), [limit("nofile", 7), limit("core", 1)]);
    }
}
