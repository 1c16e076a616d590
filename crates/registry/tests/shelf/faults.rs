//! A server that is killed, and a disk that is full.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use bytes::Bytes;
use coffer_registry::server::shelf::{Algorithm, ContentDigest, Key, Put, Shelf, ShelfError, When};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::body::{Pieces, collect, noise};
use crate::{Directory, Place as _, open};

const LIMIT: u64 = 1 << 30;

/// Names the directory to the process that is to be killed.
const CHILD: &str = "COFFER_TEST_KILLED_CHILD";

/// Tells it how many were killed before it.
const ROUND: &str = "COFFER_TEST_KILLED_ROUND";

fn sha256(bytes: &[u8]) -> ContentDigest {
    ContentDigest::of(Algorithm::Sha256, bytes)
}

fn key(number: usize) -> Key {
    Key::new(&["records", &format!("{}", number % 7), &format!("{number}")]).unwrap()
}

/// Long enough to be written in several pieces.
fn record(number: usize) -> Bytes {
    noise(5000 + number).into()
}

#[test]
fn a_server_that_is_killed_loses_nothing_that_it_acknowledged() {
    if let Some(shelf) = env::var_os(CHILD) {
        return write_until_killed(Path::new(&shelf));
    }
    let directory = Directory::new();
    let (mut acknowledged, mut uploads) = (BTreeSet::new(), 0);
    for round in 0..6 {
        let (lines, id) = killed_after(&directory.path(), round);
        acknowledged.extend(lines);
        uploads += usize::from(id.is_some());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let shelf = directory.open();
            check(&shelf, &acknowledged).await;
            if let Some((id, begun)) = id {
                go_on(&shelf, &id.parse().unwrap(), begun).await;
            }
        });
        for_each_blob(&directory.path(), |digest, bytes| assert_eq!(sha256(bytes).hex(), digest));
    }
    assert!(uploads > 0);
}

/// What a child acknowledged, and the upload that it was at, until it was killed: later in each round.
fn killed_after(shelf: &Path, round: usize) -> (Vec<String>, Option<(String, usize)>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "faults::a_server_that_is_killed_loses_nothing_that_it_acknowledged",
            "--nocapture",
        ])
        .env(CHILD, shelf)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut acknowledged: Vec<String> =
        output.by_ref().filter(|line| line.contains(':')).take(5 + round * 9).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged.extend(output.filter(|line| line.contains(':')));
    let at = acknowledged.iter().rev().find_map(|line| line.strip_prefix("upload:"));
    let at =
        at.and_then(|at| at.split_once(' ')).map(|(id, number)| (id.to_owned(), number.parse().unwrap()));
    let finished = at.as_ref().is_some_and(|(_, number)| {
        acknowledged.contains(&format!("blob:{}", sha256(&noise(900_000 + *number))))
    });
    (acknowledged, at.filter(|_| !finished))
}

async fn check(shelf: &Shelf, acknowledged: &BTreeSet<String>) {
    for line in acknowledged {
        match line.split_once(':').unwrap() {
            ("record", number) => {
                let number = number.parse().unwrap();
                assert_eq!(shelf.get(&key(number)).await.unwrap().unwrap().bytes, record(number));
            }
            ("blob", digest) => {
                let digest: ContentDigest = digest.parse().unwrap();
                let bytes = collect(shelf.read_blob(&digest, 0..u64::MAX).await.unwrap()).await;
                assert_eq!(sha256(&bytes), digest);
            }
            _ => {}
        }
    }
}

/// An upload goes on where it is, unless it had become a blob just before.
async fn go_on(shelf: &Shelf, id: &coffer_registry::server::shelf::UploadId, number: usize) {
    let bytes = noise(900_000 + number);
    if let Some(size) = shelf.upload_size(id).await.unwrap() {
        let rest = Pieces::of(&bytes[size as usize..], 10_000);
        shelf.append(id, size, rest, LIMIT).await.unwrap();
        shelf.finish(id, &sha256(&bytes)).await.unwrap();
    }
    assert_eq!(shelf.blob_size(&sha256(&bytes)).await.unwrap(), Some(bytes.len() as u64));
}

fn for_each_blob(shelf: &Path, mut check: impl FnMut(&str, &[u8])) {
    let Ok(directories) = fs::read_dir(shelf.join("blobs/sha256")) else { return };
    for directory in directories {
        for blob in fs::read_dir(directory.unwrap().path()).unwrap() {
            let blob = blob.unwrap();
            check(blob.file_name().to_str().unwrap(), &fs::read(blob.path()).unwrap());
        }
    }
}

/// The same test in the child. It says what has been acknowledged.
fn write_until_killed(shelf: &Path) {
    let round: usize = env::var(ROUND).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let shelf = open(shelf);
        for number in round * 1000.. {
            write_one(&shelf, number).await;
        }
    });
}

#[expect(clippy::print_stdout, reason = "the parent reads it")]
async fn write_one(shelf: &Shelf, number: usize) {
    assert!(matches!(shelf.put(&key(number), record(number), When::Absent).await.unwrap(), Put::Done(_)));
    println!("\nrecord:{number}");
    let id = shelf.begin_upload().await.unwrap();
    println!("\nupload:{id} {number}");
    let bytes = noise(900_000 + number);
    let half = bytes.len() / 2;
    shelf.append(&id, 0, Pieces::of(&bytes[..half], 10_000), LIMIT).await.unwrap();
    println!("\nhalf:{number}");
    shelf.append(&id, half as u64, Pieces::of(&bytes[half..], 10_000), LIMIT).await.unwrap();
    println!("\nwhole:{number}");
    shelf.finish(&id, &sha256(&bytes)).await.unwrap();
    println!("\nblob:{}", sha256(&bytes));
}

/// A file system of 8 MiB.
struct Small(PathBuf);

impl Small {
    fn mount(at: PathBuf) -> Self {
        fs::create_dir(&at).unwrap();
        mount("shelf-test", &at, "tmpfs", MountFlags::empty(), Some(c"size=8m,mode=700")).unwrap();
        Self(at)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        unmount(&self.0, UnmountFlags::DETACH).unwrap();
    }
}

#[tokio::test]
async fn privileged_a_full_disk_is_an_error_and_nothing_is_half_there() {
    let directory = tempfile::tempdir().unwrap();
    let small = Small::mount(directory.path().join("small"));
    let shelf = open(&small.0);
    let at = Key::new(&["kept"]).unwrap();
    shelf.put(&at, "before".into(), When::Always).await.unwrap();

    let bytes = noise(12 * 1024 * 1024);
    let id = shelf.begin_upload().await.unwrap();
    let full = shelf.append(&id, 0, Pieces::of(&bytes, 100_000), LIMIT).await.unwrap_err();
    assert!(matches!(full, ShelfError::Full { .. }), "{full}");
    let kept = shelf.upload_size(&id).await.unwrap().unwrap();
    assert!(kept > 7 * 1024 * 1024 && kept < 8 * 1024 * 1024, "{kept}");

    for when in [When::Always, When::Absent] {
        let full = shelf.put(&at, noise(100_000).into(), when).await.unwrap_err();
        assert!(matches!(full, ShelfError::Full { .. }), "{full}");
    }
    let blob = noise(100_000);
    assert!(matches!(
        shelf.put_blob(&sha256(&blob), blob.clone().into()).await,
        Err(ShelfError::Full { .. })
    ));
    assert_eq!(shelf.blob_size(&sha256(&blob)).await.unwrap(), None);
    assert_eq!(shelf.get(&at).await.unwrap().unwrap().bytes, "before");
    assert_eq!(fs::read_dir(small.0.join("temporary")).unwrap().count(), 0);

    // What the upload has is right: as far as it goes it becomes a blob.
    let kept = &bytes[..kept as usize];
    shelf.finish(&id, &sha256(kept)).await.unwrap();
    assert_eq!(collect(shelf.read_blob(&sha256(kept), 0..u64::MAX).await.unwrap()).await, kept);
}
