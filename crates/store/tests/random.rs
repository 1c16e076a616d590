//! Bytes that nobody meant: never a panic, and never a file outside the root.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

use std::fs::File;
use std::path::Path;

use coffer_store::{Limits, Owner, fuzz};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    entries: 200,
    path_bytes: 1 << 16,
    layer_bytes: 1 << 20,
    image_bytes: 1 << 20,
    ratio: 200,
    ratio_floor: 1 << 20,
    path: 4096,
    component: 255,
    depth: 64,
    xattrs: 1 << 16,
    manifest: 1 << 16,
    config: 1 << 16,
    layers: 8,
    attached: 8,
    attached_bytes: 1 << 20,
};

/// Of the real tools: several streams and blocks with checks of every kind, and a filter for programs.
const STREAMS_XZ: &[u8] = include_bytes!("fixtures/streams.xz");
const STREAMS_BZIP2: &[u8] = include_bytes!("fixtures/streams.bz2");
const FILTERED_XZ: &[u8] = include_bytes!("fixtures/x86.xz");

/// Entries of every kind with names that collide, climb and point at each other.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "a",
        "a/b",
        "a/b/c",
        "../x",
        "/a",
        "./a",
        "a/../../x",
        ".wh.a",
        "a/.wh.b",
        ".wh..wh.opq",
        "a/.wh..wh..opq",
        ".wh...",
        "link",
        "link/x",
        "link/link",
        "a/",
        ".",
        "",
    ]);
    let link = prop::sample::select(vec!["a", "link", "..", "../..", "/", "/tmp", "a/b", "../../outside"]);
    let kind = prop::sample::select(b"0123456789SxgLKV".to_vec());
    let content = prop::collection::vec(any::<u8>(), 0..600);
    (name, link, kind, content, any::<u16>()).prop_map(|(name, link, kind, content, mode)| {
        let mut header = tar::Header::new_ustar();
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        old.linkflag = [kind];
        header.set_mode(u32::from(mode));
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        header.set_cksum();
        let padding = content.len().next_multiple_of(512) - content.len();
        [&header.as_bytes()[..], &content, &vec![0; padding]].concat()
    })
}

/// Everything below `directory`, but for the root of the unpacking.
fn outside(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn privileged_random_archives_never_write_outside_the_root(entries in prop::collection::vec(entry(), 0..12)) {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("outside"), "whole").unwrap();
        let root = directory.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let _refused = fuzz::layer(&entries.concat(), &File::open(&root).unwrap().into(), Owner::Root, &LIMITS);
        prop_assert_eq!(outside(directory.path()), ["outside", "root"]);
        prop_assert_eq!(std::fs::read(directory.path().join("outside")).unwrap(), b"whole");
    }

    #[test]
    fn damaged_archives_never_panic(
        entries in prop::collection::vec(entry(), 0..12),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let mut bytes = entries.concat();
        for (at, byte) in damage {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let _either = fuzz::walk(&bytes, &LIMITS);
    }

    #[test]
    fn damaged_packings_never_panic_and_stay_within_their_limits(
        packed in prop::sample::select(vec![&b"\xfd7zXZ\0"[..], b"BZh9", STREAMS_XZ, STREAMS_BZIP2, FILTERED_XZ]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        more in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = [packed, more.as_slice()].concat();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(unpacked) = fuzz::unwrapped(&bytes, &LIMITS) {
            prop_assert!(unpacked <= LIMITS.ratio_floor);
        }
    }

    #[test]
    fn random_bytes_are_no_archive_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let _either = fuzz::walk(&bytes, &LIMITS);
        prop_assert!(fuzz::json(&bytes) <= 4);
    }
}
