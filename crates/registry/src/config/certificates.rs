//! certs.d: whom to trust besides the system's authorities, and what to prove to a registry.

use std::path::{Path, PathBuf};

use super::error::{ConfigError, Result};
use super::host::{canonical, is_host};
use super::read;
use super::secret::Secret;

/// Certificates for one registry, as PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// `*.crt`: authorities that are trusted for this registry, besides the system's.
    pub authorities: Vec<Vec<u8>>,
    /// `*.cert` with its `*.key`: who we are.
    pub client: Option<ClientCertificate>,
}

/// What proves to a registry who we are, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Where it came from, for messages.
    pub path: PathBuf,
    /// The certificate, and the chain above it.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: Secret,
}

/// From the first of `dirs` that has a directory for the registry: `HOST[:PORT]` as it is reached, or else as it is
/// commonly called, which for Docker Hub is another name.
pub(super) fn load(dirs: &[PathBuf], host: &str) -> Result<TlsFiles> {
    // The host becomes a name of a directory.
    if !is_host(host) {
        return Err(ConfigError::Host(host.to_owned()));
    }
    let names = [host.to_owned(), canonical(host)];
    let found = dirs.iter().flat_map(|dir| names.iter().map(|name| dir.join(name))).find(|dir| dir.is_dir());
    found.map_or_else(|| Ok(TlsFiles::default()), |dir| of_directory(&dir))
}

fn of_directory(dir: &Path) -> Result<TlsFiles> {
    let mut authorities = Vec::new();
    for name in read::names(dir, ".crt")? {
        authorities.extend(read::bytes(&dir.join(name))?);
    }
    let certificates = read::names(dir, ".cert")?;
    for key in read::names(dir, ".key")? {
        let certificate = with_ending(&key, ".key", ".cert");
        if !certificates.contains(&certificate) {
            return Err(ConfigError::Halved { path: dir.join(key), missing: certificate });
        }
    }
    let client = certificates.first().map(|name| of_client(dir, name)).transpose()?;
    Ok(TlsFiles { authorities, client })
}

fn of_client(dir: &Path, name: &str) -> Result<ClientCertificate> {
    let (path, key) = (dir.join(name), with_ending(name, ".cert", ".key"));
    match (read::bytes(&path)?, read::text(&dir.join(&key))?) {
        (Some(certificate), Some(key)) => Ok(ClientCertificate { path, certificate, key: Secret::new(key) }),
        _ => Err(ConfigError::Halved { path, missing: key }),
    }
}

fn with_ending(name: &str, old: &str, new: &str) -> String {
    format!("{}{new}", name.strip_suffix(old).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, files: &[&str]) {
        std::fs::create_dir_all(dir).unwrap();
        for file in files {
            std::fs::write(dir.join(file), format!("{file}'s text")).unwrap();
        }
    }

    #[test]
    fn the_first_directory_that_has_the_registry_counts() {
        let root = tempfile::tempdir().unwrap();
        let (ours, theirs) = (root.path().join("coffer"), root.path().join("docker"));
        write(&theirs.join("reg.example:5000"), &["z.crt", "a.crt", "client.cert", "client.key", "readme"]);
        let dirs = [ours.clone(), theirs];
        let found = load(&dirs, "reg.example:5000").unwrap();
        assert_eq!(found.authorities, [b"a.crt's text", b"z.crt's text"]);
        let client = found.client.unwrap();
        assert_eq!(client.certificate, b"client.cert's text");
        assert_eq!(client.key.reveal(), "client.key's text");
        assert_eq!(load(&dirs, "reg.example").unwrap(), TlsFiles::default());
        write(&ours.join("reg.example:5000"), &[]);
        assert_eq!(load(&dirs, "reg.example:5000").unwrap(), TlsFiles::default());
    }

    #[test]
    fn docker_hub_has_a_directory_by_its_common_name() {
        let root = tempfile::tempdir().unwrap();
        write(&root.path().join("docker.io"), &["a.crt"]);
        let found = load(&[root.path().to_owned()], "registry-1.docker.io").unwrap();
        assert_eq!(found.authorities, [b"a.crt's text"]);
    }

    #[test]
    fn half_a_pair_is_an_error_that_names_the_other_half() {
        for (there, missing) in [("a.cert", "a.key"), ("a.key", "a.cert")] {
            let root = tempfile::tempdir().unwrap();
            write(&root.path().join("reg.example"), &[there]);
            let error = load(&[root.path().to_owned()], "reg.example").unwrap_err();
            assert!(error.to_string().contains(&format!("has no `{missing}`")), "{error}");
        }
    }

    #[test]
    fn a_host_is_never_a_path() {
        let root = tempfile::tempdir().unwrap();
        for host in ["..", ".", "", "a/b", "../etc"] {
            assert!(matches!(load(&[root.path().to_owned()], host), Err(ConfigError::Host(_))), "{host}");
        }
    }
}
