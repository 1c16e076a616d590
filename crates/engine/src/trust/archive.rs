//! A publisher's files in one tar archive, to carry them to where there is no network.

use std::io::{Read, Write};

use super::error::TrustError;
use super::files::{Files, MOST_BYTES, MOST_TOTAL};

/// What an archive has around its files: a header for each, and padding.
const AROUND: u64 = 4 << 20;

/// Writes the archive; the same files have the same bytes.
pub(super) fn write(files: &Files, out: &mut dyn Write) -> std::io::Result<()> {
    let mut archive = tar::Builder::new(out);
    for (name, bytes) in files.iter() {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, name, bytes)?;
    }
    archive.into_inner()?.flush()
}

/// Reads an archive that has nothing but a publisher's files: nothing of it becomes a file before that.
pub(super) fn read(from: &mut dyn Read) -> Result<Files, TrustError> {
    let unread = |error: std::io::Error| TrustError::Carriage(error.to_string());
    let mut archive = tar::Archive::new(from.take(MOST_TOTAL + AROUND));
    let mut files = Files::default();
    // Raw: names that need an extension are none of a publisher's.
    for entry in archive.entries().map_err(unread)?.raw(true) {
        let entry = entry.map_err(unread)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match entry.header().entry_type() {
            tar::EntryType::Regular => {}
            // As tar(1) packs a directory.
            tar::EntryType::Directory => continue,
            _ => return Err(TrustError::FileName(name.chars().take(80).collect())),
        }
        let size = entry.header().entry_size().map_err(unread)?;
        let mut bytes = Vec::new();
        entry.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unread)?;
        if bytes.len() as u64 != size.min(MOST_BYTES + 1) {
            return Err(TrustError::Carriage(format!("it ends within `{name}`")));
        }
        if files.get(name.strip_prefix("./").unwrap_or(&name)).is_some() {
            return Err(TrustError::Carriage(format!("it has `{name}` twice")));
        }
        files.add(name.strip_prefix("./").unwrap_or(&name), bytes)?;
    }
    if files.is_empty() {
        return Err(TrustError::Carriage("it has none of a publisher's files".to_owned()));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn files(contents: impl IntoIterator<Item = (String, Vec<u8>)>) -> Files {
        let mut files = Files::default();
        contents.into_iter().for_each(|(name, bytes)| files.add(&name, bytes).unwrap());
        files
    }

    fn packed(files: &Files) -> Vec<u8> {
        let mut archive = Vec::new();
        write(files, &mut archive).unwrap();
        archive
    }

    proptest! {
        #[test]
        fn files_come_back(contents in btree_map("[0-9a-z]{1,90}\\.json", vec(any::<u8>(), 0..2000), 1..8)) {
            let files = files(contents);
            prop_assert_eq!(read(&mut packed(&files).as_slice()).unwrap(), files);
        }

        #[test]
        fn no_archive_is_too_odd(bytes in vec(any::<u8>(), 0..2000)) {
            let _either = read(&mut bytes.as_slice());
        }

        #[test]
        fn a_changed_archive_gives_files_or_an_error(at in 0..2048_usize, byte in any::<u8>()) {
            let mut archive = packed(&files([("timestamp.json".to_owned(), vec![7; 600])]));
            archive[at] = byte;
            let _either = read(&mut archive.as_slice());
        }
    }

    #[test]
    fn an_archive_that_ends_within_a_file_is_refused() {
        let archive = packed(&files([("timestamp.json".to_owned(), vec![7; 600])]));
        for length in [0, 100, 512, 700, 1111] {
            assert!(read(&mut &archive[..length]).is_err(), "{length}");
        }
    }

    /// An archive with one odd entry.
    fn odd(kind: tar::EntryType, name: &str) -> Result<Files, TrustError> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(1);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, [b'x'].as_slice()).unwrap();
        read(&mut archive.into_inner().unwrap().as_slice())
    }

    #[test]
    fn only_plain_files_with_plain_names_are_taken() {
        assert!(odd(tar::EntryType::Regular, "./a.json").is_ok());
        for (kind, name) in [
            (tar::EntryType::Symlink, "a.json"),
            (tar::EntryType::Link, "a.json"),
            (tar::EntryType::GNULongName, "a.json"),
            (tar::EntryType::XHeader, "a.json"),
            (tar::EntryType::Regular, "../a.json"),
            (tar::EntryType::Regular, "/a.json"),
            (tar::EntryType::Regular, "d/a.json"),
        ] {
            assert!(matches!(odd(kind, name), Err(TrustError::FileName(_))), "{kind:?} {name}");
        }
    }
}
