use std::io::Write as _;

use super::*;

/// Made with xz 5.4.1 and bzip2 1.0.8 of one archive of 10,240 bytes.
const STREAMS_XZ: &[u8] = include_bytes!("../../../tests/fixtures/streams.xz");
const STREAMS_BZIP2: &[u8] = include_bytes!("../../../tests/fixtures/streams.bz2");
const FILTERED: &[u8] = include_bytes!("../../../tests/fixtures/x86.xz");
/// The same with a window of 1 GiB.
const WINDOW: &[u8] = include_bytes!("../../../tests/fixtures/window.xz");

fn unpacked(packed: &[u8], limits: &Limits) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Wrapping::of(packed).decoder(packed, limits)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn bomb(packed: &[u8], limits: &Limits) -> Bomb {
    *unpacked(packed, limits).unwrap_err().into_inner().unwrap().downcast::<Bomb>().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_the_tools_pack_is_unpacked_with_all_its_streams() {
    let plain = unpacked(STREAMS_BZIP2, &Limits::default()).unwrap();
    assert_eq!((plain.len(), plain.get(257..262)), (10_240, Some(&b"ustar"[..])));
    for packed in [STREAMS_XZ, FILTERED] {
        assert_eq!(unpacked(packed, &Limits::default()).unwrap(), plain);
    }
}

#[test]
fn what_breaks_off_or_is_damaged_is_an_error() {
    for packed in [STREAMS_XZ, FILTERED, STREAMS_BZIP2] {
        let half = packed.get(..packed.len() / 2).unwrap();
        assert!(unpacked(half, &Limits::default()).is_err());
        let mut damaged = packed.to_vec();
        *damaged.get_mut(packed.len() / 3).unwrap() ^= 0x55;
        assert!(unpacked(&damaged, &Limits::default()).is_err());
    }
}

#[test]
fn a_window_of_any_size_is_not_allocated() {
    let bomb = bomb(WINDOW, &Limits::default());
    assert_eq!((bomb.limit, bomb.allowed), ("bytes of memory to be unpacked", 129 << 20));
}

#[test]
fn a_bomb_stops_whatever_it_is_packed_with() {
    let limits = Limits { ratio_floor: 4096, ratio: 20, ..Limits::default() };
    assert_eq!(bomb(STREAMS_XZ, &limits).allowed, 20);
    assert_eq!(bomb(&bzip2(&vec![0; 8 << 20]), &limits).allowed, 20);
}

#[test]
fn a_read_of_nothing_is_no_end() {
    let mut stream = Wrapping::Xz.decoder(STREAMS_XZ, &Limits::default()).unwrap();
    let mut bytes = Vec::new();
    loop {
        assert_eq!(stream.read(&mut []).unwrap(), 0);
        let mut piece = [0; 1000];
        let length = stream.read(&mut piece).unwrap();
        if length == 0 {
            break;
        }
        bytes.extend_from_slice(piece.get(..length).unwrap());
    }
    assert_eq!(bytes.len(), 10_240);
}
