//! `pull STORE LAYOUT NAME`: what a pull takes where the network takes nothing.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use coffer_store::carrier::Layout;
use coffer_store::{Blobs, Incoming, Limits, Naming, Owner, Quiet, Store};
use model::oci::{Descriptor, Manifest};
use model::reference::{ArchiveSource, Transport};

struct Files(PathBuf);

impl Blobs for Files {
    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        let mut file = File::open(self.0.join("blobs/sha256").join(blob.digest.hex()))?;
        file.seek(io::SeekFrom::Start(from))?;
        Ok(Box::new(file))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, layout, name] = arguments.as_slice() else {
        return Err("usage: pull STORE LAYOUT NAME".into());
    };
    let source = ArchiveSource { transport: Some(Transport::Oci), path: layout.into(), selector: None };
    let store = Store::open(root, Owner::Root, Limits::default())?;
    let opened = Layout::open(&store, &source)?;
    let (top, manifest) = opened.top(Some(name))?;
    let config = opened.manifest(&serde_json::from_slice::<Manifest>(&manifest)?.config)?;
    let files = Files(layout.into());
    let incoming = Incoming { manifest, media_type: top.media_type, config, pins: Vec::new(), blobs: &files };
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    let started = Instant::now();
    let pulled = store.pull(&incoming, &Naming::As(vec![name.parse()?]), now, &mut Quiet)?;
    #[expect(clippy::print_stdout, reason = "an example is a program")]
    {
        println!("{} in {:?}, already: {}", pulled.image.digest, started.elapsed(), pulled.already);
    }
    Ok(())
}
