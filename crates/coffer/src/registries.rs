//! Where settings about registries and credentials are, from the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use engine::registries::{Places, Registries};
use engine::site::Invoker;

use crate::context::Context;
use crate::errors::Failure;
use crate::render::text;

/// What containers' tools and Docker share, in the order in which the nearest comes first.
const ETC: [&str; 2] = ["/etc/coffer", "/etc/containers"];

/// Variables with proxies, and with what is reached without.
const PROXIES: [&str; 8] = [
    "https_proxy",
    "HTTPS_PROXY",
    "http_proxy",
    "HTTP_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// What credential helpers need to find their keyring and to ask their person.
const FOR_HELPERS: [&str; 10] = [
    "HOME",
    "PATH",
    "USER",
    "LANG",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME",
    "PASSWORD_STORE_DIR",
];

/// What the environment says, by name.
struct Environment<'a> {
    get: &'a dyn Fn(&str) -> Option<OsString>,
    uid: u32,
}

/// The settings of whoever runs this process; `authfile` as typed. Says what a person may want to change.
pub(crate) fn open(context: &Context, authfile: Option<&Path>) -> Result<Registries, Failure> {
    let registries = Registries::load(places(authfile))?;
    for warning in registries.warnings() {
        context.warn(&text::plain(&warning.to_string()));
    }
    Ok(registries)
}

/// Where things are for whoever runs this process; `authfile` as typed.
pub(crate) fn places(authfile: Option<&Path>) -> Places {
    let get = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    Environment { get: &get, uid: rustix::process::getuid().as_raw() }.places(authfile)
}

/// The same inside of a session, where everybody is root.
pub(crate) fn places_of(invoker: Invoker) -> Places {
    let get = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let uid = match invoker {
        Invoker::Root => 0,
        Invoker::Rootless { uid, .. } => uid,
    };
    Environment { get: &get, uid }.places(None)
}

impl Environment<'_> {
    fn places(&self, authfile: Option<&Path>) -> Places {
        let homes: Vec<PathBuf> = self.config_home().into_iter().collect();
        let named = |name| {
            homes.iter().flat_map(move |home| ["coffer", "containers"].map(|of| home.join(of).join(name)))
        };
        let system = |name| ETC.map(|etc| Path::new(etc).join(name));
        let (registries, registries_dirs) = match self.path("CONTAINERS_REGISTRIES_CONF") {
            Some(file) => (vec![file], Vec::new()),
            // Of directories the last one wins.
            None => (
                named("registries.conf").chain(system("registries.conf")).collect(),
                named("registries.conf.d")
                    .chain(system("registries.conf.d"))
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .collect(),
            ),
        };
        let docker = Path::new("/etc/docker/certs.d").to_owned();
        Places {
            registries,
            registries_dirs,
            certificates: named("certs.d").chain(system("certs.d")).chain([docker]).collect(),
            credentials: self.credentials(authfile),
            proxies: self.texts(&PROXIES),
            helpers: (self.get)("PATH").iter().flat_map(std::env::split_paths).collect(),
            helper_environment: self.values(&FOR_HELPERS),
            // Only who has a store can keep evidence.
            evidence: None,
        }
    }

    /// A file that was named is the only one. Ours survives a reboot, podman's in the runtime directory does not,
    /// and Docker has its own.
    fn credentials(&self, authfile: Option<&Path>) -> Vec<PathBuf> {
        if let Some(file) = authfile.map(Path::to_owned).or_else(|| self.path("REGISTRY_AUTH_FILE")) {
            return vec![file];
        }
        let ours = self.config_home().map(|home| home.join("containers/auth.json"));
        let runtime = self.path("XDG_RUNTIME_DIR").map(|dir| dir.join("containers"));
        let podman_s =
            runtime.unwrap_or_else(|| format!("/run/containers/{}", self.uid).into()).join("auth.json");
        let docker_s = self.path("DOCKER_CONFIG").or_else(|| Some(self.path("HOME")?.join(".docker")));
        let docker_s = docker_s.map(|dir| dir.join("config.json"));
        ours.into_iter().chain([podman_s]).chain(docker_s).collect()
    }

    fn config_home(&self) -> Option<PathBuf> {
        self.path("XDG_CONFIG_HOME").or_else(|| Some(self.path("HOME")?.join(".config")))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        (self.get)(name).map(PathBuf::from)
    }

    fn values(&self, names: &[&str]) -> BTreeMap<String, OsString> {
        names.iter().filter_map(|name| Some(((*name).to_owned(), (self.get)(name)?))).collect()
    }

    fn texts(&self, names: &[&str]) -> BTreeMap<String, String> {
        let text = |value: OsString| value.to_string_lossy().into_owned();
        self.values(names).into_iter().map(|(name, value)| (name, text(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(set: &[(&str, &str)], authfile: Option<&str>) -> Places {
        let get =
            |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value));
        Environment { get: &get, uid: 1000 }.places(authfile.map(Path::new))
    }

    fn shown(paths: &[PathBuf]) -> Vec<&str> {
        paths.iter().map(|path| path.to_str().unwrap()).collect()
    }

    #[test]
    fn the_nearest_file_comes_first_and_the_nearest_directory_last() {
        let places = places(&[("HOME", "/h")], None);
        let files = [
            "/h/.config/coffer/registries.conf",
            "/h/.config/containers/registries.conf",
            "/etc/coffer/registries.conf",
            "/etc/containers/registries.conf",
        ];
        assert_eq!(shown(&places.registries), files);
        let dirs = [
            "/etc/containers/registries.conf.d",
            "/etc/coffer/registries.conf.d",
            "/h/.config/containers/registries.conf.d",
            "/h/.config/coffer/registries.conf.d",
        ];
        assert_eq!(shown(&places.registries_dirs), dirs);
        assert_eq!(places.certificates.last().unwrap(), Path::new("/etc/docker/certs.d"));
    }

    #[test]
    fn credentials_are_looked_for_in_three_places_or_in_the_one_that_is_named() {
        let home = [("HOME", "/h")];
        let three =
            ["/h/.config/containers/auth.json", "/run/containers/1000/auth.json", "/h/.docker/config.json"];
        assert_eq!(shown(&places(&home, None).credentials), three);
        let moved = [("XDG_CONFIG_HOME", "/c"), ("XDG_RUNTIME_DIR", "/r"), ("DOCKER_CONFIG", "/d")];
        let three = ["/c/containers/auth.json", "/r/containers/auth.json", "/d/config.json"];
        assert_eq!(shown(&places(&moved, None).credentials), three);
        let named = [("HOME", "/h"), ("REGISTRY_AUTH_FILE", "/a")];
        assert_eq!(shown(&places(&named, None).credentials), ["/a"]);
        assert_eq!(shown(&places(&named, Some("/b")).credentials), ["/b"]);
    }

    #[test]
    fn a_file_that_the_environment_names_is_the_only_one() {
        let places = places(&[("HOME", "/h"), ("CONTAINERS_REGISTRIES_CONF", "/f")], None);
        assert_eq!((shown(&places.registries), places.registries_dirs), (vec!["/f"], Vec::new()));
    }

    #[test]
    fn helpers_see_only_what_they_need() {
        let set = [("HOME", "/h"), ("PATH", "/a:/b"), ("LD_PRELOAD", "/x"), ("no_proxy", "z")];
        let places = places(&set, None);
        assert_eq!(places.helper_environment.keys().collect::<Vec<_>>(), ["HOME", "PATH"]);
        assert_eq!(shown(&places.helpers), ["/a", "/b"]);
        assert_eq!(places.proxies.get("no_proxy").map(String::as_str), Some("z"));
    }
}
