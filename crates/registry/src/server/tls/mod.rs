//! The server's certificate: given, or made by an authority of its own, and replaced without a restart.

mod generated;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

pub use generated::{Authority, NameSyntax};

/// The largest file of certificates.
const LARGEST: u64 = 1024 * 1024;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot {doing} `{}`: {cause}", .path.display())]
    File {
        /// Read, write or make.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        cause: io::Error,
    },
    /// A file holds something else.
    #[error("`{}` cannot be used: {why}", .path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A name that no certificate can have.
    #[error(transparent)]
    Name(#[from] NameSyntax),
}

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From these files, in PEM.
    Files {
        /// The chain, our own first.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
    /// From an authority that is kept in this directory, made if it is not there.
    Generated {
        /// For this user alone.
        directory: PathBuf,
        /// Host names and addresses that clients use.
        names: Vec<String>,
    },
}

/// The certificate that new connections get.
#[derive(Debug)]
pub struct Certificate {
    source: Source,
    current: Arc<Current>,
    authority: Option<Authority>,
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Certificate {
    /// Reads it, or makes it.
    ///
    /// # Errors
    /// Files that cannot be read or written, or hold something else.
    pub fn load(source: Source, now: u64) -> Result<Self, TlsError> {
        let (key, authority) = source.load(now)?;
        Ok(Self { source, current: Arc::new(Current(RwLock::new(Arc::new(key)))), authority })
    }

    /// Reads or makes it anew; connections that are open keep what they have, and after an error everybody does.
    ///
    /// # Errors
    /// As [`Certificate::load`].
    pub fn reload(&self, now: u64) -> Result<(), TlsError> {
        let (key, _) = self.source.load(now)?;
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
        Ok(())
    }

    /// Whom clients have to trust, if the certificate was made here.
    #[must_use]
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// How to speak TLS, 1.2 or 1.3, with this certificate. A later [`Certificate::reload`] counts.
    ///
    /// # Errors
    /// A library without the protocols that it is built with.
    pub fn settings(&self) -> Result<Arc<ServerConfig>, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Current>::clone(&self.current);
        let mut settings = builder.with_no_client_auth().with_cert_resolver(resolver);
        settings.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(settings))
    }
}

impl Source {
    fn load(&self, now: u64) -> Result<(CertifiedKey, Option<Authority>), TlsError> {
        match self {
            Self::Files { certificate, key } => Ok((pair(certificate, key)?, None)),
            Self::Generated { directory, names } => {
                let authority = generated::ensure(directory, names, now)?;
                let pair = pair(&generated::certificate(directory), &generated::key(directory))?;
                Ok((pair, Some(authority)))
            }
        }
    }
}

/// A chain and its key, if they belong together.
fn pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let unfit =
        |path: &Path, why: &dyn ToString| TlsError::Unfit { path: path.to_owned(), why: why.to_string() };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(certificate)?).collect();
    let chain = chain.map_err(|error| unfit(certificate, &error))?;
    if chain.is_empty() {
        return Err(unfit(certificate, &"it has no certificate in PEM"));
    }
    let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| unfit(key, &error))?;
    CertifiedKey::from_der(chain, private, &ring::default_provider()).map_err(|error| unfit(key, &error))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |cause| TlsError::File { doing: "read", path: path.to_owned(), cause };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > LARGEST {
        return Err(TlsError::Unfit {
            path: path.to_owned(),
            why: format!("it has more than {LARGEST} bytes"),
        });
    }
    std::fs::read(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn generated(directory: &Path) -> Source {
        Source::Generated {
            directory: directory.to_owned(),
            names: vec!["localhost".into(), "127.0.0.1".into()],
        }
    }

    #[test]
    fn given_files_have_to_belong_together_and_a_bad_one_changes_nothing() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for dir in [&one, &two] {
            Certificate::load(generated(&dir.path().join("tls")), NOW).unwrap();
        }
        let (one, two) = (one.path().join("tls"), two.path().join("tls"));
        let (certificate, key) = (generated::certificate(&one), generated::key(&one));
        let mixed = Source::Files { certificate: certificate.clone(), key: generated::key(&two) };
        assert!(matches!(Certificate::load(mixed, NOW), Err(TlsError::Unfit { .. })));
        let given = Certificate::load(Source::Files { certificate: certificate.clone(), key }, NOW).unwrap();
        assert!(given.authority().is_none());
        given.settings().unwrap();
        std::fs::write(&certificate, "nothing").unwrap();
        assert!(matches!(given.reload(NOW), Err(TlsError::Unfit { .. })));
        let missing = Source::Files { certificate: one.join("none"), key: one.join("none") };
        assert!(matches!(Certificate::load(missing, NOW), Err(TlsError::File { .. })));
    }
}
