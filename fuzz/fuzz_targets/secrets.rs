//! Files from an image, searched for secrets under names that make it read them in every way.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use scan::{Candidate, Content};

const PATHS: [&str; 9] = [
    "app/settings.py",
    "etc/shadow",
    "srv/.htpasswd",
    "root/.pgpass",
    "root/.netrc",
    "root/.my.cnf",
    "root/.pypirc",
    "root/.docker/config.json",
    "app/server.p12",
];

fuzz_target!(|input: (u8, &[u8])| {
    let (which, bytes) = input;
    let path = PATHS[usize::from(which) % PATHS.len()];
    let candidate = Candidate { path, size: bytes.len() as u64, executable: false };
    let _understood = scan::secrets::search(&candidate, &Content::Bytes(bytes), &mut Vec::new());
});
