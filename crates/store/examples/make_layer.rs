//! Makes a layer of a directory: `make_layer STORE DIRECTORY`. For measuring.

#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Instant;

use coffer_store::{Attributes, Content, LayerMaker, Limits, Owner, Store, StoreError};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(store), Some(directory)) = (arguments.next(), arguments.next()) else {
        return Err("usage: make_layer STORE DIRECTORY".into());
    };
    let store = Store::open(store, Owner::Root, Limits::default())?;
    let started = Instant::now();
    let layer = store.make_layer("the directory", |maker| add(maker, Path::new(&directory), ""))?;
    println!("{} {} bytes {:?}", layer.diff_id, layer.size, started.elapsed());
    Ok(())
}

fn add(maker: &mut LayerMaker, directory: &Path, prefix: &str) -> Result<(), StoreError> {
    let failed = |cause| StoreError::Read { what: directory.display().to_string(), cause };
    let mut names: Vec<_> =
        fs::read_dir(directory).map_err(failed)?.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let from = directory.join(&name);
        let to = format!("{prefix}{}", name.to_string_lossy());
        let metadata = fs::symlink_metadata(&from).map_err(failed)?;
        let attributes =
            Attributes { mode: metadata.mode() & 0o7777, mtime: metadata.mtime(), ..Attributes::default() };
        if metadata.is_dir() {
            maker.add(to.as_bytes(), &attributes, Content::Directory)?;
            add(maker, &from, &format!("{to}/"))?;
        } else if metadata.is_symlink() {
            let target = fs::read_link(&from).map_err(failed)?;
            maker.add(to.as_bytes(), &attributes, Content::Symlink(target.as_os_str().as_bytes()))?;
        } else {
            let mut file = File::open(&from).map_err(failed)?;
            maker.add(to.as_bytes(), &attributes, Content::File(metadata.len(), &mut file))?;
        }
    }
    Ok(())
}
