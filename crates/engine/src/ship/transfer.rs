//! A copy under way: first blobs, several at once, then the documents that name them, and last the name.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use model::oci::{Descriptor, REF_NAME};
use registry::client::Mount;
use store::Progress;

use super::Result;
use super::cargo::{Cargo, Item};
use super::origin::Origin;
use super::target::{Taken, Target};
use crate::Quiet;
use crate::error::EngineError;
use crate::trust::Freight;

/// Blobs that are sent at the same time.
const WORKERS: usize = 4;

/// What a copy came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Manifests and indexes that were sent.
    pub documents: u64,
    /// Blobs that were sent.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that the registry took from another of its repositories.
    pub mounted: u64,
    /// Blobs that were there.
    pub present: u64,
    /// Signatures, inventories and the like among what was copied.
    pub referrers: u64,
}

/// What became of one blob.
enum Fate {
    Sent,
    Mounted,
    Present,
}

/// What a worker says.
enum Event {
    Advanced(usize, u64),
    Done(usize, Result<Fate>),
}

/// Copies everything that is not there yet, and with it what a publisher says, for a layout.
pub(super) fn transfer(
    origin: &dyn Origin,
    target: Box<dyn Target + '_>,
    cargo: &Cargo,
    freight: Option<&Freight>,
    progress: &mut dyn Progress,
) -> Result<Moved> {
    let missing = missing(&*target, cargo)?;
    let mut moved = blobs(origin, &*target, &distinct(&missing), progress)?;
    moved.referrers = cargo.referring.len() as u64;
    let freight = freight.map(|freight| load(freight, &*target)).transpose()?;
    moved.documents += freight.iter().filter(|(_, taken)| *taken == Taken::Sent).count() as u64;
    let Some(top) = cargo.items.last() else { return Ok(moved) };
    let is_top = |item: &Item| item.document.descriptor.digest == top.document.descriptor.digest;
    for item in missing.iter().filter(|item| !is_top(item)) {
        moved.documents += u64::from(target.take(&item.document, item.tag.as_deref())? == Taken::Sent);
    }
    // What is new beside it has to be named by an index on disk even where the image was there before.
    if moved.documents > 0 || target.current()? != Some(top.document.descriptor.digest) {
        let beside = cargo.referring.iter().map(listed).chain(freight.map(|(listed, _)| listed));
        let beside: Vec<_> = beside.collect();
        target.finish(&top.document, &beside)?;
        moved.documents += 1;
    }
    Ok(moved)
}

/// What a publisher says, as the target's index is to list it.
fn load(freight: &Freight, target: &dyn Target) -> Result<(Descriptor, Taken)> {
    let (document, tag) = (freight.document().clone(), Some(freight.tag().to_owned()));
    let item = Item { document, blobs: freight.blobs(), tag };
    blobs(freight, target, &distinct(&[&item]), &mut Quiet)?;
    let taken = target.take(&item.document, item.tag.as_deref())?;
    Ok((listed(&item), taken))
}

/// Documents that the target lacks.
fn missing<'a>(target: &dyn Target, cargo: &'a Cargo) -> Result<Vec<&'a Item>> {
    let mut missing = Vec::new();
    for item in cargo.items.iter().chain(&cargo.referring) {
        if !target.has_document(&item.document.descriptor, item.tag.as_deref())? {
            missing.push(item);
        }
    }
    Ok(missing)
}

/// As an index on disk lists it.
fn listed(item: &Item) -> Descriptor {
    let mut listed = item.document.descriptor.clone();
    if let Some(tag) = &item.tag {
        listed.annotations.get_or_insert_default().insert(REF_NAME.to_owned(), tag.clone());
    }
    listed
}

fn distinct<'a>(items: &[&'a Item]) -> Vec<&'a Descriptor> {
    let mut seen = BTreeSet::new();
    items.iter().flat_map(|item| &item.blobs).filter(|blob| seen.insert(blob.digest)).collect()
}

fn blobs(
    origin: &dyn Origin,
    target: &dyn Target,
    blobs: &[&Descriptor],
    progress: &mut dyn Progress,
) -> Result<Moved> {
    let sizes: Vec<u64> = blobs.iter().map(|blob| blob.size).collect();
    progress.started(&sizes);
    // The largest come first, so that no worker is left alone with one of them.
    let mut queue: Vec<(usize, &Descriptor)> = blobs.iter().copied().enumerate().collect();
    queue.sort_by_key(|(_, blob)| blob.size);
    let (queue, stop) = (Mutex::new(queue), AtomicBool::new(false));
    let (events, received) = channel();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS.min(blobs.len()) {
            let events = events.clone();
            scope.spawn(|| work(origin, target, &queue, &stop, events));
        }
        drop(events);
        collect(received, &sizes, &stop, progress)
    })
}

fn work(
    origin: &dyn Origin,
    target: &dyn Target,
    queue: &Mutex<Vec<(usize, &Descriptor)>>,
    stop: &AtomicBool,
    events: Sender<Event>,
) {
    while !stop.load(Ordering::Relaxed) {
        let next = queue.lock().ok().and_then(|mut queue| queue.pop());
        let Some((number, blob)) = next else { return };
        let mut advanced = |bytes| drop(events.send(Event::Advanced(number, bytes)));
        let result = one(origin, target, blob, &mut advanced);
        if events.send(Event::Done(number, result)).is_err() {
            return;
        }
    }
}

/// Nothing is sent that is there, or that the target can get by itself.
fn one(
    origin: &dyn Origin,
    target: &dyn Target,
    blob: &Descriptor,
    advanced: &mut (dyn FnMut(u64) + Send),
) -> Result<Fate> {
    if target.has(blob)? {
        advanced(blob.size);
        return Ok(Fate::Present);
    }
    for repository in origin.neighbours() {
        if target.mount(blob, repository)? == Mount::Mounted {
            advanced(blob.size);
            return Ok(Fate::Mounted);
        }
    }
    target.send(blob, origin, advanced).map(|()| Fate::Sent)
}

/// The first error stops the others, and is the one that is reported.
fn collect(
    events: Receiver<Event>,
    sizes: &[u64],
    stop: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Moved> {
    let (mut moved, mut failure): (Moved, Option<EngineError>) = (Moved::default(), None);
    for event in events {
        match event {
            Event::Advanced(blob, bytes) => progress.advanced(blob, bytes),
            Event::Done(blob, Ok(fate)) => {
                progress.finished(blob);
                match fate {
                    Fate::Sent => {
                        moved.blobs += 1;
                        moved.bytes += sizes.get(blob).copied().unwrap_or_default();
                    }
                    Fate::Mounted => moved.mounted += 1,
                    Fate::Present => moved.present += 1,
                }
            }
            Event::Done(_, Err(error)) => {
                stop.store(true, Ordering::Relaxed);
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(moved), Err)
}
