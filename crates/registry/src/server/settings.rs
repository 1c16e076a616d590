//! What a server is told: a file in TOML, of which every key has a default. Options of the command go before it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use super::depot::rules::Rules;

/// Where a server listens if nobody says so: on this host alone.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5000);

/// The largest file of settings.
const LARGEST: usize = 256 * 1024;

/// What a server is told.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it listens for whoever collects metrics; with everything else if nothing is said.
    pub metrics_listen: Option<SocketAddr>,
    /// Its address as clients know it, `https://registry.example`, where something stands before it. Without, it
    /// is what they call it.
    pub public: Option<String>,
    /// How long requests may take to end when the server does, in seconds.
    pub grace: u64,
    /// Who may do what.
    pub access: AccessSettings,
    /// How connections are made safe.
    pub tls: TlsSettings,
    /// Where everything is kept.
    pub storage: StorageSettings,
    /// What is kept, unchanged and bounded.
    pub rules: Rules,
}

/// Who may do what, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessSettings {
    /// What the registry is called in its tokens. Servers that share a shelf share it.
    pub service: String,
    /// What those may do who do not say who they are.
    pub anonymous: Anonymous,
    /// Requests in a second from one address, in the long run; four times as many at once.
    pub requests_per_address: u32,
    /// The same for one user or token, from wherever.
    pub requests_per_identity: u32,
}

/// What those may do who do not say who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Anonymous {
    /// Nothing.
    #[default]
    None,
    /// Pull everything.
    Pull,
}

/// How connections are made safe.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// With whose certificate, if with any.
    pub mode: Option<TlsMode>,
    /// The chain of certificates, in PEM, for `mode = "files"`.
    pub certificate: Option<PathBuf>,
    /// The key that belongs to it, in PEM.
    pub key: Option<PathBuf>,
    /// The names in a generated certificate, besides those of the address that it listens on.
    pub names: Vec<String>,
}

/// With whose certificate a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// With one that it makes.
    Auto,
    /// With one that it is given.
    Files,
    /// With none, in the clear: allowed on this host, and elsewhere where it is said twice.
    Off,
}

/// Where everything is kept.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageSettings {
    /// A directory of this host, with everything in it, or with generated certificates only where there is a bucket.
    pub root: Option<PathBuf>,
    /// A bucket, `s3://BUCKET[/PREFIX]`.
    pub bucket: Option<String>,
    /// The address of the object store that has it.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: Option<String>,
    /// A file with the access key in its first line and the secret in its second, for nobody else to read.
    pub credentials: Option<PathBuf>,
    /// Authorities in PEM that are believed about the object store in place of the host's.
    pub authorities: Option<PathBuf>,
    /// Whether the bucket's name goes before the host, as Amazon wants it.
    pub virtual_host: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: LISTEN,
            metrics_listen: None,
            public: None,
            grace: 30,
            access: AccessSettings::default(),
            tls: TlsSettings::default(),
            storage: StorageSettings::default(),
            rules: Rules::default(),
        }
    }
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            service: "coffer-registry".to_owned(),
            anonymous: Anonymous::None,
            requests_per_address: 1000,
            requests_per_identity: 1000,
        }
    }
}

/// What is wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub String);

impl Settings {
    /// Reads a file's text.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        if text.len() > LARGEST {
            return Err(SettingsError(format!("it has more than {LARGEST} bytes")));
        }
        let settings: Self = toml::from_str(text).map_err(|error| SettingsError(error.to_string()))?;
        settings.checked()
    }

    /// The same, if they agree with each other.
    ///
    /// # Errors
    /// Which do not.
    pub fn checked(self) -> Result<Self, SettingsError> {
        let no = |why: &str| Err(SettingsError(why.to_owned()));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
        if !(1..=128).contains(&self.access.service.len()) || !self.access.service.bytes().all(plain) {
            return no("`service` has to be 1 to 128 letters, digits and `.-_:`");
        }
        if self.access.requests_per_address == 0 || self.access.requests_per_identity == 0 {
            return no("`requests_per_address` and `requests_per_identity` have to be at least 1");
        }
        if self.public.as_ref().is_some_and(|public| !is_address(public)) {
            return no("`public` has to be like https://registry.example, without a path");
        }
        if self.storage.bucket.is_some() != self.storage.endpoint.is_some() {
            return no("`bucket` and `endpoint` go together");
        }
        let files = self.tls.certificate.is_some() && self.tls.key.is_some();
        let any = self.tls.certificate.is_some() || self.tls.key.is_some();
        match self.tls.mode {
            Some(TlsMode::Files) if !files => no("TLS from files needs `certificate` and `key`"),
            Some(TlsMode::Auto | TlsMode::Off) if any => {
                no("`certificate` and `key` are for TLS from files: mode = \"files\"")
            }
            None if any && !files => no("`certificate` and `key` go together"),
            _ => Ok(self),
        }
    }

    /// With whose certificate to speak: with the given one, or one that is made where others can listen.
    #[must_use]
    pub fn tls_mode(&self) -> TlsMode {
        match self.tls.mode {
            Some(mode) => mode,
            None if self.tls.certificate.is_some() => TlsMode::Files,
            None if self.listen.ip().is_loopback() => TlsMode::Off,
            None => TlsMode::Auto,
        }
    }
}

/// `http://` or `https://`, a host and nothing else.
fn is_address(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    (1..=255).contains(&host.len()) && host.bytes().all(allowed)
}

/// Without where the credentials are.
impl std::fmt::Debug for StorageSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "StorageSettings({:?})",
            self.root.as_deref().map_or(self.bucket.as_deref(), |path| path.to_str())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_safe() {
        let settings = Settings::parse("").unwrap();
        assert_eq!(settings, Settings::default());
        assert!(settings.listen.ip().is_loopback());
        assert_eq!((settings.access.anonymous, settings.tls_mode()), (Anonymous::None, TlsMode::Off));
        let wide = Settings::parse("listen = \"0.0.0.0:5000\"").unwrap();
        assert_eq!(wide.tls_mode(), TlsMode::Auto);
        let files = Settings::parse("[tls]\ncertificate = \"/c\"\nkey = \"/k\"").unwrap();
        assert_eq!(files.tls_mode(), TlsMode::Files);
    }

    #[test]
    fn a_mistake_is_an_error_that_names_it() {
        for (text, named) in [
            ("lisen = 1", "lisen"),
            ("listen = \"5000\"", "listen"),
            ("public = \"https://host/path\"", "public"),
            ("public = \"host\"", "public"),
            ("[access]\nanonymous = \"push\"", "push"),
            ("[access]\nservice = \"a\\\"b\"", "service"),
            ("[access]\nrequests_per_address = 0", "requests_per_address"),
            ("[[rules.quota]]\nrepositories = \"a\"", "bytes"),
            ("[rules.collection]\ngrace_minutes = 1", "grace_minutes"),
            ("[storage]\nbucket = \"s3://b\"", "endpoint"),
            ("[tls]\nmode = \"files\"", "certificate"),
            ("[tls]\nkey = \"/k\"", "certificate"),
            ("[tls]\nmode = \"off\"\nkey = \"/k\"", "files"),
        ] {
            let error = Settings::parse(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
        assert!(Settings::parse(&"#".repeat(LARGEST + 1)).is_err());
    }
}
