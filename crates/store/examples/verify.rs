//! `verify STORE`: re-hashes every blob and compares every unpacked layer, for trying on real images.

use std::error::Error;
use std::time::Instant;

use coffer_store::{Limits, Owner, Quiet, Store};

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::args().nth(1).ok_or("usage: verify STORE")?;
    let started = Instant::now();
    let findings = Store::open(root, Owner::Root, Limits::default())?.verify(&mut Quiet)?;
    #[expect(clippy::print_stdout, reason = "an example is a program")]
    {
        println!("{} findings in {:?}: {findings:?}", findings.len(), started.elapsed());
    }
    Ok(())
}
