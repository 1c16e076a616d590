//! Prints how long opening, looking up and matching take, on advisories and inventories that are made up:
//! `cargo run --release -p coffer-advisories --example bench_match`. One figure a line, `name value unit`. Published
//! advisories that are given as arguments are imported first.

#![allow(clippy::print_stdout, reason = "the figures are its output")]

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use advisories::advisory::{Advisory, Affected, Record};
use advisories::database::{Builder, Built, DatabaseError, Library, Publisher, Sources, Trust};
use advisories::import::{Item, Limits, import};
use advisories::matching::{Context, Matcher};
use advisories::version::{Bound, Interval};
use model::inventory::{Distribution, Inventory, Package, PackageKind, Symbols};

const INVENTORIES: u64 = 1000;
const PACKAGES: u64 = 300;

/// Ecosystem, kind, names that have advisories, names that there are, and advisories about each in the mean.
const ECOSYSTEMS: [(&str, PackageKind, u64, u64, u64); 3] = [
    ("Debian:12", PackageKind::Dpkg, 3000, 6000, 14),
    ("npm", PackageKind::Npm, 5000, 50_000, 2),
    ("PyPI", PackageKind::PyPi, 3000, 20_000, 3),
];

/// xorshift64: the same numbers every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn version(&mut self, kind: PackageKind) -> String {
        let (major, minor, patch) = (self.below(6), self.below(20), self.below(30));
        let revision = if kind == PackageKind::Dpkg { "-1+deb12u1" } else { "" };
        format!("{major}.{minor}.{patch}{revision}")
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if !paths.is_empty() {
        published(&paths)?;
    }
    let directory = tempfile::tempdir_in(".")?;
    let library = Library::at(directory.path());
    let publisher = Publisher::from_seed(&[1; 32]);
    let trust = Trust::Keys(vec![publisher.public()]);
    let mut update = library.update(&trust)?;
    for (ecosystem, kind, known, _, mean) in ECOSYSTEMS {
        let built = source(ecosystem, kind, known, mean)?;
        println!("shard_{ecosystem} {} bytes", built.bytes.len());
        update.put(ecosystem, "made up", "2026-11-26T00:00:00Z", &built)?;
    }
    update.finish("2026-11-26T00:00:00Z", Some(&publisher))?;

    timed("open", 200, || library.open(&trust).map(drop))?;
    let (_, database) = library.open(&trust)?;
    let context = Context { today: "2026-11-26".to_owned() };
    let matcher = Matcher::new(&database, &context)?;
    let inventories: Vec<_> = (1..=INVENTORIES).map(inventory).collect();

    let shard = database.shards().first().ok_or("no shard")?;
    timed("lookup_hit", 100_000, || black_box(shard.package("Debian:12", "package-0000017")).map(drop))?;
    timed("lookup_miss", 100_000, || black_box(shard.package("Debian:12", "package-9000017")).map(drop))?;
    timed("match_one", 1, || {
        inventories.iter().take(1).try_for_each(|one| matcher.match_inventory(one).map(drop))
    })?;
    let mut found = 0;
    timed("match_1000_inventories", 3, || {
        found = 0;
        inventories
            .iter()
            .try_for_each(|one| matcher.match_inventory(one).map(|all| found += all.vulnerabilities.len()))
    })?;
    println!("findings {found} of {} packages", INVENTORIES * PACKAGES);
    timed("look_for_one_in_1000_inventories", 3, || {
        let about = matcher.about("CVE-Debian:12-17-3")?;
        inventories.iter().try_for_each(|one| matcher.match_only(one, &about).map(drop))
    })?;
    Ok(())
}

/// How long importing takes, and what comes of it.
fn published(paths: &[PathBuf]) -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir_in(".")?;
    let library = Library::at(directory.path());
    let (mut sources, mut skipped) = (Sources::default(), 0);
    let mut all = Ok(());
    timed("import", 1, || {
        let imported = import(paths, &Limits::default(), &mut |item| match item {
            Item::Record(record) => sources.add(&record),
            Item::Skipped(_) => skipped += 1,
        });
        all = imported.map(drop);
        Ok::<_, DatabaseError>(())
    })?;
    all?;
    let started = Instant::now();
    let (mut total, mut left_out) = (0, 0);
    let mut update = library.update(&Trust::Anybody)?;
    for (source, built) in sources.finish()? {
        let entry = update.put(&source, "published", "2026-11-26T00:00:00Z", &built)?;
        let (size, counts) = (entry.size, entry.counts);
        println!("published_{source} {size} bytes, {counts:?}, {} left out", built.left_out.len());
        total += size;
        left_out += built.left_out.len();
    }
    update.finish("2026-11-26T00:00:00Z", None)?;
    println!("published_write {:.0} us", started.elapsed().as_secs_f64() * 1e6);
    println!("published {total} bytes, {skipped} skipped, {left_out} left out");
    timed("published_open", 200, || library.open(&Trust::Anybody).map(drop))?;
    timed("published_verify", 1, || library.verify(&Trust::Anybody).map(drop))?;
    let mut exported = Vec::new();
    timed("published_export", 1, || library.export(&Trust::Anybody, None, &mut exported).map(drop))?;
    println!("published_export {} bytes", exported.len());
    Ok(())
}

fn timed<E>(name: &str, times: u32, mut work: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let started = Instant::now();
    for _ in 0..times {
        work()?;
    }
    println!("{name} {:.3} us", started.elapsed().as_secs_f64() * 1e6 / f64::from(times));
    Ok(())
}

fn source(ecosystem: &str, kind: PackageKind, known: u64, mean: u64) -> Result<Built, Box<dyn Error>> {
    let mut random = Random(17);
    let mut builder = Builder::new();
    for package in 0..known {
        // Few have very many, as the kernel has.
        let count = if package % 1000 == 0 { 2000 } else { 1 + random.below(mean * 2 - 1) };
        for number in 0..count {
            let to = random.version(kind);
            let range = Interval { from: None, to: Some(Bound::Excluding(to)) };
            let affected = Affected {
                ranges: vec![range],
                ..Affected::new(ecosystem, &format!("package-{package:07}"))
            };
            builder.add(&Record::Advisory(Box::new(Advisory {
                id: format!("CVE-{ecosystem}-{package}-{number}"),
                summary: format!("what is wrong with package {package}, number {number}"),
                source: "made-up".to_owned(),
                affected: vec![affected],
                ..Advisory::default()
            })));
        }
    }
    Ok(builder.finish()?)
}

fn inventory(seed: u64) -> Inventory {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let package = |_| {
        let [debian, npm, python] = ECOSYSTEMS;
        let (_, kind, _, names, _) = match random.below(10) {
            0..=5 => debian,
            6..=8 => npm,
            _ => python,
        };
        let name = format!("package-{:07}", random.below(names));
        // Most packages are newer than most advisories: the fifth major version of up to five.
        let version = format!("5.{}", random.version(kind));
        Package {
            kind,
            name,
            version,
            source: None,
            architecture: "amd64".to_owned(),
            licences: Vec::new(),
            location: "where/it/is".to_owned(),
            layer: 0,
            owner: None,
            symbols: Symbols::Unknown,
        }
    };
    let distribution =
        Some(Distribution { id: "debian".to_owned(), version: "12".to_owned(), ..Distribution::default() });
    Inventory { distribution, packages: (0..PACKAGES).map(package).collect(), ..Inventory::default() }
}
