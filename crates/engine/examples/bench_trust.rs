//! Prints what trust costs: `cargo run --release -p coffer-engine --example bench_trust`. One figure a line,
//! `name value unit`: what a pin adds to the decision about an image of the store, and how long a publisher of so many
//! releases is asked for news over loopback.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the figures are its output, and a bench may panic"
)]

use std::error::Error;
use std::time::{Duration, Instant};

use coffer_engine as engine;
use engine::Engine;
use engine::registries::{Places, Registries};
use engine::site::{Invoker, Site};
use engine::time::Moment;
use engine::trust::{Carrier, Edition, Files, Pin};
use model::digest::Digest;
use model::image::{Image, ImageConfig};
use model::request::RunRequest;
use model::verdict::Level;
use trust::key::{Signer, SoftKey};
use trust::publisher::{Draft, Keys, Plan, Validity};

#[path = "../../coffer/tests/layers/mod.rs"]
mod layers;
#[path = "../../coffer/tests/shipping/mod.rs"]
mod shipping;

const ROUNDS: u32 = 200;

fn clock() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Moment { seconds: i64::try_from(since.as_secs()).unwrap_or(0), nanos: 0 }
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let (state, run) = (directory.path().join("state"), directory.path().join("run"));
    let site = Site { state, run, level: Level::Open, invoker: Invoker::Root };
    let engine = Engine::open(site, clock)?;
    let image = engine.import_embedded(&[0; 1024], &ImageConfig::default())?.image;
    let registry = shipping::Registry::new();
    let place = format!("{}/team", registry.address);
    let name = format!("{place}/app:1");
    engine.tag(&image, &name.parse()?)?;
    let request = RunRequest { image: name, level: Level::Open, ..RunRequest::default() };
    let before = decided(&engine, &request)?;
    println!("decision_without_a_pin {:.1} us", before.as_secs_f64() * 1e6);
    for releases in [10, 1000] {
        let (files, fingerprint) = publisher(&image, releases)?;
        let place: engine::trust::Place = place.parse()?;
        let registries = Registries::load(Places::default())?;
        let carrier = Carrier::Registry(place.clone());
        if let Some(old) = engine.published(&registries, &carrier, Edition::Latest)? {
            drop(old);
            registry.forgets_manifest("team/trust", "latest");
        }
        engine.publish(&registries, &carrier, Edition::Latest, &files, None)?;
        let pin = Pin { place: place.clone(), fingerprint, publisher: "team".into(), stage: None };
        let began = Instant::now();
        engine.pin(&registries, &pin, None)?;
        println!("pin_{releases}_releases {:.2} ms", began.elapsed().as_secs_f64() * 1e3);
        let after = decided(&engine, &request)?;
        println!("pin_adds_{releases}_releases {:.1} us", (after.as_secs_f64() - before.as_secs_f64()) * 1e6);
        let refreshed = best(20, || engine.refresh_trust(&registries, Some(&place)).map(drop))?;
        println!("refresh_{releases}_releases {:.2} ms", refreshed.as_secs_f64() * 1e3);
    }
    Ok(())
}

/// The best of some rounds: what else the machine does is not ours.
fn best<E>(rounds: u32, mut round: impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let began = Instant::now();
        round()?;
        best = best.min(began.elapsed());
    }
    Ok(best)
}

fn decided(engine: &Engine, request: &RunRequest) -> Result<Duration, Box<dyn Error>> {
    Ok(best(ROUNDS, || engine.assess(request).map(drop))?)
}

fn publisher(
    image: &Image,
    releases: usize,
) -> Result<(Files, model::digest::ClaimedDigest), Box<dyn Error>> {
    let keys: Vec<SoftKey> =
        (0..3).map(|seed| SoftKey::from_seed(&[seed + 1; 32])).collect::<Result<_, _>>()?;
    let [root, release, online] = keys.as_slice() else { return Err("three keys".into()) };
    let of = |key: &SoftKey| Keys::one(key.public().clone());
    let plan = Plan { root: of(root), release: of(release), online: of(online) };
    let now = clock().seconds;
    let mut draft = Draft::init(&plan, Validity::default(), now)?;
    for number in 0..releases {
        draft.release(&format!("app:{number}"), image.digest.into(), 1000, now)?;
    }
    let seen = draft.describe()?;
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    draft.sign(&seen, &signers)?;
    let files = draft.publish(&signers, now)?.repository.files();
    let root = files.get("1.root.json").ok_or("no root")?;
    let fingerprint = Digest::of(root).into();
    Ok((Files::of(files)?, fingerprint))
}
