//! `import STORE ARCHIVE`: for timing and for trying things by hand.

use std::error::Error;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use coffer_store::{Limits, Naming, Owner, Quiet, Store};
use model::reference::{ArchiveSource, Reference};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, archive] = arguments.as_slice() else { return Err("usage: import STORE ARCHIVE".into()) };
    let source = match archive.parse() {
        Ok(Reference::Archive(source)) => source,
        _ => ArchiveSource { transport: None, path: archive.into(), selector: None },
    };
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    let started = Instant::now();
    let owner = if rustix::process::geteuid().is_root() { Owner::Root } else { Owner::SingleUser };
    let store = Store::open(root, owner, Limits::default())?;
    let imported = store.import(&source, &Naming::FromSource, now, &mut Quiet).map_err(describe)?;
    let image = &imported.image;
    #[expect(clippy::print_stdout, reason = "an example is a program")]
    {
        println!(
            "{} {:?} in {:?}, already: {}",
            image.digest,
            image.names,
            started.elapsed(),
            imported.already
        );
        println!("{} bytes, {} entries, {} layers", image.size, image.facts.entries, image.layers.len());
    }
    Ok(())
}

fn describe(error: coffer_store::StoreError) -> String {
    format!("{error}; {} [{}]", error.remedy(), error.code())
}
