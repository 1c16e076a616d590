//! Where a bucket is and who we are there.

use std::fmt;

use hyper::Uri;

use crate::server::shelf::error::{Result, ShelfError};

/// Where a bucket is and who we are there.
#[derive(Clone)]
pub struct BucketSettings {
    /// `https://host` or `https://host:port`.
    pub endpoint: String,
    /// The bucket. It has to be there.
    pub bucket: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The access key.
    pub access_key: String,
    /// The secret that goes with it.
    pub secret_key: String,
    /// A session token, for credentials that expire.
    pub token: Option<String>,
    /// What all our names begin with, so that others can use the bucket too. Empty for nothing.
    pub prefix: String,
    /// Where the bucket's name goes.
    pub addressing: Addressing,
    /// Authorities in PEM that are believed in place of the host's.
    pub authorities: Option<Vec<u8>>,
    /// Whether a connection may be without TLS.
    pub plain: Plain,
}

/// Where a request names the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// In the path: most stores but Amazon's.
    Path,
    /// Before the host.
    Host,
}

/// Whether `http://` is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// Only to this very host.
    Loopback,
    /// To any host: whoever is on the way reads and changes everything.
    Allowed,
}

impl BucketSettings {
    /// Refuses what would send bytes in the clear, or names that mean something else on the way.
    pub(super) fn check(&self) -> Result<()> {
        let uri: Uri = self.endpoint.parse().map_err(|_| self.unfit("its endpoint is no address"))?;
        let host = uri.host().ok_or_else(|| self.unfit("its endpoint has no host"))?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if self.plain == Plain::Allowed || is_loopback(host) => {}
            Some("http") => return Err(self.unfit("without TLS it has to be on this host")),
            _ => return Err(self.unfit("its endpoint has to begin with https://")),
        }
        let segments = self.prefix.split('/').filter(|_| !self.prefix.is_empty());
        if segments.into_iter().any(|segment| crate::server::shelf::Key::new(&[segment]).is_err()) {
            return Err(
                self.unfit("its prefix has to be names of letters, digits and `._-@+` between slashes")
            );
        }
        Ok(())
    }

    pub(super) fn unfit(&self, why: &str) -> ShelfError {
        ShelfError::Unfit { what: self.to_string(), why: why.to_owned() }
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for BucketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.endpoint, self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

/// Without what is secret.
impl fmt::Debug for BucketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(endpoint: &str, prefix: &str) -> BucketSettings {
        BucketSettings {
            endpoint: endpoint.to_owned(),
            bucket: "images".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "key".to_owned(),
            secret_key: "hush".to_owned(),
            token: None,
            prefix: prefix.to_owned(),
            addressing: Addressing::Path,
            authorities: None,
            plain: Plain::Loopback,
        }
    }

    #[test]
    fn bytes_go_in_the_clear_only_to_this_host() {
        for good in ["https://s3.example", "http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost"] {
            settings(good, "").check().unwrap();
        }
        for bad in ["http://s3.example", "http://127.0.0.1.example", "ftp://127.0.0.1", "s3.example", "/"] {
            assert!(settings(bad, "").check().is_err(), "{bad}");
        }
        let allowed = BucketSettings { plain: Plain::Allowed, ..settings("http://s3.example", "") };
        allowed.check().unwrap();
    }

    #[test]
    fn a_prefix_is_names_and_secrets_stay_secret() {
        settings("https://s3.example", "team/registry").check().unwrap();
        for bad in ["/a", "a/", "a//b", "..", "a b"] {
            assert!(settings("https://s3.example", bad).check().is_err(), "{bad}");
        }
        assert!(!format!("{0:?}{0}", settings("https://s3.example", "")).contains("hush"));
    }
}
