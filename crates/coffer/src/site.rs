//! Where things live, from the environment: the one place that reads it for that.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use engine::session::Purpose;
use engine::site::{Invoker, Site};
use engine::{Engine, Notice};
use model::verdict::Level;

use crate::context::write_error;
use crate::errors::Failure;
use crate::render::{text, time};
use crate::{registries, session};

/// What the environment says.
#[derive(Debug, Default)]
struct Environment {
    root: Option<OsString>,
    data_home: Option<OsString>,
    runtime_dir: Option<OsString>,
    home: Option<OsString>,
}

/// The site of whoever runs this process.
pub(crate) fn site() -> Result<Site, Failure> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let environment = Environment {
        root: set("COFFER_ROOT"),
        data_home: set("XDG_DATA_HOME"),
        runtime_dir: set("XDG_RUNTIME_DIR"),
        home: set("HOME"),
    };
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let invoker = if uid == 0 { Invoker::Root } else { Invoker::Rootless { uid, gid } };
    let (state, run) = places(&environment, invoker).ok_or_else(|| {
        Failure::failed(
            "E-cli-home",
            "there is no place for images and containers: HOME is not set",
            "set HOME, or COFFER_ROOT to an absolute path",
        )
    })?;
    Ok(Site { state, run, level: Level::default(), invoker })
}

/// Where a user's own settings are.
pub(crate) fn config_home() -> Result<PathBuf, Failure> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config"))).ok_or_else(|| {
        Failure::failed("E-cli-home", "there is no place for settings: HOME is not set", "set HOME")
    })
}

/// Variables that say where things live, as far as they are set: a service has none of them.
pub(crate) fn explicit() -> Vec<(String, String)> {
    ["COFFER_ROOT", "XDG_DATA_HOME"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok().filter(|set| !set.is_empty())?)))
        .collect()
}

/// The path of this program.
pub(crate) fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .map_err(|error| Failure::file("find the path of this program", Path::new("/proc/self/exe"), &error))
}

/// The engine of whoever runs this process, for a command that starts nothing.
pub(crate) fn open() -> Result<Engine, Failure> {
    open_at(site()?, Purpose::Look)
}

/// The engine of a site.
pub(crate) fn open_at(site: Site, purpose: Purpose) -> Result<Engine, Failure> {
    session::hold(session::begin(&site, purpose)?);
    enter(site)
}

/// The engine of a site whose session has begun.
pub(crate) fn enter(site: Site) -> Result<Engine, Failure> {
    let places = registries::places_of(site.invoker);
    Ok(Engine::open(site, time::moment)?.heard_by(say).reaching(places))
}

/// What an engine finds on the way, in a line on standard error.
fn say(notice: &Notice<'_>) {
    let text = match notice {
        Notice::LostMonitor { name } => {
            format!("`{name}` lost its monitor and was ended with it; `coffer start {name}` starts it again")
        }
        Notice::Unvouched { image, detail } => {
            format!("{image} {detail}; it runs all the same, at the level `open`")
        }
        Notice::KnownExploited { image, detail } => {
            format!("{image} {detail}; `coffer scan {image}` tells more")
        }
    };
    write_error(&format!("coffer: {}\n", text::plain(&text)));
}

/// A site of its own below `root`, for the demo.
pub(crate) fn below(root: &Path, site: Site) -> Site {
    Site { state: root.join("state"), run: root.join("run"), ..site }
}

/// State and runtime directory. A root of one's own has its runtime directory in it, so that two
/// roots never meet.
fn places(environment: &Environment, invoker: Invoker) -> Option<(PathBuf, PathBuf)> {
    let path = |value: &Option<OsString>| value.as_ref().map(PathBuf::from);
    if let Some(root) = path(&environment.root) {
        let run = root.join("run");
        return Some((root, run));
    }
    match invoker {
        Invoker::Root => Some(("/var/lib/coffer".into(), "/run/coffer".into())),
        Invoker::Rootless { uid, .. } => {
            let home = || path(&environment.home).map(|home| home.join(".local/share"));
            let state = path(&environment.data_home).or_else(home)?.join("coffer");
            let run = path(&environment.runtime_dir).map_or_else(
                || std::env::temp_dir().join(format!("coffer-{uid}")),
                |runtime| runtime.join("coffer"),
            );
            Some((state, run))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(environment: &Environment) -> Option<(PathBuf, PathBuf)> {
        places(environment, Invoker::Rootless { uid: 1000, gid: 1000 })
    }

    #[test]
    fn root_has_the_usual_places_and_users_have_their_own() {
        let root = places(&Environment::default(), Invoker::Root).unwrap();
        assert_eq!(root, ("/var/lib/coffer".into(), "/run/coffer".into()));
        let home = Environment { home: Some("/home/a".into()), ..Environment::default() };
        assert_eq!(user(&home).unwrap().0, Path::new("/home/a/.local/share/coffer"));
        let run = Environment { runtime_dir: Some("/run/user/1000".into()), ..home };
        assert_eq!(user(&run).unwrap().1, Path::new("/run/user/1000/coffer"));
        assert_eq!(user(&Environment::default()), None);
    }

    #[test]
    fn a_root_of_one_s_own_holds_everything() {
        let environment = Environment { root: Some("/r".into()), ..Environment::default() };
        let expected = ("/r".into(), "/r/run".into());
        assert_eq!(places(&environment, Invoker::Root).unwrap(), expected);
        assert_eq!(user(&environment).unwrap(), expected);
    }
}
