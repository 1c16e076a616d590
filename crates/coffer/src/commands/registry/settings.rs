//! Settings of a registry: a file, and options that go before it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use engine::serving::{Anonymous, Settings, SettingsError, TlsMode};

use crate::args::registry::{Nobody, Place, Serve, Tls};
use crate::errors::Failure;
use crate::site;

/// The largest file that is read.
const LARGEST: u64 = 1 << 20;

/// What the file and the options say together.
pub(super) fn settings(place: &Place) -> Result<Settings, Failure> {
    let mut settings = from_file(place.config.as_deref())?;
    let storage = &mut settings.storage;
    replace(&mut storage.root, absolute(place.root.as_deref())?);
    replace(&mut storage.credentials, absolute(place.s3_credentials.as_deref())?);
    replace(&mut storage.bucket, place.storage.clone());
    replace(&mut storage.endpoint, place.s3_endpoint.clone());
    replace(&mut storage.region, place.s3_region.clone());
    checked(settings)
}

/// The same, with what only a server needs.
pub(super) fn of_server(serve: &Serve) -> Result<Settings, Failure> {
    let mut settings = settings(&serve.place)?;
    settings.listen = serve.listen.unwrap_or(settings.listen);
    replace(&mut settings.metrics_listen, serve.metrics_listen);
    replace(&mut settings.public, serve.public.clone());
    settings.tls.names.extend(serve.tls_name.iter().cloned());
    match serve.anonymous {
        Some(Nobody::None) => settings.access.anonymous = Anonymous::None,
        Some(Nobody::Pull) => settings.access.anonymous = Anonymous::Pull,
        None => {}
    }
    if let Some(tls) = serve.tls {
        let mode = if tls == Tls::Auto { TlsMode::Auto } else { TlsMode::Off };
        (settings.tls.mode, settings.tls.certificate, settings.tls.key) = (Some(mode), None, None);
    }
    if serve.tls_cert.is_some() {
        settings.tls.mode = Some(TlsMode::Files);
        settings.tls.certificate = absolute(serve.tls_cert.as_deref())?;
        settings.tls.key = absolute(serve.tls_key.as_deref())?;
    }
    checked(settings)
}

fn replace<T>(setting: &mut Option<T>, option: Option<T>) {
    if option.is_some() {
        *setting = option;
    }
}

/// A server may go elsewhere than where its options were typed.
fn absolute(path: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let found = |path: &Path| std::path::absolute(path).map_err(|error| Failure::file("find", path, &error));
    path.map(found).transpose()
}

fn checked(settings: Settings) -> Result<Settings, Failure> {
    settings.checked().map_err(|error| Failure::usage(error.to_string(), "coffer help serving"))
}

/// The file that was named, or the first of the usual ones, if there is any.
fn from_file(named: Option<&Path>) -> Result<Settings, Failure> {
    if let Some(path) = named {
        let text = read(path).map_err(|error| Failure::file("read", path, &error))?;
        return parse(path, &text);
    }
    let own = site::config_home().ok().map(|home| home.join("coffer/registry.toml"));
    for path in own.into_iter().chain([PathBuf::from("/etc/coffer/registry.toml")]) {
        match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::file("read", &path, &error)),
            Ok(text) => return parse(&path, &text),
        }
    }
    Ok(Settings::default())
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn parse(path: &Path, text: &str) -> Result<Settings, Failure> {
    Settings::parse(text).map_err(|SettingsError(why)| {
        let what = format!("`{}` cannot be followed: {}", path.display(), why.trim_end());
        Failure::failed("E-serve-settings", what, "mend it; `coffer help serving` says what it may hold")
    })
}
