//! The secrets in the files beneath directories, and how fast they are found: `bench_secrets [--quiet] DIRECTORY...`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to whoever runs it")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use scan::secrets::{SecretFound, search, wants};
use scan::{Candidate, Content};

fn main() {
    let roots = std::env::args().skip(1).filter(|argument| argument != "--quiet");
    let quiet = std::env::args().any(|argument| argument == "--quiet");
    for root in roots {
        let (mut found, mut bytes) = (Vec::new(), 0);
        let begun = Instant::now();
        beneath(Path::new(&root), PathBuf::new(), &mut found, &mut bytes);
        let seconds = begun.elapsed().as_secs_f64();
        println!("{root}: {} secrets in {bytes} bytes, {seconds:.2} s", found.len());
        for secret in found.iter().filter(|_| !quiet) {
            println!("{:<28} {}:{} {}", secret.rule, secret.path, secret.line, secret.redacted);
        }
    }
}

fn beneath(root: &Path, within: PathBuf, found: &mut Vec<SecretFound>, bytes: &mut u64) {
    let Ok(entries) = fs::read_dir(root.join(&within)) else { return };
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let path = within.join(entry.file_name());
        if metadata.is_dir() {
            beneath(root, path, found, bytes);
        } else if metadata.is_file() {
            *bytes += one(root, &path, metadata.len(), found);
        }
    }
}

/// Searches one file, and says how many bytes that were.
fn one(root: &Path, path: &Path, size: u64, found: &mut Vec<SecretFound>) -> u64 {
    let Some(name) = path.to_str() else { return 0 };
    let candidate = Candidate { path: name, size, executable: false };
    let Ok(file) = File::open(root.join(path)) else { return 0 };
    if !wants(&candidate) {
        return 0;
    }
    if let Err(flaw) = search(&candidate, &Content::File(&file, size), found) {
        eprintln!("{name}: {flaw}");
    }
    size
}
