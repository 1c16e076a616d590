//! Layers that are made on the spot.

// Each test file is a crate of its own and uses what it needs.
#![allow(dead_code, reason = "shared between test crates")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tar::{Builder, Header};

/// A tar archive of files.
pub(crate) fn layer(files: &[(&str, &[u8])]) -> Vec<u8> {
    of(Builder::new(Vec::new()), files)
}

/// The same with the program that tests run.
pub(crate) fn runnable(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    // Only those who build the product have it; others need no layer that runs.
    let path = option_env!("PROBE_PATH");
    let mut program = std::fs::File::open(path.unwrap()).unwrap();
    tar.append_file("probe", &mut program).unwrap();
    of(tar, files)
}

fn of(mut tar: Builder<Vec<u8>>, files: &[(&str, &[u8])]) -> Vec<u8> {
    for (name, content) in files {
        let mut header = Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(u64::try_from(content.len()).unwrap());
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap()
}
