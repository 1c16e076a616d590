//! What is particular to a directory: its rights, its layout, a full disk, a server that is killed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use bytes::Bytes;
use coffer_registry::server::shelf::{Algorithm, ContentDigest, Key, Shelf, ShelfError, When};

use crate::body::{Pieces, slow};
use crate::{Directory, Place as _, open};

#[test]
fn a_directory_is_for_its_user_alone() {
    let directory = Directory::new();
    open(&directory.path());
    assert_eq!(fs::metadata(directory.path()).unwrap().permissions().mode() & 0o777, 0o700);
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o770)).unwrap();
    let refused = Shelf::disk(&directory.path()).unwrap_err();
    assert!(matches!(refused, ShelfError::Unfit { .. }), "{refused}");
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let directory = Directory::new();
    fs::create_dir(directory.path()).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(directory.path().join("letter"), "dear").unwrap();
    let refused = Shelf::disk(&directory.path()).unwrap_err();
    assert!(refused.to_string().contains("it is not empty, and no registry has made it"), "{refused}");
    fs::write(directory.path().join("shelf"), "coffer shelf 2\n").unwrap();
    let refused = Shelf::disk(&directory.path()).unwrap_err();
    assert!(refused.to_string().contains("its layout is not one that this version knows"), "{refused}");
}

#[tokio::test]
async fn no_link_leads_out_of_the_directory() {
    let directory = Directory::new();
    let shelf = directory.open();
    let outside = directory.path().with_file_name("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "s").unwrap();
    fs::create_dir_all(directory.path().join("records")).unwrap();
    symlink(&outside, directory.path().join("records/out")).unwrap();
    let key = Key::new(&["out", "secret"]).unwrap();
    assert!(shelf.get(&key).await.is_err());
    assert!(shelf.put(&key, "t".into(), When::Always).await.is_err());
    assert!(shelf.delete(&key).await.is_err());
    assert!(shelf.list(&Key::new(&["out"]).unwrap(), None, 10).await.is_err());
    assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "s");
}

#[tokio::test]
async fn what_killed_servers_left_is_swept() {
    let directory = Directory::new();
    let shelf = directory.open();
    fs::write(directory.path().join("temporary/left"), "half").unwrap();
    shelf.stale_uploads(1, 10).await.unwrap();
    assert!(directory.path().join("temporary/left").exists());
    shelf.stale_uploads(u64::MAX, 10).await.unwrap();
    assert!(!directory.path().join("temporary/left").exists());
}

#[tokio::test]
async fn nothing_temporary_is_left_by_what_succeeds_or_is_refused() {
    let directory = Directory::new();
    let shelf = directory.open();
    let key = Key::new(&["a"]).unwrap();
    for when in [When::Absent, When::Absent, When::Always] {
        shelf.put(&key, Bytes::from_static(b"x"), when).await.unwrap();
    }
    assert_eq!(fs::read_dir(directory.path().join("temporary")).unwrap().count(), 0);
}

#[tokio::test]
async fn another_server_cannot_add_to_an_upload_either() {
    let directory = Directory::new();
    let (shelf, other) = (directory.open(), directory.open());
    let id = shelf.begin_upload().await.unwrap();
    let (sender, body) = slow();
    let first = tokio::spawn({
        let (shelf, id) = (shelf.clone(), id.clone());
        async move { shelf.append(&id, 0, body, 100).await }
    });
    sender.send(Ok("abc".into())).await.unwrap();
    sender.send(Ok("def".into())).await.unwrap();
    let second = other.append(&id, 0, Pieces::whole("xyz"), 100).await;
    assert!(matches!(second, Err(ShelfError::Busy(_))), "{second:?}");
    assert!(matches!(other.abort(&id).await, Err(ShelfError::Busy(_))));
    drop(sender);
    assert_eq!(first.await.unwrap().unwrap(), 6);
    other.finish(&id, &ContentDigest::of(Algorithm::Sha256, b"abcdef")).await.unwrap();
}
