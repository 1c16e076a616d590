//! How an image starts on another base: what it had from the old one it has from the new one, what is its own stays.

use std::collections::{BTreeMap, BTreeSet};

use model::image::ImageConfig;
use model::upkeep::Health;

/// The configuration on the new base, and remarks about it.
pub(super) fn moved(image: &ImageConfig, old: &ImageConfig, new: &ImageConfig) -> (ImageConfig, Vec<String>) {
    let (entrypoint, cmd) = started(image, old, new);
    let (env, remarks) = environment(&image.env, &old.env, &new.env);
    let config = ImageConfig {
        architecture: image.architecture.clone(),
        os: image.os.clone(),
        user: one(&image.user, &old.user, &new.user),
        entrypoint,
        cmd,
        env,
        working_dir: one(&image.working_dir, &old.working_dir, &new.working_dir),
        exposed_ports: set(&image.exposed_ports, &old.exposed_ports, &new.exposed_ports),
        volumes: set(&image.volumes, &old.volumes, &new.volumes),
        stop_signal: one(&image.stop_signal, &old.stop_signal, &new.stop_signal),
        labels: map(&image.labels, &old.labels, &new.labels),
        health: health(&image.health, &old.health, &new.health),
        shell: one(&image.shell, &old.shell, &new.shell),
        on_build: image.on_build.clone(),
    };
    (config, remarks)
}

/// What came from the old base comes from the new one.
fn one<T: Clone + PartialEq>(image: &T, old: &T, new: &T) -> T {
    if image == old { new.clone() } else { image.clone() }
}

fn health(image: &Health, old: &Health, new: &Health) -> Health {
    one(image, old, new)
}

/// An entry point and the command for it go together: a command for the image's own entry point is its own, too.
fn started(image: &ImageConfig, old: &ImageConfig, new: &ImageConfig) -> (Vec<String>, Vec<String>) {
    if image.entrypoint != old.entrypoint {
        return (image.entrypoint.clone(), image.cmd.clone());
    }
    (new.entrypoint.clone(), one(&image.cmd, &old.cmd, &new.cmd))
}

/// What the old base had is taken away, what the new one has is added, what is the image's own stays.
fn set(image: &[String], old: &[String], new: &[String]) -> Vec<String> {
    let old: BTreeSet<&String> = old.iter().collect();
    let own = image.iter().filter(|item| !old.contains(item));
    let all: BTreeSet<&String> = own.chain(new).collect();
    all.into_iter().cloned().collect()
}

fn map(
    image: &BTreeMap<String, String>,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let own = image.iter().filter(|(name, value)| old.get(*name) != Some(value));
    let mut map = new.clone();
    map.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    map
}

/// The new base's variables in their order, then the image's own. A value that was put together from the old base's is
/// the image's own, and said where the new base has another.
fn environment(image: &[String], old: &[String], new: &[String]) -> (Vec<String>, Vec<String>) {
    let split = |line: &'_ String| {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        (name.to_owned(), value.to_owned())
    };
    let before: BTreeMap<String, String> = old.iter().map(split).collect();
    let after: BTreeMap<String, String> = new.iter().map(split).collect();
    let own: Vec<(String, String)> =
        image.iter().map(split).filter(|(name, value)| before.get(name) != Some(value)).collect();
    let values: BTreeMap<&str, &str> =
        own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in new.iter().map(split) {
        let value = values.get(name.as_str()).copied().unwrap_or(&value);
        lines.push(format!("{name}={value}"));
    }
    let added = own.iter().filter(|(name, _)| !after.contains_key(name));
    lines.extend(added.map(|(name, value)| format!("{name}={value}")));
    let stale = own.iter().filter(|(name, value)| {
        let was = before.get(name).filter(|was| !was.is_empty());
        was.is_some_and(|was| value.contains(was.as_str())) && before.get(name) != after.get(name)
    });
    let remarks = stale.map(|(name, _)| {
        format!(
            "`{name}` was put together from the old base's, and the new one has another; it stays as it is"
        )
    });
    (lines, remarks.collect())
}
