//! What is particular to a bucket: settings, faults of the store, two servers at once.

use coffer_registry::server::shelf::{
    Addressing, Algorithm, BucketSettings, ContentDigest, Key, Plain, Put, Shelf, ShelfError, When,
};
use tokio::runtime::Handle;

use crate::Place;
use crate::body::{Pieces, collect, noise, slow};
use crate::s3::{ACCESS_KEY, BUCKET, Conditions, Fault, S3, SECRET_KEY};

const LIMIT: u64 = 1 << 30;

/// A bucket of the store in this process.
pub(crate) struct InProcess(pub(crate) S3);

impl InProcess {
    pub(crate) fn new() -> Self {
        Self(S3::start(Conditions::Kept))
    }

    fn settings(&self) -> BucketSettings {
        settings(&self.0.endpoint())
    }
}

impl Place for InProcess {
    fn open(&self) -> Shelf {
        open(&self.settings())
    }
}

/// A bucket of a real store, which `COFFER_TEST_S3` names with `endpoint access-key secret-key bucket`. Each
/// test has a prefix of its own. Without it, the store in this process.
pub(crate) struct Real(Result<BucketSettings, InProcess>);

impl Real {
    pub(crate) fn new(test: &str) -> Self {
        let Ok(given) = std::env::var("COFFER_TEST_S3") else { return Self(Err(InProcess::new())) };
        let words: Vec<&str> = given.split_whitespace().collect();
        let [endpoint, access_key, secret_key, bucket] = words[..] else { panic!("COFFER_TEST_S3") };
        Self(Ok(BucketSettings {
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            bucket: bucket.to_owned(),
            prefix: format!("{test}-{}", std::process::id()),
            ..settings(endpoint)
        }))
    }
}

impl Place for Real {
    fn open(&self) -> Shelf {
        match &self.0 {
            Ok(settings) => open(settings),
            Err(place) => place.open(),
        }
    }
}

fn settings(endpoint: &str) -> BucketSettings {
    BucketSettings {
        endpoint: endpoint.to_owned(),
        bucket: BUCKET.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
        token: None,
        prefix: "team/registry".to_owned(),
        addressing: Addressing::Path,
        authorities: None,
        plain: Plain::Loopback,
    }
}

fn open(settings: &BucketSettings) -> Shelf {
    tokio::task::block_in_place(|| Handle::current().block_on(Shelf::bucket(settings))).unwrap()
}

fn sha256(bytes: &[u8]) -> ContentDigest {
    ContentDigest::of(Algorithm::Sha256, bytes)
}

async fn upload(shelf: &Shelf, bytes: &[u8]) -> ContentDigest {
    let id = shelf.begin_upload().await.unwrap();
    shelf.append(&id, 0, Pieces::of(bytes, 64 * 1024), LIMIT).await.unwrap();
    shelf.finish(&id, &sha256(bytes)).await.unwrap();
    sha256(bytes)
}

#[tokio::test]
async fn a_store_that_ignores_conditions_is_refused() {
    let store = S3::start(Conditions::Ignored);
    let refused = Shelf::bucket(&settings(&store.endpoint())).await.unwrap_err();
    assert!(refused.to_string().contains("it ignores conditions"), "{refused}");
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_secrets_are_in_no_error() {
    let store = S3::start(Conditions::Kept);
    let wrong = BucketSettings { access_key: "other".to_owned(), ..settings(&store.endpoint()) };
    let refused = Shelf::bucket(&wrong).await.unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains(SECRET_KEY), "{refused}");
    assert!(refused.to_string().contains("403"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_could_not_answer_is_asked_again() {
    let place = InProcess::new();
    let shelf = place.open();
    let key = Key::new(&["a"]).unwrap();
    place.0.next(&[Fault::Refuse, Fault::Refuse, Fault::Slow]);
    assert!(matches!(shelf.put(&key, "1".into(), When::Always).await.unwrap(), Put::Done(_)));
    place.0.next(&[Fault::Forget, Fault::Refuse]);
    assert_eq!(shelf.get(&key).await.unwrap().unwrap().bytes, "1");
    place.0.next(&[Fault::Forget]);
    shelf.delete_all(vec![key.clone()]).await.unwrap();
    assert_eq!(shelf.get(&key).await.unwrap(), None);
}

/// Whichever answer of an upload is lost, the bytes are there afterwards or the upload can be done again.
#[tokio::test(flavor = "multi_thread")]
async fn whichever_answer_is_lost_no_acknowledged_byte_is() {
    for fault in [Fault::Forget, Fault::Refuse] {
        for before in 0..14 {
            let place = InProcess::new();
            let shelf = place.open();
            let bytes = noise(100_000 + before);
            place.0.next(&[vec![Fault::None; before], vec![fault]].concat());
            let id = shelf.begin_upload().await.unwrap();
            let done = async {
                shelf.append(&id, 0, Pieces::whole(bytes[..50_000].to_vec()), LIMIT).await?;
                shelf.append(&id, 50_000, Pieces::whole(bytes[50_000..].to_vec()), LIMIT).await?;
                shelf.finish(&id, &sha256(&bytes)).await
            };
            let done = done.await;
            place.0.calm();
            if done.is_ok() {
                let body = place.open().read_blob(&sha256(&bytes), 0..u64::MAX).await.unwrap();
                assert_eq!(collect(body).await, bytes, "{fault:?} of request {before}");
            } else {
                assert_eq!(upload(&shelf, &bytes).await, sha256(&bytes));
                let body = place.open().read_blob(&sha256(&bytes), 0..u64::MAX).await.unwrap();
                assert_eq!(collect(body).await, bytes, "{fault:?} of request {before}: {done:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_is_cut_off_is_read_on() {
    let place = InProcess::new();
    let shelf = place.open();
    let bytes = noise(3_000_000);
    let digest = upload(&shelf, &bytes).await;
    shelf.read_blob(&digest, 0..1).await.unwrap();
    place.0.next(&[Fault::Cut]);
    let body = shelf.read_blob(&digest, 0..u64::MAX).await.unwrap();
    assert_eq!(collect(body).await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_that_add_to_an_upload_one_does() {
    let place = InProcess::new();
    let (first, second) = (place.open(), place.open());
    let id = first.begin_upload().await.unwrap();
    let (sender, body) = slow();
    let slower = tokio::spawn({
        let (shelf, id) = (first.clone(), id.clone());
        async move { shelf.append(&id, 0, body, LIMIT).await }
    });
    sender.send(Ok("abc".into())).await.unwrap();
    sender.send(Ok("def".into())).await.unwrap();
    assert_eq!(second.append(&id, 0, Pieces::whole("xyz"), LIMIT).await.unwrap(), 3);
    drop(sender);
    assert!(matches!(slower.await.unwrap(), Err(ShelfError::Busy(_))));
    second.finish(&id, &sha256(b"xyz")).await.unwrap();
    let segments = place.0.names().into_iter().filter(|name| name.contains("/data/")).count();
    assert_eq!(segments, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_what_was_given_up_or_destroyed() {
    let place = InProcess::new();
    let shelf = place.open();
    let digest = upload(&shelf, &noise(8_500_000)).await;
    upload(&shelf, &noise(8_500_000)).await;
    let id = shelf.begin_upload().await.unwrap();
    shelf.append(&id, 0, Pieces::of(&noise(8_500_000), 100_000), LIMIT).await.unwrap();
    shelf.abort(&id).await.unwrap();
    let trashed = shelf.trash_blob(&digest, 1).await.unwrap().unwrap();
    assert!(shelf.purge_blob(&trashed, 1).await.unwrap());
    assert!(place.0.names().is_empty(), "{:?}", place.0.names());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_collector_left_is_taken_over_in_time() {
    let place = InProcess::new();
    let shelf = place.open();
    let digest = upload(&shelf, b"bytes").await;
    let dead = shelf.trash_blob(&digest, 1000).await.unwrap().unwrap();
    assert_eq!(shelf.trash_blob(&digest, 4599).await.unwrap(), None);
    let taken = shelf.trash_blob(&digest, 4600).await.unwrap().unwrap();
    assert!(!shelf.purge_blob(&dead, 4600).await.unwrap());
    assert!(shelf.restore_blob(&taken).await.unwrap());
    assert_eq!(shelf.blob_size(&digest).await.unwrap(), Some(5));
}
