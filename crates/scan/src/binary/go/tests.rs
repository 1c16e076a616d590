//! Programs as Go's linker lays them out, small.

use super::super::elf::tests::{BASE, written};
use super::*;
use crate::content::Content;

const MODULES: &str =
    "path\texample.com/tool\nmod\texample.com/tool\tv1.4.0\th1:a=\ndep\tgolang.org/x/net\tv0.5.0\th1:b=\n";

fn framed(modules: &str) -> Vec<u8> {
    [&[b'<'; 16], modules.as_bytes(), &[b'>'; 16]].concat()
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    let low = (bytes.len() as u8 & 0x7f) | 0x80;
    [&[low, (bytes.len() >> 7) as u8], bytes].concat()
}

/// Build information with its strings after it.
fn inline() -> Vec<u8> {
    let mut header = b"\xff Go buildinf:\x08\x02".to_vec();
    header.resize(32, 0);
    [header, counted(b"go1.19.5"), counted(&framed(MODULES))].concat()
}

/// A table of names as since Go 1.20.
fn table(names: &[&str]) -> Vec<u8> {
    let names: Vec<u8> = names.iter().flat_map(|name| [name.as_bytes(), b"\0"].concat()).collect();
    let mut header = 0xffff_fff1_u32.to_le_bytes().to_vec();
    header.extend([0, 0, 1, 8]);
    for field in [names.len() as u64, 1, 0, 72, 72 + names.len() as u64, 0, 0, 0] {
        header.extend(field.to_le_bytes());
    }
    [header, names].concat()
}

fn modules(sections: &[(&str, &[u8])]) -> Result<Vec<Found>, Flaw> {
    let file = written(sections);
    let content = Content::Bytes(&file);
    let mut found = Vec::new();
    read(&Elf::open(&content)?, &mut found)?;
    Ok(found)
}

fn named(found: &[Found]) -> Vec<(&str, &str)> {
    found.iter().map(|found| (&*found.name, &*found.version)).collect()
}

const EXPECTED: [(&str, &str); 3] =
    [("stdlib", "v1.19.5"), ("example.com/tool", "v1.4.0"), ("golang.org/x/net", "v0.5.0")];

#[test]
fn modules_and_the_functions_of_each() {
    let names =
        ["net/http.(*Server).Serve", "main.main", "golang.org/x/net/http2.(*Framer).ReadFrame", "memcpy"];
    let found = modules(&[(".go.buildinfo", &inline()), (".gopclntab", &table(&names))]).unwrap();
    assert_eq!(named(&found), EXPECTED);
    let known = |name: &str| Symbols::Known(vec![name.to_owned()]);
    assert_eq!(found[0].symbols, known("net/http.Server.Serve"));
    assert_eq!(found[1].symbols, known("example.com/tool.main"));
    assert_eq!(found[2].symbols, known("golang.org/x/net/http2.Framer.ReadFrame"));
}

#[test]
fn a_file_without_the_section_is_searched_and_one_without_names_has_unknown_functions() {
    let found = modules(&[(".data", &inline())]).unwrap();
    assert_eq!(named(&found), EXPECTED);
    assert!(found.iter().all(|found| found.symbols == Symbols::Unknown));
    assert_eq!(modules(&[(".text", b"no program of Go")]).unwrap(), []);
}

#[test]
fn pointers_to_strings_as_before_go_1_18() {
    // The first section lies after the headers, at 128 bytes.
    let start = BASE + 128;
    let list = framed(MODULES);
    let mut header = b"\xff Go buildinf:\x08\x00".to_vec();
    for number in [start + 32, start + 48, start + 64, 8, start + 72, list.len() as u64] {
        header.extend(number.to_le_bytes());
    }
    let information = [&header, &b"go1.19.5"[..], &list].concat();
    assert_eq!(named(&modules(&[(".go.buildinfo", &information)]).unwrap()), EXPECTED);
    let mut lost = information.clone();
    lost[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    let flaw = modules(&[(".go.buildinfo", &lost)]).unwrap_err();
    assert!(flaw.to_string().ends_with("its build information is damaged"));
}

#[test]
fn lengths_that_lie() {
    let mut long = inline();
    long[32..34].copy_from_slice(&[0xff, 0x7f]);
    assert!(modules(&[(".go.buildinfo", &long)]).is_err());
    let mut far = table(&["main.main"]);
    far[8 + 4 * 8..8 + 5 * 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    assert!(modules(&[(".go.buildinfo", &inline()), (".gopclntab", &far)]).is_err());
}
