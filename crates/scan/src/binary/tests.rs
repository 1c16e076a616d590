//! Hostile programs.

use proptest::prelude::*;

use super::elf::tests::written;
use super::*;

fn found(path: &str, bytes: &[u8]) -> Result<Vec<Found>, Flaw> {
    let file = Candidate { path, size: bytes.len() as u64, executable: true };
    let mut found = Vec::new();
    for cataloger in CATALOGERS.iter().filter(|cataloger| (cataloger.wants)(&file)) {
        (cataloger.read)(&file, &Content::Bytes(bytes), &mut found)?;
    }
    Ok(found)
}

fn sound() -> Vec<u8> {
    let mut information = b"\xff Go buildinf:\x08\x02".to_vec();
    information.resize(32, 0);
    information.extend(b"\x08go1.22.3\x00");
    let names = b"net/http.Get\0fmt.Println\0";
    let mut table = 0xffff_fff1_u32.to_le_bytes().to_vec();
    table.extend([0, 0, 1, 8]);
    table.extend(
        [2_u64, 1, 0, 72, 72 + names.len() as u64, 0, 0, 0].iter().flat_map(|field| field.to_le_bytes()),
    );
    table.extend(names);
    written(&[
        (".go.buildinfo", &information),
        (".gopclntab", &table),
        (".dep-v0", &[0x78, 0x9c, 3, 0, 0, 0, 0, 1]),
    ])
}

#[test]
fn a_script_is_no_program_and_a_library_need_not_be_executable() {
    assert_eq!(found("usr/bin/tool", &[b'#'; 300]).unwrap(), []);
    let library = |path, executable| is_binary(&Candidate { path, size: 300, executable });
    assert!(library("a/libx.so.1", false) && library("a/x.so", false) && library("a/x", true));
    assert!(!library("a/x", false) && !library("a/x.sort", false) && !library("a/x.js", true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..2048),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut sound = sound();
        let _any = found("usr/bin/python3.11", &[b"\x7fELF\x02\x01", &*bytes].concat());
        for (index, byte) in &changes {
            let at = index.index(sound.len());
            sound[at] = *byte;
        }
        let _any = found("usr/bin/nginx", &sound);
        sound.truncate(changes[0].0.index(sound.len()));
        let _any = found("usr/lib/libz.so.1", &sound);
    }
}
