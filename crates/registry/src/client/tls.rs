//! Whom we believe to be the registry: the system's authorities and those that certs.d adds for a host.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Whether a certificate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verification {
    /// It has to be valid for the host.
    Enforced,
    /// registries.conf calls the registry insecure.
    Waived,
}

/// What a host needs beyond the system's authorities: PEM, as the files hold it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Certificates {
    /// Further authorities.
    pub(crate) authorities: Vec<Vec<u8>>,
    /// Who we are: a chain and its key.
    pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// The system's authorities, read once.
#[derive(Default)]
pub(crate) struct Roots(OnceLock<RootCertStore>);

impl Roots {
    /// A system without any is no error: then only hosts with a certificate in certs.d are trusted.
    fn get(&self) -> &RootCertStore {
        self.0.get_or_init(|| {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            store
        })
    }

    /// How to talk TLS with a host; the error says which certificate cannot be used.
    pub(crate) fn settings(
        &self,
        certificates: &Certificates,
        verification: Verification,
    ) -> Result<Arc<ClientConfig>, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let builder = match verification {
            Verification::Enforced => builder.with_root_certificates(self.with(&certificates.authorities)?),
            Verification::Waived => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)))
            }
        };
        let mut settings = match &certificates.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("the key: {error}"))?;
                builder.with_client_auth_cert(chain_of(chain)?, key).map_err(|error| error.to_string())?
            }
        };
        settings.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(settings))
    }

    fn with(&self, authorities: &[Vec<u8>]) -> Result<RootCertStore, String> {
        let mut store = self.get().clone();
        for pem in authorities {
            for certificate in chain_of(pem)? {
                store.add(certificate).map_err(|error| format!("an authority: {error}"))?;
            }
        }
        Ok(store)
    }
}

fn chain_of(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|error| format!("a certificate: {error}"))?;
    if chain.is_empty() { Err("a certificate file holds none".to_owned()) } else { Ok(chain) }
}

/// Takes whoever answers for the registry. What it signs is checked nevertheless, so that a broken peer is an
/// error and not a riddle.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
