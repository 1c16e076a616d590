//! How long deleting artifacts and collecting them takes: `bench_collect DIRECTORY [COUNT]`, in an empty directory.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use coffer_registry::server::depot::{Anything, Depot, Document, Mode};
use coffer_registry::server::names::RepositoryName;
use coffer_registry::server::shelf::{Algorithm, ContentDigest, Shelf};
use http_body_util::Full;
use tokio::task::JoinSet;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many clients there are.
const CLIENTS: usize = 16;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("which directory?")?;
    let count: usize = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let depot = Depot::new(Shelf::disk(Path::new(&directory))?, Arc::new(Anything));
    let began = Instant::now();
    let pushed = share(&depot, count, |depot, number| async move { push(&depot, number).await }).await?;
    say(&format!("{count} artifacts with 3 blobs each pushed in {:.1} s", began.elapsed().as_secs_f64()))?;
    // As a server would have done since: what was uploaded has been noted, and has come to be needed.
    depot.collect(Mode::Remove, 0, &|| seconds() + 1).await?;
    let began = Instant::now();
    let pushed = Arc::new(pushed);
    share(&depot, count, move |depot, number| {
        let digest = pushed.get(number).cloned();
        async move {
            let digest = digest.ok_or("no such artifact")?;
            depot.delete_manifest(&name()?, &digest, seconds()).await?;
            Ok(digest)
        }
    })
    .await?;
    let deleted = began.elapsed().as_secs_f64();
    let collected = depot.collect(Mode::Remove, 0, &|| seconds() + 1).await?;
    let total = began.elapsed().as_secs_f64();
    say(&format!(
        "deleted in {deleted:.1} s and {} blobs collected in {:.1} s, {total:.1} s together; {}",
        collected.blobs,
        total - deleted,
        memory()?
    ))
}

/// Does something for every number, many at a time; what it gave comes back in order.
async fn share<F, W>(depot: &Depot, count: usize, work: F) -> Outcome<Vec<ContentDigest>>
where
    F: Fn(Depot, usize) -> W + Clone + Send + 'static,
    W: Future<Output = Outcome<ContentDigest>> + Send,
{
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (depot, work) = (depot.clone(), work.clone());
        clients.spawn(async move {
            let mut done = Vec::new();
            for number in (client..count).step_by(CLIENTS) {
                done.push((number, work(depot.clone(), number).await?));
            }
            Outcome::Ok(done)
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(done) = clients.join_next().await {
        all.extend(done??);
    }
    all.sort_unstable_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, digest)| digest).collect())
}

async fn push(depot: &Depot, number: usize) -> Outcome<ContentDigest> {
    let (name, mut parts) = (name()?, Vec::new());
    for part in 0..3 {
        let bytes = format!("{number} {part}").into_bytes();
        let digest = ContentDigest::of(Algorithm::Sha256, &bytes);
        let id = depot.begin().await?;
        depot.append(&id, 0, Full::new(bytes.into()), 1000).await?;
        depot.finish(&name, &id, &digest, seconds()).await?;
        parts.push(format!(r#"{{"mediaType":"a/b","digest":"{digest}","size":1}}"#));
    }
    let [config, layers @ ..] = parts.as_slice() else { return Err("three parts are three".into()) };
    let manifest = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{}]}}"#, layers.join(","));
    let digest = ContentDigest::of(Algorithm::Sha256, manifest.as_bytes());
    let document = Document::read(manifest.as_bytes(), None)?;
    depot.put_manifest(&name, &digest, &document, manifest.into(), &[], seconds()).await?;
    Ok(digest)
}

fn name() -> Outcome<RepositoryName> {
    Ok("bench/artifacts".parse()?)
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn memory() -> Outcome<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    Ok(status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned())
}

fn say(line: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
