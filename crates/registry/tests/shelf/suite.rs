//! What every shelf has to do.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coffer_registry::server::shelf::{Algorithm, ContentDigest, Key, Put, Shelf, ShelfError, When};

use crate::Place;
use crate::body::{Pieces, collect, noise, slow};

const NOW: u64 = 1_800_000_000;
const LIMIT: u64 = 1 << 30;

/// More than a part of an S3 upload.
const LARGE: usize = 13 * 1024 * 1024 + 17;

fn key(text: &str) -> Key {
    Key::new(&[text]).unwrap()
}

fn sha256(bytes: &[u8]) -> ContentDigest {
    ContentDigest::of(Algorithm::Sha256, bytes)
}

async fn text(shelf: &Shelf, at: &str) -> Option<String> {
    let small = shelf.get(&key(at)).await.unwrap()?;
    Some(String::from_utf8(small.bytes.to_vec()).unwrap())
}

async fn put(shelf: &Shelf, at: &str, value: impl Into<Bytes>) {
    let put = shelf.put(&key(at), value.into(), When::Always).await.unwrap();
    assert!(matches!(put, Put::Done(_)));
}

async fn upload(shelf: &Shelf, bytes: &[u8]) -> ContentDigest {
    let id = shelf.begin_upload().await.unwrap();
    let size = shelf.append(&id, 0, Pieces::of(bytes, 64 * 1024), LIMIT).await.unwrap();
    assert_eq!(size, bytes.len() as u64);
    let digest = sha256(bytes);
    assert_eq!(shelf.finish(&id, &digest).await.unwrap(), bytes.len() as u64);
    digest
}

async fn blob(shelf: &Shelf, digest: &ContentDigest) -> Bytes {
    collect(shelf.read_blob(digest, 0..u64::MAX).await.unwrap()).await
}

pub(crate) async fn a_record_is_read_as_it_was_written(place: &impl Place) {
    let shelf = place.open();
    assert_eq!(text(&shelf, "repositories/a/_tags/v1").await, None);
    put(&shelf, "repositories/a/_tags/v1", "one").await;
    assert_eq!(text(&shelf, "repositories/a/_tags/v1").await.unwrap(), "one");
    put(&shelf, "repositories/a/_tags/v1", "two, and longer").await;
    assert_eq!(text(&place.open(), "repositories/a/_tags/v1").await.unwrap(), "two, and longer");
    assert_eq!(text(&shelf, "repositories/a").await, None);
    put(&shelf, "empty", "").await;
    assert_eq!(text(&shelf, "empty").await.unwrap(), "");
    let large = noise(4 * 1024 * 1024);
    put(&shelf, "large", large.clone()).await;
    assert_eq!(shelf.get(&key("large")).await.unwrap().unwrap().bytes, large);
    let over = shelf.put(&key("over"), vec![0; 4 * 1024 * 1024 + 1].into(), When::Always).await;
    assert!(matches!(over, Err(ShelfError::Limit { .. })));
}

pub(crate) async fn a_record_is_written_on_condition(place: &impl Place) {
    let shelf = place.open();
    let at = key("a/b");
    let Put::Done(first) = shelf.put(&at, "1".into(), When::Absent).await.unwrap() else { panic!() };
    assert_eq!(shelf.put(&at, "2".into(), When::Absent).await.unwrap(), Put::Refused);
    assert_eq!(shelf.get(&at).await.unwrap().unwrap().version, first);
    let Put::Done(second) = shelf.put(&at, "2".into(), When::Unchanged(first.clone())).await.unwrap() else {
        panic!()
    };
    assert_eq!(shelf.put(&at, "3".into(), When::Unchanged(first)).await.unwrap(), Put::Refused);
    assert_eq!(text(&shelf, "a/b").await.unwrap(), "2");
    assert!(shelf.delete(&at).await.unwrap());
    assert_eq!(shelf.put(&at, "3".into(), When::Unchanged(second)).await.unwrap(), Put::Refused);
    assert_eq!(text(&shelf, "a/b").await, None);
}

pub(crate) async fn of_many_who_write_first_one_does(place: &impl Place) {
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..8 {
        let shelf = place.open();
        writers.spawn(async move {
            let put = shelf.put(&key("first/one"), format!("{number}").into(), When::Absent).await.unwrap();
            matches!(put, Put::Done(_)).then_some(format!("{number}"))
        });
    }
    let winners: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(text(&place.open(), "first/one").await.unwrap(), winners[0]);
}

pub(crate) async fn of_many_who_change_a_record_none_is_lost(place: &impl Place) {
    put(&place.open(), "sum", "0").await;
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let shelf = place.open();
        writers.spawn(async move {
            for _ in 0..5 {
                loop {
                    let small = shelf.get(&key("sum")).await.unwrap().unwrap();
                    let sum: u32 = std::str::from_utf8(&small.bytes).unwrap().parse().unwrap();
                    let when = When::Unchanged(small.version);
                    let put = shelf.put(&key("sum"), format!("{}", sum + 1).into(), when).await.unwrap();
                    if matches!(put, Put::Done(_)) {
                        break;
                    }
                }
            }
        });
    }
    writers.join_all().await;
    assert_eq!(text(&place.open(), "sum").await.unwrap(), "20");
}

pub(crate) async fn records_are_written_and_removed_together(place: &impl Place) {
    let shelf = place.open();
    let at = |number: usize| key(&format!("many/{}/{number}", number % 3));
    shelf.put_all((0..20).map(|n| (at(n), format!("{n}").into())).collect()).await.unwrap();
    for number in 0..20 {
        assert_eq!(text(&shelf, at(number).as_str()).await.unwrap(), format!("{number}"));
    }
    let mut keys: Vec<_> = (0..19).map(at).collect();
    keys.extend([key("many/never"), key("never/at/all"), key("many/1/19/beneath")]);
    shelf.delete_all(keys).await.unwrap();
    assert_eq!(shelf.list(&key("many"), None, 10).await.unwrap(), ["1/"]);
    assert_eq!(text(&shelf, "many/1/19").await.unwrap(), "19");
}

pub(crate) async fn names_come_in_order_and_page_by_page(place: &impl Place) {
    let shelf = place.open();
    for name in ["b", "a/x", "a-b", "a.b/y", "a0/z", "B", "_c", "aa"] {
        put(&shelf, &format!("list/{name}"), name).await;
    }
    put(&shelf, "list-of-others", "").await;
    let order = ["B", "_c", "a-b", "a.b/", "a/", "a0/", "aa", "b"];
    assert_eq!(shelf.list(&key("list"), None, 100).await.unwrap(), order);
    assert_eq!(shelf.list(&key("list"), None, 0).await.unwrap(), [""; 0]);
    for size in 1..=order.len() {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let page = shelf.list(&key("list"), after.as_deref(), size).await.unwrap();
            after = page.last().cloned();
            if page.is_empty() {
                break;
            }
            pages.extend(page);
        }
        assert_eq!(pages, order, "pages of {size}");
    }
    assert_eq!(shelf.list(&key("list"), Some("a1"), 1).await.unwrap(), ["aa"]);
    assert!(shelf.list(&key("nothing"), None, 10).await.unwrap().is_empty());
    let many = (0..1234).map(|number| (key(&format!("more/{number:04}")), Bytes::new())).collect();
    shelf.put_all(many).await.unwrap();
    let page = shelf.list(&key("more"), Some("0999"), 100).await.unwrap();
    assert_eq!((page.len(), page[0].as_str(), page[99].as_str()), (100, "1000", "1099"));
    assert_eq!(shelf.list(&key("more"), None, 5000).await.unwrap().len(), 1234);
}

pub(crate) async fn nothing_is_left_of_what_was_removed(place: &impl Place) {
    let shelf = place.open();
    put(&shelf, "repositories/team/app/_tags/v1", "").await;
    put(&shelf, "repositories/other", "").await;
    assert!(shelf.delete(&key("repositories/team/app/_tags/v1")).await.unwrap());
    assert!(!shelf.delete(&key("repositories/team/app/_tags/v1")).await.unwrap());
    assert!(!shelf.delete(&key("repositories/none/at/all")).await.unwrap());
    assert_eq!(shelf.list(&key("repositories"), None, 10).await.unwrap(), ["other"]);
}

pub(crate) async fn a_blob_is_stored_once_and_read_in_parts(place: &impl Place) {
    let shelf = place.open();
    let bytes = noise(1_000_000);
    let digest = sha256(&bytes);
    assert_eq!(shelf.blob_size(&digest).await.unwrap(), None);
    assert!(matches!(shelf.read_blob(&digest, 0..1).await, Err(ShelfError::NoBlob(_))));
    for _ in 0..2 {
        shelf.put_blob(&digest, bytes.clone().into()).await.unwrap();
        assert_eq!(shelf.blob_size(&digest).await.unwrap(), Some(1_000_000));
        assert_eq!(blob(&shelf, &digest).await, bytes);
    }
    for range in [0..0, 0..1, 1..2, 999_999..1_000_000, 123_456..876_543, 999_999..u64::MAX] {
        let body = shelf.read_blob(&digest, range.clone()).await.unwrap();
        let end = (range.end as usize).min(bytes.len());
        assert_eq!(collect(body).await, bytes[range.start as usize..end], "{range:?}");
    }
    assert!(collect(shelf.read_blob(&digest, 2_000_000..3_000_000).await.unwrap()).await.is_empty());
    let wrong = shelf.put_blob(&sha256(b"x"), "y".into()).await;
    assert!(matches!(wrong, Err(ShelfError::Digest { .. })));
    assert_eq!(shelf.blob_size(&sha256(b"x")).await.unwrap(), None);
    let sha512 = ContentDigest::of(Algorithm::Sha512, &bytes);
    shelf.put_blob(&sha512, bytes.clone().into()).await.unwrap();
    assert_eq!(blob(&place.open(), &sha512).await, bytes);
}

pub(crate) async fn an_upload_becomes_a_blob(place: &impl Place) {
    let shelf = place.open();
    for bytes in [Vec::new(), noise(1), noise(5 * 1024 * 1024), noise(LARGE)] {
        let digest = upload(&shelf, &bytes).await;
        assert_eq!(blob(&shelf, &digest).await, bytes);
        assert_eq!(shelf.blob_size(&digest).await.unwrap(), Some(bytes.len() as u64));
    }
    let bytes = noise(100_000);
    let id = shelf.begin_upload().await.unwrap();
    shelf.append(&id, 0, Pieces::whole(bytes.clone()), LIMIT).await.unwrap();
    let digest = ContentDigest::of(Algorithm::Sha512, &bytes);
    shelf.finish(&id, &digest).await.unwrap();
    assert_eq!(blob(&place.open(), &digest).await, bytes);
    assert_eq!(shelf.upload_size(&id).await.unwrap(), None);
}

pub(crate) async fn an_upload_goes_on_with_another_server(place: &impl Place) {
    let bytes = noise(LARGE);
    let id = place.open().begin_upload().await.unwrap();
    let mut offset = 0;
    for chunk in bytes.chunks(3_000_001) {
        let shelf = place.open();
        assert_eq!(shelf.upload_size(&id).await.unwrap(), Some(offset));
        offset = shelf.append(&id, offset, Pieces::of(chunk, 100_000), LIMIT).await.unwrap();
    }
    let digest = sha256(&bytes);
    assert_eq!(place.open().finish(&id, &digest).await.unwrap(), bytes.len() as u64);
    assert_eq!(blob(&place.open(), &digest).await, bytes);
}

pub(crate) async fn an_upload_in_tiny_pieces_is_the_same_upload(place: &impl Place) {
    let (shelf, bytes) = (place.open(), noise(20_000));
    let id = shelf.begin_upload().await.unwrap();
    shelf.append(&id, 0, Pieces::of(&bytes[..19_980], 7), LIMIT).await.unwrap();
    for at in 19_980..20_000 {
        shelf.append(&id, at, Pieces::of(&bytes[at as usize..=at as usize], 1), LIMIT).await.unwrap();
    }
    shelf.finish(&id, &sha256(&bytes)).await.unwrap();
    assert_eq!(blob(&shelf, &sha256(&bytes)).await, bytes);
}

pub(crate) async fn an_upload_goes_on_where_it_is_and_nowhere_else(place: &impl Place) {
    let shelf = place.open();
    let id = shelf.begin_upload().await.unwrap();
    shelf.append(&id, 0, Pieces::whole("abc"), LIMIT).await.unwrap();
    for offset in [0, 2, 4, u64::MAX] {
        let refused = shelf.append(&id, offset, Pieces::whole("d"), LIMIT).await;
        assert!(matches!(refused, Err(ShelfError::Offset { has: 3, .. })), "{offset}");
    }
    assert_eq!(shelf.append(&id, 3, Pieces::whole("d"), LIMIT).await.unwrap(), 4);
    shelf.finish(&id, &sha256(b"abcd")).await.unwrap();
    assert!(matches!(shelf.append(&id, 4, Pieces::whole("e"), LIMIT).await, Err(ShelfError::NoUpload(_))));
    assert!(matches!(shelf.finish(&id, &sha256(b"abcd")).await, Err(ShelfError::NoUpload(_))));
}

pub(crate) async fn a_body_that_breaks_off_keeps_what_arrived(place: &impl Place) {
    let (shelf, bytes) = (place.open(), noise(LARGE));
    let id = shelf.begin_upload().await.unwrap();
    let half = bytes.len() / 2;
    let broken = shelf.append(&id, 0, Pieces::of(&bytes[..half], 10_000).broken(), LIMIT).await;
    assert!(matches!(broken, Err(ShelfError::Body { kept, .. }) if kept == half as u64));
    assert_eq!(shelf.upload_size(&id).await.unwrap(), Some(half as u64));
    shelf.append(&id, half as u64, Pieces::of(&bytes[half..], 10_000), LIMIT).await.unwrap();
    shelf.finish(&id, &sha256(&bytes)).await.unwrap();
    assert_eq!(blob(&shelf, &sha256(&bytes)).await, bytes);
}

pub(crate) async fn a_caller_who_goes_away_leaves_what_arrived(place: &impl Place) {
    let shelf = place.open();
    let id = shelf.begin_upload().await.unwrap();
    let (sender, body) = slow();
    let caller = tokio::spawn({
        let (shelf, id) = (shelf.clone(), id.clone());
        async move { shelf.append(&id, 0, body, LIMIT).await }
    });
    sender.send(Ok("abc".into())).await.unwrap();
    // The second goes in when the first has been taken.
    sender.send(Ok("def".into())).await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    drop(sender);
    while shelf.upload_size(&id).await.unwrap() != Some(6) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn wrong_bytes_become_nothing(place: &impl Place) {
    for size in [10, LARGE] {
        let shelf = place.open();
        let id = shelf.begin_upload().await.unwrap();
        shelf.append(&id, 0, Pieces::of(&noise(size), 50_000), LIMIT).await.unwrap();
        let claimed = sha256(b"something else");
        let wrong = shelf.finish(&id, &claimed).await;
        assert!(matches!(wrong, Err(ShelfError::Digest { .. })), "{wrong:?}");
        assert_eq!(shelf.blob_size(&claimed).await.unwrap(), None);
        assert_eq!(shelf.upload_size(&id).await.unwrap(), None);
    }
}

pub(crate) async fn two_cannot_add_to_an_upload_at_once(place: &impl Place) {
    let shelf = place.open();
    let id = shelf.begin_upload().await.unwrap();
    let (sender, body) = slow();
    let first = tokio::spawn({
        let (shelf, id) = (shelf.clone(), id.clone());
        async move { shelf.append(&id, 0, body, LIMIT).await }
    });
    sender.send(Ok("abc".into())).await.unwrap();
    sender.send(Ok("def".into())).await.unwrap();
    let second = shelf.append(&id, 0, Pieces::whole("xyz"), LIMIT).await;
    assert!(matches!(second, Err(ShelfError::Busy(_))), "{second:?}");
    assert!(matches!(shelf.finish(&id, &sha256(b"")).await, Err(ShelfError::Busy(_))));
    assert!(matches!(shelf.abort(&id).await, Err(ShelfError::Busy(_))));
    drop(sender);
    assert_eq!(first.await.unwrap().unwrap(), 6);
    shelf.finish(&id, &sha256(b"abcdef")).await.unwrap();
}

pub(crate) async fn an_upload_has_a_limit(place: &impl Place) {
    let shelf = place.open();
    let id = shelf.begin_upload().await.unwrap();
    let over = shelf.append(&id, 0, Pieces::of(&noise(11), 5), 10).await;
    assert!(matches!(over, Err(ShelfError::Limit { allowed: 10 })));
    assert_eq!(shelf.upload_size(&id).await.unwrap(), Some(10));
    assert!(matches!(shelf.append(&id, 10, Pieces::whole("x"), 10).await, Err(ShelfError::Limit { .. })));
    assert_eq!(shelf.append(&id, 10, Pieces::whole(""), 10).await.unwrap(), 10);
}

pub(crate) async fn an_upload_can_be_given_up(place: &impl Place) {
    let shelf = place.open();
    let id = shelf.begin_upload().await.unwrap();
    shelf.append(&id, 0, Pieces::of(&noise(LARGE), 64 * 1024), LIMIT).await.unwrap();
    assert!(place.open().abort(&id).await.unwrap());
    assert!(!shelf.abort(&id).await.unwrap());
    assert_eq!(shelf.upload_size(&id).await.unwrap(), None);
    assert!(matches!(shelf.append(&id, 0, Pieces::whole("x"), LIMIT).await, Err(ShelfError::NoUpload(_))));
}

pub(crate) async fn uploads_that_nobody_goes_on_with_are_found(place: &impl Place) {
    let shelf = place.open();
    let (first, second) = (shelf.begin_upload().await.unwrap(), shelf.begin_upload().await.unwrap());
    shelf.append(&first, 0, Pieces::whole("abc"), LIMIT).await.unwrap();
    assert!(shelf.stale_uploads(1_000_000, 10).await.unwrap().is_empty());
    let mut stale = shelf.stale_uploads(u64::MAX, 10).await.unwrap();
    stale.sort_by_key(|stale| stale.size);
    let found: Vec<_> = stale.iter().map(|stale| (&stale.id, stale.size)).collect();
    assert_eq!(found, [(&second, 0), (&first, 3)]);
    assert_eq!(shelf.stale_uploads(u64::MAX, 1).await.unwrap().len(), 1);
    shelf.abort(&second).await.unwrap();
    shelf.finish(&first, &sha256(b"abc")).await.unwrap();
    assert!(shelf.stale_uploads(u64::MAX, 10).await.unwrap().is_empty());
}

pub(crate) async fn one_upload_is_finished_once(place: &impl Place) {
    let bytes = Arc::new(noise(300_000));
    let id = place.open().begin_upload().await.unwrap();
    place.open().append(&id, 0, Pieces::of(&bytes, 10_000), LIMIT).await.unwrap();
    let mut finishers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (shelf, id, digest) = (place.open(), id.clone(), sha256(&bytes));
        finishers.spawn(async move { shelf.finish(&id, &digest).await });
    }
    let results = finishers.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, ShelfError::NoUpload(_) | ShelfError::Busy(_)), "{error}");
    }
    assert_eq!(blob(&place.open(), &sha256(&bytes)).await, *bytes);
}

pub(crate) async fn many_uploads_of_one_blob_all_succeed(place: &impl Place) {
    let bytes = Arc::new(noise(200_000));
    let mut pushers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (shelf, bytes) = (place.open(), Arc::clone(&bytes));
        pushers.spawn(async move { upload(&shelf, &bytes).await });
    }
    pushers.join_all().await;
    assert_eq!(blob(&place.open(), &sha256(&bytes)).await, *bytes);
}

pub(crate) async fn a_blob_in_the_trash_comes_back(place: &impl Place) {
    let shelf = place.open();
    let digest = upload(&shelf, &noise(70_000)).await;
    assert_eq!(shelf.trash_blob(&sha256(b"none"), NOW).await.unwrap(), None);
    let trashed = shelf.trash_blob(&digest, NOW).await.unwrap().unwrap();
    assert_eq!((trashed.size, trashed.when), (70_000, NOW));
    assert_eq!(shelf.blob_size(&digest).await.unwrap(), None);
    assert_eq!(place.open().blob_size(&digest).await.unwrap(), None);
    assert!(matches!(shelf.read_blob(&digest, 0..1).await, Err(ShelfError::NoBlob(_))));
    let listed = place.open().trash(10).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&trashed));
    assert!(place.open().restore_blob(&listed[0]).await.unwrap());
    assert_eq!(blob(&shelf, &digest).await, noise(70_000));
    assert!(shelf.restore_blob(&trashed).await.unwrap());
    assert!(!shelf.purge_blob(&trashed, NOW).await.unwrap());
    assert_eq!(blob(&shelf, &digest).await, noise(70_000));
    assert!(shelf.trash(10).await.unwrap().is_empty());
}

pub(crate) async fn a_blob_in_the_trash_is_destroyed(place: &impl Place) {
    let shelf = place.open();
    let digest = upload(&shelf, &noise(70_000)).await;
    let trashed = shelf.trash_blob(&digest, NOW).await.unwrap().unwrap();
    assert!(place.open().purge_blob(&trashed, NOW).await.unwrap());
    assert!(!shelf.purge_blob(&trashed, NOW).await.unwrap());
    assert!(!shelf.restore_blob(&trashed).await.unwrap());
    assert_eq!(shelf.blob_size(&digest).await.unwrap(), None);
    assert!(shelf.trash(10).await.unwrap().is_empty());
    upload(&shelf, &noise(70_000)).await;
    assert_eq!(blob(&place.open(), &digest).await, noise(70_000));
}

pub(crate) async fn what_was_uploaded_again_is_not_destroyed(place: &impl Place) {
    let shelf = place.open();
    let digest = upload(&shelf, &noise(70_000)).await;
    let first = shelf.trash_blob(&digest, NOW).await.unwrap().unwrap();
    upload(&place.open(), &noise(70_000)).await;
    assert_eq!(blob(&shelf, &digest).await, noise(70_000));
    let second = shelf.trash_blob(&digest, NOW).await.unwrap().unwrap();
    assert_ne!(first, second);
    shelf.purge_blob(&first, NOW).await.unwrap();
    assert!(shelf.restore_blob(&second).await.unwrap());
    assert_eq!(blob(&shelf, &digest).await, noise(70_000));
    shelf.purge_blob(&first, NOW).await.unwrap();
    shelf.purge_blob(&second, NOW).await.unwrap();
    assert_eq!(blob(&shelf, &digest).await, noise(70_000));
}

pub(crate) async fn of_many_who_trash_a_blob_one_does(place: &impl Place) {
    let digest = upload(&place.open(), &noise(1000)).await;
    let mut collectors = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (shelf, digest) = (place.open(), digest.clone());
        collectors.spawn(async move { shelf.trash_blob(&digest, NOW).await.unwrap() });
    }
    let trashed: Vec<_> = collectors.join_all().await.into_iter().flatten().collect();
    assert_eq!(trashed.len(), 1);
    assert!(place.open().restore_blob(&trashed[0]).await.unwrap());
}

/// What garbage collection does, against what a push does: first an edge to the blob is written, then it is
/// looked whether the blob is there.
pub(crate) async fn collectors_lose_no_blob_that_has_an_edge(place: &impl Place) {
    let (shelf, others) = (place.open(), [place.open(), place.open(), place.open()]);
    for round in 0..12 {
        let bytes = noise(2000 + round);
        let (digest, edge) = (sha256(&bytes), key(&format!("edges/{round}")));
        upload(&shelf, &bytes).await;
        let mut collectors = tokio::task::JoinSet::new();
        for other in &others {
            collectors.spawn(collect_garbage(other.clone(), digest.clone(), edge.clone()));
        }
        shelf.put(&edge, Bytes::new(), When::Always).await.unwrap();
        // A collector may hold the blob for a moment; then the client sends it again.
        while shelf.blob_size(&digest).await.unwrap().is_none() {
            upload(&shelf, &bytes).await;
        }
        collectors.join_all().await;
        assert_eq!(blob(&shelf, &digest).await, bytes);
        assert!(shelf.trash(10).await.unwrap().is_empty());
    }
}

async fn collect_garbage(shelf: Shelf, digest: ContentDigest, edge: Key) {
    for _ in 0..4 {
        let Some(trashed) = shelf.trash_blob(&digest, NOW).await.unwrap() else { continue };
        match shelf.get(&edge).await.unwrap() {
            Some(_) => assert!(shelf.restore_blob(&trashed).await.unwrap()),
            None => drop(shelf.purge_blob(&trashed, NOW).await.unwrap()),
        }
    }
}
