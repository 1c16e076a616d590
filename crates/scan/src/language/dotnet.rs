//! .NET: what an application was published with, and the lock files of a source tree.

use std::collections::BTreeMap;

use model::inventory::PackageKind;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{MOST_LOCK_BYTES, add, json, malformed, package};
use crate::catalog::{Cataloger, Found};
use crate::content::{Content, Flaw};

/// `*.deps.json`, beside every published application and framework.
pub(super) const DEPENDENCIES: Cataloger = Cataloger {
    name: "dotnet",
    wants: |file| file.name().ends_with(".deps.json"),
    read: |_, content, found| dependencies(content, found),
};

/// `packages.lock.json`.
pub(super) const PACKAGES_LOCK: Cataloger = Cataloger {
    name: "dotnet-lock",
    wants: |file| file.name() == "packages.lock.json",
    read: |_, content, found| lock(content, found),
};

/// `packages.config`, of the days before .NET Core.
pub(super) const PACKAGES_CONFIG: Cataloger = Cataloger {
    name: "dotnet-config",
    wants: |file| file.name().eq_ignore_ascii_case("packages.config"),
    read: |_, content, found| config(content, found),
};

/// The list of an application's libraries, each with `name/version` as its key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependencies {
    #[serde(default)]
    runtime_target: Target,
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Assets>>,
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
}

#[derive(Default, Deserialize)]
struct Target {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Library {
    #[serde(default, rename = "type")]
    kind: String,
}

/// What of a library lies beside the application.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assets {
    #[serde(default)]
    runtime: BTreeMap<String, IgnoredAny>,
    #[serde(default)]
    runtime_targets: BTreeMap<String, IgnoredAny>,
    #[serde(default)]
    native: BTreeMap<String, IgnoredAny>,
    #[serde(default)]
    resources: BTreeMap<String, IgnoredAny>,
}

impl Assets {
    fn is_empty(&self) -> bool {
        [&self.runtime, &self.runtime_targets, &self.native, &self.resources]
            .iter()
            .all(|files| files.is_empty())
    }
}

/// Those packages of which files were published; others were only compiled against.
fn dependencies(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let document: Dependencies = json::document(&content.whole(MOST_LOCK_BYTES)?, "deps.json")?;
    let target = document.targets.get(&document.runtime_target.name);
    let is_there =
        |key: &str| target.and_then(|target| target.get(key)).is_none_or(|assets| !assets.is_empty());
    for (key, library) in &document.libraries {
        if !matches!(library.kind.as_str(), "package" | "runtimepack") || !is_there(key) {
            continue;
        }
        let key = key.strip_prefix("runtimepack.").unwrap_or(key);
        if let Some((name, version)) = key.rsplit_once('/') {
            add(found, package(PackageKind::NuGet, name, version))?;
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    dependencies: BTreeMap<String, BTreeMap<String, Locked>>,
}

#[derive(Deserialize)]
struct Locked {
    /// Absent for projects of the same tree.
    #[serde(default)]
    resolved: String,
}

fn lock(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let lock: Lock = json::document(&content.whole(MOST_LOCK_BYTES)?, "packages.lock.json")?;
    for (name, locked) in lock.dependencies.values().flatten() {
        add(found, package(PackageKind::NuGet, name, &locked.resolved))?;
    }
    Ok(())
}

fn config(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let bytes = content.whole(MOST_LOCK_BYTES)?;
    let flaw = |error: quick_xml::Error| malformed("packages.config", error.to_string());
    let mut reader = Reader::from_reader(bytes.as_ref());
    loop {
        let element = match reader.read_event().map_err(flaw)? {
            Event::Eof => return Ok(()),
            Event::Start(element) | Event::Empty(element) if element.local_name().as_ref() == b"package" => {
                element
            }
            _ => continue,
        };
        let attribute = |name: &str| {
            let attribute = element.try_get_attribute(name).ok().flatten();
            attribute
                .map(|attribute| String::from_utf8_lossy(&attribute.value).into_owned())
                .unwrap_or_default()
        };
        add(found, package(PackageKind::NuGet, &attribute("id"), &attribute("version")))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Reading = fn(&Content<'_>, &mut Vec<Found>) -> Result<(), Flaw>;

    fn of(read: Reading, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        found.into_iter().map(|package| format!("{}/{}", package.name, package.version)).collect()
    }

    #[test]
    fn only_packages_that_were_published_count() {
        let text = r#"{"runtimeTarget": {"name": ".NETCoreApp,Version=v8.0"}, "targets": {".NETCoreApp,Version=v8.0": {
            "app/1.0.0": {"runtime": {"app.dll": {}}},
            "Newtonsoft.Json/13.0.1": {"runtime": {"lib/net6.0/Newtonsoft.Json.dll": {}}},
            "Analyzer/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}}
        }}, "libraries": {"app/1.0.0": {"type": "project"}, "Newtonsoft.Json/13.0.1": {"type": "package"},
            "Analyzer/1.0.0": {"type": "package"}, "Unknown/2.0.0": {"type": "package"},
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"type": "runtimepack"}}}"#;
        let expected =
            ["Newtonsoft.Json/13.0.1", "Unknown/2.0.0", "Microsoft.NETCore.App.Runtime.linux-x64/8.0.1"];
        assert_eq!(of(dependencies, text), expected);
    }

    #[test]
    fn lock_files_name_what_was_resolved() {
        let text = r#"{"version": 1, "dependencies": {"net8.0": {"A": {"type": "Direct", "requested": "[1.0, )",
            "resolved": "1.0.0"}, "app": {"type": "Project"}}}}"#;
        assert_eq!(of(lock, text), ["A/1.0.0"]);
        let text =
            r#"<?xml version="1.0"?><packages><package id="A" version="1.0" /><package id='B'/></packages>"#;
        assert_eq!(of(config, text), ["A/1.0"]);
        assert!(config(&Content::Bytes(b"<packages></package>"), &mut Vec::new()).is_err());
    }
}
