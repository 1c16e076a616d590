//! Prints how long verifying a publisher of ten thousand targets takes, how much memory, and what a start pays for
//! asking: `cargo run --release -p coffer-trust --example bench_trust`. One figure a line, `name value unit`, as
//! `cargo xtask bench trust` reads them.
//!
//! The publisher is made by one process and verified by another, so that the memory is the client's alone.

#![allow(clippy::print_stdout, reason = "the figures are its output")]

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use model::digest::{ClaimedDigest, Digest};
use trust::SourceError;
use trust::catalogue::Catalogue;
use trust::client::{Source, Trusted, refresh};
use trust::key::{KeyId, Signer as _, SoftKey};
use trust::metadata::{
    DelegatedRole, Document, Envelope, MetaFile, Role, Root, Snapshot, Target, Targets, Timestamp,
};

const NOW: i64 = 1_795_694_400;
const EXPIRES: i64 = NOW + 86_400;
const LIST: &[u8] = br#"{"version":1,"revoked":[]}"#;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    if let Some(directory) = std::env::args_os().nth(1) {
        return verify(Path::new(&directory));
    }
    let directory = std::env::current_dir()?.join(format!("bench-trust-{}", std::process::id()));
    for releases in [100, 10_000] {
        publish(&directory, releases)?;
        let status = std::process::Command::new(std::env::current_exe()?).arg(&directory).status()?;
        std::fs::remove_dir_all(&directory)?;
        if !status.success() {
            return Err("the client failed".into());
        }
    }
    Ok(())
}

/// Writes the files of a publisher whose every tenth release is in a stage.
fn publish(directory: &Path, releases: u64) -> Outcome {
    std::fs::create_dir_all(directory)?;
    let key = SoftKey::from_seed(&[7; 32])?;
    let id = key.public().id();
    let mut root = Root::new(1, EXPIRES);
    root.keys.insert(id.clone(), key.public().clone());
    for role in ["root", "targets", "snapshot", "timestamp"] {
        root.roles.insert(role.to_owned(), Role::new(vec![id.clone()], 1));
    }
    let (mut targets, mut stage) = (Targets::new(1, EXPIRES), Targets::new(1, EXPIRES));
    for number in 0..releases {
        let name = format!("team/service-{:04}:1.{number}", number % 500);
        let release = Target::release(Digest::of(name.as_bytes()).into(), 1234, number);
        if number % 10 == 0 {
            stage.targets.insert(format!("prod/{name}"), release.clone());
        }
        targets.targets.insert(name, release);
    }
    targets.targets.insert("revoked.json".to_owned(), Target::file(LIST));
    let delegations = targets.delegations.get_or_insert_default();
    delegations.keys.insert(id.clone(), key.public().clone());
    delegations.roles.push(prod(id));
    let mut snapshot = Snapshot::new(1, EXPIRES);
    for (name, document) in [("targets", &targets), ("prod", &stage)] {
        let bytes = signed(document, &key)?;
        snapshot.meta.insert(format!("{name}.json"), MetaFile::of(1, &bytes));
        std::fs::write(directory.join(format!("1.{name}.json")), bytes)?;
    }
    let bytes = signed(&snapshot, &key)?;
    let timestamp = Timestamp::new(1, EXPIRES, MetaFile::of(1, &bytes));
    std::fs::write(directory.join("1.snapshot.json"), bytes)?;
    std::fs::write(directory.join("timestamp.json"), signed(&timestamp, &key)?)?;
    std::fs::write(directory.join("1.root.json"), signed(&root, &key)?)?;
    std::fs::write(directory.join(format!("{}.revoked.json", Digest::of(LIST).hex())), LIST)?;
    Ok(())
}

fn prod(id: KeyId) -> DelegatedRole {
    DelegatedRole {
        name: "prod".to_owned(),
        terminating: true,
        paths: Some(vec!["prod/*".to_owned(), "prod/*/*".to_owned()]),
        path_hash_prefixes: None,
        role: Role::new(vec![id], 1),
    }
}

fn signed<T: Document>(document: &T, key: &SoftKey) -> Outcome<Vec<u8>> {
    let mut envelope = Envelope::seal(document)?;
    envelope.sign(key)?;
    Ok(envelope.to_bytes()?)
}

fn verify(directory: &Path) -> Outcome {
    let mut place = Place(directory.to_path_buf());
    let started = Instant::now();
    let root = std::fs::read(directory.join("1.root.json"))?;
    let mut trusted = Trusted::first(&root, ClaimedDigest::from(Digest::of(&root)))?;
    refresh(&mut trusted, &mut place, NOW)?;
    let catalogue = Catalogue::of(&mut trusted, &mut place, NOW)?;
    let releases = catalogue.releases();
    figure(&format!("verify_{releases}"), started, 1);
    println!("verify_{releases}_peak {} kB", peak()?);

    let file = directory.join("catalogue");
    std::fs::write(&file, catalogue.to_bytes()?)?;
    println!("catalogue_{releases} {} bytes", std::fs::metadata(&file)?.len());
    let name = "team/service-0010:1.10";
    let digest = Digest::of(name.as_bytes());
    let started = Instant::now();
    for _ in 0..1000 {
        let bytes = std::fs::read(&file)?;
        let catalogue = Catalogue::from_bytes(&bytes)?;
        black_box(catalogue.judge(Some(name), "team/service-0010", digest, Some("prod"), NOW)?);
    }
    figure(&format!("catalogue_{releases}_read_and_judged"), started, 1000);

    let mut cache = Kept(trusted.files().map(|(name, bytes)| (name, bytes.to_vec())).collect());
    let floors = trusted.floors().clone();
    let started = Instant::now();
    let mut again = Trusted::from_cache(trusted.publisher(), &mut cache, floors)?;
    refresh(&mut again, &mut place, NOW)?;
    figure(&format!("refresh_{releases}_unchanged"), started, 1);
    Ok(())
}

fn figure(name: &str, started: Instant, times: u32) {
    println!("{name} {:.3} us", started.elapsed().as_secs_f64() * 1e6 / f64::from(times));
}

/// The most memory that this process had, in kB.
fn peak() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

struct Place(PathBuf);

impl Source for Place {
    fn fetch(&mut self, name: &str, _most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        match std::fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SourceError(error.to_string())),
        }
    }
}

struct Kept(Vec<(String, Vec<u8>)>);

impl Source for Kept {
    fn fetch(&mut self, name: &str, _most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.0.iter().find(|(kept, _)| kept == name).map(|(_, bytes)| bytes.clone()))
    }
}
