//! Archives and compressed streams, known by their first bytes.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;

use super::{Documents, Input, Visit, limit};
use crate::import::ImportError;

/// Longest name of an entry, in bytes.
const MAX_NAME: u64 = 4096;
/// zstd's largest window, as a power of two: what its own tool accepts.
const MAX_WINDOW: u32 = 27;

/// What a stream is, before anybody asks what its document is.
enum Wrapping {
    Gzip,
    Zstd,
    Tar,
    Zip,
    None,
}

impl Wrapping {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Zip,
            _ if head.get(257..262) == Some(b"ustar") => Self::Tar,
            _ => Self::None,
        }
    }
}

/// Whether `file` is a zip archive; it is left where it was.
pub(super) fn is_zip(file: &mut File) -> io::Result<bool> {
    let mut head = Vec::new();
    file.take(4).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(matches!(Wrapping::of(&head), Wrapping::Zip))
}

impl Documents<'_> {
    /// The documents of a stream, which is `depth` archives deep.
    pub(in crate::import) fn stream(
        &mut self,
        name: &str,
        stream: &mut dyn Read,
        depth: usize,
        visit: &mut Visit<'_>,
    ) -> Result<(), ImportError> {
        if depth > self.limits.depth {
            return Err(limit(name, "archives in each other", self.limits.depth as u64));
        }
        let most = self.limits.bytes;
        let mut metered = Metered { inner: stream, left: most.saturating_sub(self.bytes), most };
        let result = self.unwrapped(name, &mut metered, depth, visit);
        // What is unpacked within counts by itself; of the two, the more is what the stream came to.
        self.bytes = self.bytes.max(most.saturating_sub(metered.left));
        result
    }

    fn unwrapped(
        &mut self,
        name: &str,
        stream: &mut dyn Read,
        depth: usize,
        visit: &mut Visit<'_>,
    ) -> Result<(), ImportError> {
        let mut input = Input::new(stream).map_err(|cause| broken(name, cause))?;
        match Wrapping::of(input.head()) {
            Wrapping::Gzip => {
                let name = name.strip_suffix(".gz").unwrap_or(name);
                let mut plain = BufReader::new(MultiGzDecoder::new(BufReader::new(&mut input)));
                self.stream(name, &mut plain, depth + 1, visit)
            }
            Wrapping::Zstd => {
                let mut plain = zstd::Decoder::new(&mut input).map_err(|cause| broken(name, cause))?;
                plain.window_log_max(MAX_WINDOW).map_err(|cause| broken(name, cause))?;
                let name = name.strip_suffix(".zst").unwrap_or(name);
                self.stream(name, &mut BufReader::new(plain), depth + 1, visit)
            }
            Wrapping::Tar => self.tar(name, &mut input, depth, visit),
            Wrapping::Zip | Wrapping::None => self.document(name, input, visit),
        }
    }

    fn tar(
        &mut self,
        name: &str,
        stream: &mut dyn Read,
        depth: usize,
        visit: &mut Visit<'_>,
    ) -> Result<(), ImportError> {
        let broken = |cause| broken(name, cause);
        let mut long_name = None;
        // Raw entries: the library would hold extended headers of any size in memory.
        for entry in tar::Archive::new(stream).entries().map_err(broken)?.raw(true) {
            let mut entry = entry.map_err(broken)?;
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() {
                long_name = Some(text(&mut entry).map_err(broken)?);
            } else if kind.is_pax_local_extensions() {
                long_name = path_of(&text(&mut entry).map_err(broken)?).or(long_name);
            } else if kind.is_file() || kind.is_contiguous() {
                let short = || String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let inner = format!("{name}/{}", long_name.take().unwrap_or_else(short));
                self.stream(&inner, &mut entry, depth + 1, visit)?;
            } else {
                long_name = None;
            }
        }
        Ok(())
    }

    /// The documents of a zip archive.
    pub(super) fn zip(&mut self, name: &str, file: File, visit: &mut Visit<'_>) -> Result<(), ImportError> {
        let wrong = |cause: zip::result::ZipError| broken(name, io::Error::other(cause));
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(wrong)?;
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(wrong)?;
            if entry.is_file() {
                let inner = format!("{name}/{}", entry.name().map_err(wrong)?);
                self.stream(&inner, &mut entry, 1, visit)?;
            }
        }
        Ok(())
    }
}

/// A stream that ends with an error once it is longer than it may be.
struct Metered<'a> {
    inner: &'a mut dyn Read,
    left: u64,
    most: u64,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(length as u64).ok_or_else(|| {
            io::Error::other(format!("more than {} bytes once unpacked; import it in parts", self.most))
        })?;
        Ok(length)
    }
}

/// The text of an extended header, of which no more is read than a name may have.
fn text(entry: &mut impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    entry.take(MAX_NAME).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
}

/// The path among the records of an extended header, each `LENGTH KEY=VALUE`.
fn path_of(records: &str) -> Option<String> {
    let record = records.lines().find_map(|line| line.split_once(" path="))?;
    Some(record.1.to_owned())
}

fn broken(name: &str, cause: io::Error) -> ImportError {
    ImportError::Read { path: name.to_owned(), cause }
}
