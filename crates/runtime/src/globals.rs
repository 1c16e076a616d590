//! What stands before the command: where containers are kept, where messages go, which floor holds.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use launch::cgroup::Manager;
use serde::Deserialize;

use crate::error::Failure;
use crate::floor::Floor;
use crate::json;
use crate::log::{Format, Log, Threshold};
use crate::options::{Opt, switch, value};

/// Where root's containers are kept: gone after a boot, as they are.
const ROOT: &str = "/run/coffer-runtime";
/// Where the owner of the host sets the floor.
const CONFIG: &str = "/etc/coffer/runtime.json";

pub(crate) const OPTIONS: &[Opt] = &[
    value("root", None, "DIR", "where containers are kept (default: /run/coffer-runtime)"),
    value("log", None, "FILE", "write messages there instead of to standard error"),
    value("log-format", None, "text|json", "how messages are written (default: text)"),
    switch("debug", None, "say more"),
    switch("systemd-cgroup", None, "let systemd make control groups; paths are SLICE:PREFIX:NAME"),
    value("floor", None, "none|baseline|restricted", "refuse what weakens confinement below this"),
    value("config", None, "FILE", "read the floor from there (default: /etc/coffer/runtime.json)"),
    value(
        "rootless",
        None,
        "true|false|auto",
        "as runc; whether we are root is looked at, so it changes nothing",
    ),
    switch("version", Some('v'), "print the version"),
];

/// The parsed form.
#[derive(Debug)]
pub(crate) struct Globals {
    pub(crate) root: PathBuf,
    pub(crate) log: Log,
    /// Who makes control groups.
    pub(crate) manager: Manager,
    pub(crate) floor: Floor,
}

/// The owner's file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    floor: Floor,
}

/// How far the global options go: up to the command, which is the first word that is no option.
pub(crate) fn split(mut arguments: Vec<OsString>) -> (Vec<OsString>, Option<String>, Vec<OsString>) {
    let mut position = 0;
    while let Some(word) = arguments.get(position).and_then(|word| word.to_str()) {
        let Some(option) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { break };
        let takes_next = OPTIONS.iter().any(|known| known.long == option && known.value.is_some());
        position += if takes_next { 2 } else { 1 };
    }
    let mut rest = arguments.split_off(position.min(arguments.len()));
    let command = (!rest.is_empty()).then(|| rest.remove(0).to_string_lossy().into_owned());
    (arguments, command, rest)
}

impl Globals {
    pub(crate) fn new(given: &crate::options::Given) -> Result<Self, Failure> {
        let format = match given.value("log-format") {
            None | Some("text") => Format::Text,
            Some("json") => Format::Json,
            Some(other) => return Err(given.wrong(format!("`--log-format {other}`: it is text or json"))),
        };
        let threshold = if given.is_on("debug") { Threshold::Debug } else { Threshold::Info };
        let asked = match given.value("floor") {
            Some(word) => Floor::parse(word).ok_or_else(|| {
                given.wrong(format!("`--floor {word}`: it is none, baseline or restricted"))
            })?,
            None => Floor::None,
        };
        // The owner's word is the last: an engine may raise it, and never lower it.
        let floor = configured(given.value("config"))?.floor.max(asked);
        Ok(Self {
            root: given.value("root").map_or_else(default_root, |root| Ok(PathBuf::from(root)))?,
            log: Log { file: given.value("log").map(PathBuf::from), format, threshold },
            manager: if given.is_on("systemd-cgroup") { Manager::Systemd } else { Manager::Files },
            floor,
        })
    }
}

/// Without the file there is no floor; one that makes no sense stops everything.
fn configured(path: Option<&str>) -> Result<Config, Failure> {
    use rustix::fs::{Mode, OFlags};
    let file = match rustix::fs::open(path.unwrap_or(CONFIG), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
    {
        Err(rustix::io::Errno::NOENT) if path.is_none() => return Ok(Config::default()),
        other => other.map_err(Failure::system("read the configuration", path.unwrap_or(CONFIG)))?,
    };
    let bytes = json::read("configuration", path.unwrap_or(CONFIG), file)?;
    json::parse("configuration", path.unwrap_or(CONFIG), &bytes)
}

fn default_root() -> Result<PathBuf, Failure> {
    if rustix::process::geteuid().is_root() && launch::in_initial_user_namespace() {
        return Ok(PathBuf::from(ROOT));
    }
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(directory) => Ok(Path::new(&directory).join("coffer-runtime")),
        None => Err(Failure::Usage(
            "where are containers kept? set XDG_RUNTIME_DIR, or give `--root DIR`".to_owned(),
            "",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_the_first_word_that_is_no_option() {
        let line = ["--root", "/r", "--log-format=json", "--debug", "run", "-d", "x"].map(OsString::from);
        let (globals, command, rest) = split(Vec::from(line));
        assert_eq!(globals.len(), 4);
        assert_eq!(command.as_deref(), Some("run"));
        assert_eq!(rest, ["-d", "x"]);
        assert_eq!(split(vec!["--root".into()]).1, None);
    }
}
