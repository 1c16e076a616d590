//! Certificates: whom we believe.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use coffer_registry::client::{Client, ClientError};
use coffer_registry::config::{Config, Places};
use model::digest::Digest;
use model::reference::Repository;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::server::{Server, patience};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for a host, and its key.
    fn certify(&self, host: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new(vec![host.into()]).unwrap().signed_by(&key, &self.0).unwrap(), key)
    }
}

/// Asks for a client's certificate or does not.
#[derive(Clone, Copy, PartialEq)]
enum Clients {
    Anybody,
    Certified,
}

/// Answers every request with 200, over TLS.
fn serve(authority: &Authority, host: &str, clients: Clients) -> SocketAddr {
    serve_with(authority, host, clients, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned())
}

fn serve_with(authority: &Authority, host: &str, clients: Clients, answer: String) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (certificate, key) = authority.certify(host);
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        Clients::Anybody => builder.with_no_client_auth(),
        Clients::Certified => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let (mut stream, answer) = (StreamOwned::new(connection, stream), answer.clone());
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).is_ok_and(|amount| amount > 0) {
                    let _gone = stream.write_all(answer.as_bytes());
                }
            });
        }
    });
    address
}

fn ask(dir: &Path, address: SocketAddr, registries: Option<&str>) -> Result<bool, ClientError> {
    let mut places = Places { certificates: vec![dir.to_owned()], ..Places::default() };
    if let Some(text) = registries {
        let file = dir.join("registries.conf");
        std::fs::write(&file, text).unwrap();
        places.registries.push(file);
    }
    let client = Client::with_patience(Config::load(places).unwrap(), patience());
    let repository = Repository { registry: address.to_string(), path: "app".into() };
    client.has_blob(&repository, &Digest::of(b"").into())
}

fn trust(dir: &Path, address: SocketAddr, file: &str, pem: &str) {
    let dir = dir.join(address.to_string());
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join(file), pem).unwrap();
}

#[test]
fn an_authority_is_believed_for_the_host_that_it_is_filed_under() {
    let authority = Authority::new();
    let (dir, address) = (tempfile::tempdir().unwrap(), serve(&authority, "127.0.0.1", Clients::Anybody));
    // Nobody falls back to plain HTTP because a certificate is wrong.
    assert_eq!(ask(dir.path(), address, None).unwrap_err().code(), "E-registry-tls");
    trust(dir.path(), address, "ca.crt", &authority.0.pem());
    assert!(ask(dir.path(), address, None).unwrap());
    let other = serve(&authority, "127.0.0.1", Clients::Anybody);
    assert_eq!(ask(dir.path(), other, None).unwrap_err().code(), "E-registry-tls");
}

#[test]
fn whoever_breaks_the_greeting_does_not_get_the_plain_text_of_a_host_with_certificates() {
    let plain = Server::start(|exchange| exchange.reply(200, &[], b""));
    let dir = tempfile::tempdir().unwrap();
    assert!(ask(dir.path(), plain.address, None).unwrap());
    trust(dir.path(), plain.address, "ca.crt", &Authority::new().0.pem());
    assert_eq!(ask(dir.path(), plain.address, None).unwrap_err().code(), "E-registry-tls");
    assert_eq!(plain.count(), 1);
}

#[test]
fn a_certificate_for_another_host_is_refused_unless_the_registry_is_called_insecure() {
    let authority = Authority::new();
    let (dir, address) = (tempfile::tempdir().unwrap(), serve(&authority, "other.example", Clients::Anybody));
    trust(dir.path(), address, "ca.crt", &authority.0.pem());
    assert_eq!(ask(dir.path(), address, None).unwrap_err().code(), "E-registry-tls");
    let waived = format!("[[registry]]\nlocation = \"{address}\"\ninsecure = true\n");
    assert!(ask(dir.path(), address, Some(&waived)).unwrap());
}

#[test]
fn a_client_shows_its_certificate_where_it_has_one() {
    let authority = Authority::new();
    let (dir, address) = (tempfile::tempdir().unwrap(), serve(&authority, "127.0.0.1", Clients::Certified));
    trust(dir.path(), address, "ca.crt", &authority.0.pem());
    assert!(ask(dir.path(), address, None).is_err());
    let (certificate, key) = authority.certify("me");
    trust(dir.path(), address, "client.cert", &certificate.pem());
    trust(dir.path(), address, "client.key", &key.serialize_pem());
    assert!(ask(dir.path(), address, None).unwrap());
    // A key that is another's is an error and no panic.
    trust(dir.path(), address, "client.key", &KeyPair::generate().unwrap().serialize_pem());
    assert_eq!(ask(dir.path(), address, None).unwrap_err().code(), "E-registry-certificate");
    trust(dir.path(), address, "client.key", "nonsense");
    assert_eq!(ask(dir.path(), address, None).unwrap_err().code(), "E-registry-certificate");
}

#[test]
fn nothing_leads_out_of_tls() {
    let plain = Server::start(|exchange| exchange.reply(200, &[], b""));
    let answer =
        format!("HTTP/1.1 307 x\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n", plain.address);
    let authority = Authority::new();
    let address = serve_with(&authority, "127.0.0.1", Clients::Anybody, answer);
    let dir = tempfile::tempdir().unwrap();
    trust(dir.path(), address, "ca.crt", &authority.0.pem());
    assert_eq!(ask(dir.path(), address, None).unwrap_err().code(), "E-registry-redirect");
    assert_eq!(plain.count(), 0);
}

#[test]
fn a_registry_behind_a_proxy_is_asked_through_it_and_only_over_tls() {
    let proxy = Server::start(|exchange| match exchange.nth {
        0 => exchange.reply(403, &[], b"no"),
        // Whoever takes the greeting in TLS answers in something else.
        _ => exchange.raw(b"HTTP/1.1 200 OK\r\n\r\n"),
    });
    let address = format!("http://me:s3cret@{}", proxy.address);
    let proxies = [("https_proxy".to_owned(), address)].into_iter().collect();
    let config = Config::load(Places { proxies, ..Places::default() }).unwrap();
    let client = Client::with_patience(config, patience());
    let repository = Repository { registry: "registry.invalid".into(), path: "app".into() };
    for code in ["E-registry-proxy", "E-registry-tls"] {
        let error = client.has_blob(&repository, &Digest::of(b"").into()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!format!("{error}{error:?}").contains("s3cret"));
    }
    let seen = proxy.seen();
    assert!(seen.len() == 2 && seen.iter().all(|seen| seen.is("CONNECT", "registry.invalid:443")));
    assert_eq!(seen[0].header("proxy-authorization"), Some("Basic bWU6czNjcmV0"));
}

/// A client of a registry at `registry.invalid:5000` that has no TLS and is behind these proxies.
fn behind(dir: &Path, https: &Server, http: &Server) -> (Client, Repository) {
    let proxies = [("https_proxy", https), ("http_proxy", http)];
    let proxies = proxies.map(|(name, server)| (name.to_owned(), format!("http://{}", server.address)));
    let file = dir.join("registries.conf");
    std::fs::write(&file, "[[registry]]\nlocation = \"registry.invalid:5000\"\ninsecure = true\n").unwrap();
    let places =
        Places { proxies: proxies.into_iter().collect(), registries: vec![file], ..Places::default() };
    let client = Client::with_patience(Config::load(places).unwrap(), patience());
    (client, Repository { registry: "registry.invalid:5000".into(), path: "app".into() })
}

#[test]
fn nobody_from_outside_sends_us_or_our_password_to_this_machine() {
    let here = Server::start(|exchange| exchange.reply(200, &[], b"{}"));
    let address = here.address;
    for (status, name, value) in [
        (307, "Location", format!("http://{address}/secrets")),
        (401, "WWW-Authenticate", format!("Bearer realm=\"http://{address}/token\"")),
    ] {
        let proxy = Server::start(move |exchange| match exchange.seen.method.as_str() {
            "CONNECT" => exchange.raw(b"HTTP/1.1 200 OK\r\n\r\n"),
            _ => exchange.reply(status, &[(name, &value)], b""),
        });
        let dir = tempfile::tempdir().unwrap();
        let (client, repository) = behind(dir.path(), &proxy, &proxy);
        let error = client.has_blob(&repository, &Digest::of(b"").into()).unwrap_err();
        assert_eq!(error.code(), "E-registry-redirect", "{error}");
    }
    assert_eq!(here.count(), 0);
}

#[test]
fn what_goes_without_tls_goes_through_the_proxy_for_that() {
    let script = |exchange: &mut crate::server::Exchange| match exchange.seen.method.as_str() {
        "CONNECT" => exchange.raw(b"HTTP/1.1 200 OK\r\n\r\n"),
        _ => exchange.reply(200, &[], b""),
    };
    let (https, http) = (Server::start(script), Server::start(script));
    let dir = tempfile::tempdir().unwrap();
    let (client, repository) = behind(dir.path(), &https, &http);
    assert!(client.has_blob(&repository, &Digest::of(b"").into()).unwrap());
    // The one is told of the greeting only.
    let (https, http) = (https.seen(), http.seen());
    assert!(https.len() == 1 && https[0].is("CONNECT", "registry.invalid:5000"));
    assert!(http.len() == 2 && http[0].is("CONNECT", "registry.invalid:5000") && http[1].method == "HEAD");
}
