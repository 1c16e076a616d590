//! Archives made here, whole and broken.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;

/// How a test packs a member.
#[derive(Debug, Clone, Copy)]
pub(in crate::language) enum Packing {
    Stored,
    Deflated,
}

/// An archive with these members.
pub(in crate::language) fn archive(members: &[(&str, &[u8])], packing: Packing) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let (method, packed) = match packing {
            Packing::Stored => (0_u16, data.to_vec()),
            Packing::Deflated => (8, deflated(data)),
        };
        let header = u32::try_from(bytes.len()).unwrap();
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0]);
        common.extend(method.to_le_bytes());
        common.extend([0; 8]);
        common.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        common.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0; 2]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(header.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, offset) = (u16::try_from(members.len()).unwrap(), u32::try_from(bytes.len()).unwrap());
    let size = u32::try_from(directory.len()).unwrap();
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn read_all(bytes: &[u8], limit: u64) -> Result<Vec<(String, Vec<u8>)>, Flaw> {
    let (content, mut budget) = (Content::Bytes(bytes), Budget::new());
    let archive = Archive::open(&content, |_| true, &mut budget)?;
    let one = |member: &Member| Ok((member.name.clone(), archive.read(member, limit, &mut budget)?));
    archive.members().iter().map(one).collect()
}

#[test]
fn members_are_listed_and_read() {
    let members: &[(&str, &[u8])] = &[("a", b"one"), ("b/c", &[7; 100_000])];
    for packing in [Packing::Stored, Packing::Deflated] {
        let read = read_all(&archive(members, packing), 1 << 20).unwrap();
        let expected: Vec<_> =
            members.iter().map(|(name, data)| ((*name).to_owned(), data.to_vec())).collect();
        assert_eq!(read, expected);
    }
}

#[test]
fn a_script_before_an_archive_and_a_comment_after_it_are_no_obstacle() {
    let plain = archive(&[("a", b"one")], Packing::Deflated);
    let mut bytes = b"#!/bin/sh\nexec java -jar $0\n".to_vec();
    bytes.extend(&plain);
    let length = bytes.len();
    bytes[length - 2] = 3;
    bytes.extend(b"PK!");
    assert_eq!(read_all(&bytes, 100).unwrap(), [("a".to_owned(), b"one".to_vec())]);
}

#[test]
fn sizes_beyond_32_bits_are_read_from_the_extra_field() {
    let mut extra = vec![9, 0, 1, 0, 0, 1, 0, 16, 0];
    extra.extend(5_u64.to_le_bytes());
    extra.extend(6_u64.to_le_bytes());
    let mut record = b"PK\x01\x02\x14\x00\x14\x00\x00\x00\x00\x00".to_vec();
    record.extend([0; 8]);
    record.extend([0xff; 8]);
    record.extend([1, 0, u8::try_from(extra.len()).unwrap(), 0]);
    record.extend([0; 10]);
    record.extend(0_u32.to_le_bytes());
    record.push(b'a');
    record.extend(extra);
    // The 64-bit end record, its locator, and the end record that says to look there.
    let size = record.len() as u64;
    let mut bytes = record;
    bytes.extend(b"PK\x06\x06");
    bytes.extend([0; 36]);
    bytes.extend(size.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(size.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(b"PK\x05\x06\0\0\0\0\0\0\0\0");
    bytes.extend([0xff; 8]);
    bytes.extend([0; 2]);
    let content = Content::Bytes(&bytes);
    let archive = Archive::open(&content, |_| true, &mut Budget::new()).unwrap();
    let [member] = archive.members() else { panic!("{archive:?}") };
    assert_eq!((member.size, member.packed), (5, 6));
}

#[test]
fn a_bomb_is_a_flaw() {
    let bytes = archive(&[("a", &vec![0; 10 << 20])], Packing::Deflated);
    assert!(bytes.len() < 20_000);
    assert!(matches!(read_all(&bytes, 1 << 20), Err(Flaw::TooLarge { limit, .. }) if limit == 1 << 20));
    let content = Content::Bytes(&bytes);
    let mut budget = Budget::new();
    let archive = Archive::open(&content, |_| true, &mut budget).unwrap();
    let member = archive.members().first().unwrap();
    let spent = (0..1000).find(|_| archive.read(member, 20 << 20, &mut budget).is_err());
    assert_eq!(spent, Some(102), "1 GiB is the most for one file");
}

#[test]
fn members_that_overlap_are_a_flaw() {
    let mut bytes = archive(&[("a", b"some bytes"), ("b", b"more bytes")], Packing::Stored);
    // The second member's offset, near the end of the list, becomes the first one's.
    let at = bytes.len() - 22 - 1 - 4;
    bytes[at..at + 4].fill(0);
    let error = read_all(&bytes, 100).unwrap_err();
    assert!(error.to_string().contains("overlap"), "{error}");
}

#[test]
fn what_is_no_archive_is_a_flaw() {
    let whole = archive(&[("a", b"one")], Packing::Deflated);
    for length in 0..whole.len() {
        assert!(read_all(&whole[..length], 100).is_err(), "{length} bytes");
    }
    assert!(read_all(&[b'P'; 100], 100).is_err());
}
