//! `carry STORE FROM TO [NAME]`: copies an image from one place to another, for trying with other people's tools.

use std::error::Error;

use coffer_store::carrier::{Layout, LayoutWriter};
use coffer_store::{Limits, Owner, Result, Store};
use model::oci::{Descriptor, Index, Manifest};
use model::reference::{ArchiveSource, Reference};

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (root, from, to, name) = match arguments.as_slice() {
        [root, from, to] => (root, from, to, None),
        [root, from, to, name] => (root, from, to, Some(name.as_str())),
        _ => return Err("usage: carry STORE FROM TO [NAME]".into()),
    };
    let store = Store::open(root, Owner::Root, Limits::default())?;
    let (from, to) = (place(from)?, place(to)?);
    let layout = Layout::open(&store, &from)?;
    let (top, bytes) = layout.top(from.selector.as_deref())?;
    let writer = LayoutWriter::create(&to)?;
    copy(&layout, &writer, &bytes, &top)?;
    Ok(writer.finish(name, &top, &bytes, &[])?)
}

fn place(text: &str) -> std::result::Result<ArchiveSource, Box<dyn Error>> {
    match text.parse()? {
        Reference::Archive(source) => Ok(source),
        other => Err(format!("`{other}` is no place on disk").into()),
    }
}

fn copy(
    from: &Layout,
    to: &LayoutWriter,
    bytes: &[u8],
    top: &Descriptor,
) -> std::result::Result<(), Box<dyn Error>> {
    if top.is_index() {
        for manifest in serde_json::from_slice::<Index>(bytes)?.manifests {
            copy(from, to, &from.manifest(&manifest)?, &manifest)?;
            write(from, to, &manifest)?;
        }
        return Ok(());
    }
    let manifest: Manifest = serde_json::from_slice(bytes)?;
    let mut leaves = manifest.layers.iter().chain([&manifest.config]);
    Ok(leaves.try_for_each(|leaf| write(from, to, leaf))?)
}

fn write(from: &Layout, to: &LayoutWriter, blob: &Descriptor) -> Result<()> {
    if to.has(&blob.digest) { Ok(()) } else { to.blob(blob, &mut *from.blob(&blob.digest)?) }
}
