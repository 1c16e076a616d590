//! From settings to a shelf.

use std::fs::{DirBuilder, File};
use std::io::Read as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::settings::{SettingsError, StorageSettings};
use super::shelf::{Addressing, BucketSettings, Plain, Shelf, ShelfError};

/// The largest file with credentials or authorities.
const LARGEST: u64 = 1024 * 1024;

/// Why there is no shelf.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The place.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
}

impl StorageSettings {
    /// Opens the bucket that is named, or else the directory `data`.
    ///
    /// # Errors
    /// Settings that cannot be followed, and a place that cannot be used.
    pub async fn open(&self, data: &Path) -> Result<Shelf, StorageError> {
        match &self.bucket {
            Some(bucket) => Ok(Shelf::bucket(&self.bucket_settings(bucket)?).await?),
            None => Ok(Shelf::disk(data)?),
        }
    }

    fn bucket_settings(&self, bucket: &str) -> Result<BucketSettings, SettingsError> {
        let no = |why: &str| SettingsError(why.to_owned());
        let place =
            bucket.strip_prefix("s3://").ok_or_else(|| no("`bucket` has to be like s3://BUCKET/PREFIX"))?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let credentials = self.credentials.as_deref();
        let credentials = credentials.ok_or_else(|| no("a bucket needs a file with `credentials`"))?;
        let (access_key, secret_key, token) = keys(credentials)?;
        Ok(BucketSettings {
            endpoint: self.endpoint.clone().ok_or_else(|| no("a bucket needs an `endpoint`"))?,
            bucket: bucket.to_owned(),
            region: self.region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
            access_key,
            secret_key,
            token,
            prefix: prefix.trim_end_matches('/').to_owned(),
            addressing: if self.virtual_host { Addressing::Host } else { Addressing::Path },
            authorities: self.authorities.as_deref().map(read).transpose()?,
            plain: Plain::Loopback,
        })
    }
}

/// An access key, a secret and perhaps a session's token, each on a line.
fn keys(path: &Path) -> Result<(String, String, Option<String>), SettingsError> {
    let wrong = |why: &str| SettingsError(format!("`{}` {why}", path.display()));
    let meta = std::fs::metadata(path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    if meta.mode() & 0o077 != 0 {
        return Err(wrong("can be read by others: chmod 600"));
    }
    let text = String::from_utf8(read(path)?).map_err(|_| wrong("is no text"))?;
    let mut lines = text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
    match (lines.next(), lines.next(), lines.next()) {
        (Some(key), Some(secret), token) => Ok((key, secret, token)),
        _ => Err(wrong("has to have the access key in its first line and the secret in its second")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SettingsError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .map_err(|error| SettingsError(format!("`{}` cannot be read: {error}", path.display())))?;
    Ok(bytes)
}

/// Where a registry of this host is kept, and its certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// For this user alone; `data` and `tls` are made in it.
    pub directory: PathBuf,
}

impl Home {
    /// Makes the directory if it is not there, for this user alone.
    ///
    /// # Errors
    /// One that cannot be made, or that others can enter.
    pub fn prepare(&self) -> Result<(), StorageError> {
        let wrong = |why: String| SettingsError(format!("`{}` {why}", self.directory.display()));
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.directory).map_err(|error| wrong(format!("cannot be made: {error}")))?;
        let meta = std::fs::symlink_metadata(&self.directory);
        let meta = meta.map_err(|error| wrong(format!("cannot be looked at: {error}")))?;
        if !meta.is_dir() || meta.mode() & 0o077 != 0 {
            return Err(wrong("can be entered by others: chmod 700".to_owned()).into());
        }
        Ok(())
    }

    /// The shelf, if it is on this host.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Generated certificates.
    #[must_use]
    pub fn tls(&self) -> PathBuf {
        self.directory.join("tls")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_bucket_is_read_with_its_keys_which_nobody_else_can_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("keys");
        std::fs::write(&file, "key\nhush\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let settings = StorageSettings {
            endpoint: Some("https://s3.example".into()),
            credentials: Some(file.clone()),
            ..StorageSettings::default()
        };
        let bucket = settings.bucket_settings("s3://images/team/registry").unwrap();
        assert_eq!((bucket.bucket.as_str(), bucket.prefix.as_str()), ("images", "team/registry"));
        assert_eq!((bucket.access_key.as_str(), bucket.secret_key.as_str()), ("key", "hush"));
        assert!(settings.bucket_settings("images").is_err());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(settings.bucket_settings("s3://images").unwrap_err().0.contains("chmod 600"));
        std::fs::write(&file, "key\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(settings.bucket_settings("s3://images").is_err());
    }
}
