//! `resolve STORE NAME`: how long a warm start waits for the store, median and best of 1,000.

use std::error::Error;
use std::time::Instant;

use coffer_store::{Limits, Owner, Store};
use model::reference::ImageName;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, name] = arguments.as_slice() else { return Err("usage: resolve STORE NAME".into()) };
    let name: ImageName = name.parse()?;
    let mut times = Vec::new();
    for _ in 0..1000 {
        let started = Instant::now();
        let store = Store::open(root, Owner::Root, Limits::default())?;
        let image = store.resolve(&name)?;
        times.push(started.elapsed());
        drop(image);
    }
    times.sort_unstable();
    #[expect(clippy::print_stdout, reason = "an example is a program")]
    {
        println!("open and resolve: median {:?}, best {:?}", times.get(500), times.first());
    }
    Ok(())
}
