//! Files at addresses: fetched once, as often as they are asked for, into a directory of ours.

use std::fs::{DirBuilder, File, FileTimes, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use build::provenance::Dependency;
use model::digest::{ClaimedDigest, Digest, Hasher};
use registry::client::{Client, Download};
use registry::config::Config;
use store::Scratch;

use super::error::FilesError;
use crate::engine::Engine;
use crate::registries::RegistriesError;
use crate::state::open_dir;

/// What is fetched lies in this directory of its scratch directory.
const CONTENT: &str = "content";
/// What a file is called whose address has no name.
const UNNAMED: &str = "__unnamed__";
/// Permission bits of a file that was fetched (Dockerfile reference, "ADD").
const MODE: u32 = 0o600;
const PIECE: usize = 128 << 10;
/// Bytes of one file: a server can send without end.
const MAX_BYTES: u64 = 16 << 30;

/// What was fetched, as long as it is used.
pub(super) struct Fetched {
    pub(super) scratch: Scratch,
    pub(super) directory: OwnedFd,
    /// For whoever asks what went in.
    pub(super) what: Dependency,
}

impl Engine {
    /// Fetches the file at an address; also what it is called.
    pub(super) fn fetched(&self, url: &str, checksum: Option<&str>) -> Result<(Fetched, String), FilesError> {
        let wanted = checksum.map(|text| {
            text.parse::<ClaimedDigest>()
                .map_err(|_| FilesError::NoChecksum(text.chars().take(100).collect()))
        });
        let wanted = wanted.transpose()?;
        let Download { body, modified } = self.download(url)?;
        let scratch = self.store.scratch()?;
        let (path, directory) = content(&scratch)?;
        let name = name_of(url);
        let failed = |source| FilesError::Write { path: name.clone(), source };
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(MODE).open(path.join(&name)).map_err(failed)?;
        let digest = copied(url, body, &file, MAX_BYTES)?;
        if let Some(wanted) = wanted {
            let what = url.to_owned();
            wanted.confirm(digest).map_err(|mismatch| FilesError::Checksum { what, mismatch })?;
        }
        file.set_permissions(Permissions::from_mode(MODE)).map_err(failed)?;
        let modified = modified.as_deref().and_then(crate::time::http_date).unwrap_or(0);
        let since = Duration::from_secs(u64::try_from(modified).unwrap_or(0));
        file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + since)).map_err(failed)?;
        let what = Dependency::Address { url: url.to_owned(), digest: digest.into() };
        Ok((Fetched { scratch, directory, what }, name))
    }

    /// Asks for what is at an address. Nobody is shown credentials.
    pub(super) fn download(&self, url: &str) -> Result<Download, FilesError> {
        let failed = |cause: String| FilesError::Fetch { url: url.to_owned(), cause };
        let places =
            self.places.clone().ok_or_else(|| failed("nobody said what is reached how".to_owned()))?;
        let config =
            Config::load(places).map_err(|error| failed(RegistriesError::from(error).to_string()))?;
        let client = Client::new(config).map_err(|error| failed(error.to_string()))?;
        client.fetch(url).map_err(|error| failed(error.to_string()))
    }
}

/// The directory for what is fetched.
pub(super) fn content(scratch: &Scratch) -> Result<(std::path::PathBuf, OwnedFd), FilesError> {
    let path = scratch.path().join(CONTENT);
    let failed = |source| FilesError::Write { path: path.display().to_string(), source };
    DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
    let directory = open_dir(&path).map_err(|errno| failed(errno.into()))?;
    Ok((path, directory))
}

fn copied(url: &str, mut body: impl Read, mut file: &File, most: u64) -> Result<Digest, FilesError> {
    let (mut hasher, mut bytes) = (Hasher::new(), 0_u64);
    let mut buffer = vec![0; PIECE];
    loop {
        let length = match body.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => {
                read.map_err(|error| FilesError::Fetch { url: url.to_owned(), cause: error.to_string() })?
            }
        };
        let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else { break };
        bytes = bytes.saturating_add(length as u64);
        if bytes > most {
            return Err(FilesError::Limit { what: format!("`{url}`"), limit: "bytes", allowed: most });
        }
        hasher.update(piece);
        io::Write::write_all(&mut file, piece)
            .map_err(|source| FilesError::Write { path: url.to_owned(), source })?;
    }
    Ok(hasher.finish())
}

/// The last part of an address's path.
fn name_of(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once('/').map_or("", |(_, path)| path);
    let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| UNNAMED.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sends_without_end_is_not_heard_out() {
        let copied =
            |body: &mut dyn Read| copied("https://x/y", body, &tempfile::tempfile().unwrap(), 1 << 20);
        let error = copied(&mut io::repeat(7)).unwrap_err();
        assert_eq!(error.to_string(), "`https://x/y` has more than 1048576 bytes");
        assert!(copied(&mut io::repeat(7).take(1 << 20)).is_ok());
    }

    #[test]
    fn a_file_is_called_as_its_address_ends() {
        for (url, name) in [
            ("https://example.org/a/b.tar?x=/y#z", "b.tar"),
            ("https://example.org/a/", "a"),
            ("https://example.org/", UNNAMED),
            ("https://example.org", UNNAMED),
            ("https://example.org/..", UNNAMED),
        ] {
            assert_eq!(name_of(url), name, "{url}");
        }
    }
}
