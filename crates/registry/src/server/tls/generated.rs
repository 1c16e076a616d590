//! A certificate for a registry that has none: an authority of its own, and a certificate of that authority which
//! is made again before it ends or when the names change.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{TlsError, read};

/// How many days the authority is valid.
const AUTHORITY: u64 = 3650;

/// How many days a certificate is: what the strictest clients take.
const LEAF: u64 = 397;

/// How many days before its end it is made again.
const RENEWED: u64 = 30;

const DAY: u64 = 86400;

/// A name that no certificate can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be in a certificate: give a host's name or an address")]
pub struct NameSyntax(String);

/// Whom clients have to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its certificate, in PEM.
    pub path: PathBuf,
    /// SHA-256 of it, in hex with colons.
    pub fingerprint: String,
}

/// For whom the certificate is, and until when.
#[derive(Serialize, Deserialize)]
struct Made {
    names: Vec<String>,
    until: u64,
}

pub(super) fn certificate(directory: &Path) -> PathBuf {
    directory.join("server.crt")
}

pub(super) fn key(directory: &Path) -> PathBuf {
    directory.join("server.key")
}

/// Makes what is missing or ends soon.
pub(super) fn ensure(directory: &Path, names: &[String], now: u64) -> Result<Authority, TlsError> {
    if let Some(wrong) = names.iter().find(|name| !is_name(name)) {
        return Err(NameSyntax(wrong.chars().take(80).collect()).into());
    }
    private(directory)?;
    // Two servers that begin at once make one authority between them.
    let lock = file("make", directory.join("lock"), |path| {
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
    })?;
    file("lock", directory.join("lock"), |_| lock.lock())?;
    let authority = directory.join("ca.crt");
    if !authority.exists() {
        make_authority(directory, now)?;
    }
    if !is_good(directory, names, now) {
        make_certificate(directory, names, now)?;
    }
    Ok(Authority { fingerprint: fingerprint(&authority)?, path: authority })
}

fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.parse::<IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(label))
}

fn is_good(directory: &Path, names: &[String], now: u64) -> bool {
    let made = std::fs::read(directory.join("server.json")).ok();
    let made: Option<Made> = made.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    made.is_some_and(|made| made.names == names && now + RENEWED * DAY < made.until)
        && certificate(directory).exists()
        && key(directory).exists()
}

fn make_authority(directory: &Path, now: u64) -> Result<(), TlsError> {
    let path = directory.join("ca.crt");
    let pair = KeyPair::generate().map_err(|error| unfit(&path, error))?;
    let made = authority(&pair, now).self_signed(&pair).map_err(|error| unfit(&path, error))?;
    write(&directory.join("ca.key"), pair.serialize_pem().as_bytes())?;
    write(&path, made.pem().as_bytes())
}

/// The authority that a key makes. Its name has the key in it: made again, it is the same issuer.
fn authority(pair: &KeyPair, now: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let id: String = hex(pair.public_key_raw()).chars().filter(|letter| *letter != ':').take(12).collect();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Cofferdam registry {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    lasting(&mut params, now, AUTHORITY);
    params
}

fn make_certificate(directory: &Path, names: &[String], now: u64) -> Result<(), TlsError> {
    let path = certificate(directory);
    let ca = directory.join("ca.key");
    let text = String::from_utf8(read(&ca)?).map_err(|error| unfit(&ca, error))?;
    let ca_pair = KeyPair::from_pem(&text).map_err(|error| unfit(&ca, error))?;
    let issuer = Issuer::new(authority(&ca_pair, now), ca_pair);
    let pair = KeyPair::generate().map_err(|error| unfit(&path, error))?;
    let mut params = CertificateParams::new(names.to_vec()).map_err(|error| unfit(&path, error))?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, names.first().map_or("registry", String::as_str));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    lasting(&mut params, now, LEAF);
    let made = params.signed_by(&pair, &issuer).map_err(|error| unfit(&path, error))?;
    // What says that the rest is good comes last.
    write(&key(directory), pair.serialize_pem().as_bytes())?;
    write(&path, made.pem().as_bytes())?;
    let made = Made { names: names.to_vec(), until: now + LEAF * DAY };
    let json = serde_json::to_vec(&made).map_err(|error| unfit(&path, error))?;
    write(&directory.join("server.json"), &json)
}

/// From yesterday, for clocks that are behind.
fn lasting(params: &mut CertificateParams, now: u64, days: u64) {
    let date = |seconds: u64| {
        let second = i64::try_from(seconds).unwrap_or(i64::MAX);
        let date = Timestamp::from_second(second).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = date(now.saturating_sub(DAY));
    params.not_after = date(now.saturating_add(days * DAY));
}

fn fingerprint(path: &Path) -> Result<String, TlsError> {
    let der = CertificateDer::from_pem_slice(&read(path)?).map_err(|error| unfit(path, error))?;
    Ok(hex(&Sha256::digest(&der)))
}

/// `AB:CD:…`, as other tools show fingerprints.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// A directory that nobody else can read: whoever has the authority's key is the registry.
fn private(directory: &Path) -> Result<(), TlsError> {
    file("make", directory.to_owned(), |path| DirBuilder::new().recursive(true).mode(0o700).create(path))?;
    let meta = file("look at", directory.to_owned(), |path| std::fs::symlink_metadata(path))?;
    match meta.is_dir() && meta.mode() & 0o077 == 0 {
        true => Ok(()),
        false => Err(unfit(directory, "others can read it: chmod 700")),
    }
}

/// Whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), TlsError> {
    let new = path.with_extension("new");
    file("write", new.clone(), |new| {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(new)?;
        file.write_all(bytes)?;
        file.sync_all()
    })?;
    file("write", path.to_owned(), |path| {
        std::fs::rename(&new, path)?;
        path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    })
}

fn file<T>(
    doing: &'static str,
    path: PathBuf,
    act: impl FnOnce(&Path) -> std::io::Result<T>,
) -> Result<T, TlsError> {
    act(&path).map_err(|cause| TlsError::File { doing, path, cause })
}

fn unfit(path: &Path, why: impl ToString) -> TlsError {
    TlsError::Unfit { path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// What a client that trusts the authority says of the certificate.
    fn verify(directory: &Path, name: &str, at: u64) -> Result<(), rustls::Error> {
        let mut roots = rustls::RootCertStore::empty();
        let der = |path: &Path| CertificateDer::from_pem_slice(&std::fs::read(path).unwrap()).unwrap();
        roots.add(der(&directory.join("ca.crt"))).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        let leaf = der(&certificate(directory));
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at));
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&leaf, &[], &name, &[], time).map(|_| ())
    }

    #[test]
    fn clients_that_trust_the_authority_trust_the_certificate_for_its_names_alone() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("tls");
        let authority = ensure(&dir, &names(&["registry.example", "127.0.0.1"]), NOW).unwrap();
        assert_eq!(authority.fingerprint.len(), 32 * 3 - 1);
        for name in ["registry.example", "127.0.0.1"] {
            verify(&dir, name, NOW).unwrap();
            verify(&dir, name, NOW + (LEAF - 1) * DAY).unwrap();
        }
        assert!(verify(&dir, "other.example", NOW).is_err());
        assert!(verify(&dir, "registry.example", NOW + (LEAF + 1) * DAY).is_err());
        for file in ["ca.key", "server.key"] {
            assert_eq!(std::fs::metadata(dir.join(file)).unwrap().mode() & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn a_certificate_is_made_again_when_it_ends_or_its_names_change_and_the_authority_stays() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("tls");
        let (one, two) = (names(&["a.example"]), names(&["a.example", "b.example"]));
        let leaf = || std::fs::read(certificate(&dir)).unwrap();
        let authority = ensure(&dir, &one, NOW).unwrap();
        let first = leaf();
        assert_eq!(ensure(&dir, &one, NOW + DAY).unwrap(), authority);
        assert_eq!(leaf(), first);
        assert_eq!(ensure(&dir, &two, NOW + DAY).unwrap(), authority);
        verify(&dir, "b.example", NOW + DAY).unwrap();
        let late = NOW + DAY + (LEAF - RENEWED) * DAY;
        assert_eq!(ensure(&dir, &two, late).unwrap(), authority);
        verify(&dir, "b.example", late + 100 * DAY).unwrap();
    }

    #[test]
    fn strange_names_and_open_directories_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for bad in ["", "a b", "-a", "*.example", "a..b", "a\n"] {
            assert!(matches!(ensure(dir.path(), &names(&[bad]), NOW), Err(TlsError::Name(_))), "{bad:?}");
        }
        let open = dir.path().join("open");
        DirBuilder::new().mode(0o755).create(&open).unwrap();
        assert!(matches!(ensure(&open, &names(&["a"]), NOW), Err(TlsError::Unfit { .. })));
    }
}
