//! Replaces a database in one step: whoever is killed on the way leaves the old one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use model::digest::{Digest, Hasher};
use rustix::fs::{FlockOperation, flock};

use super::build::Built;
use super::envelope::{Publisher, Trust, seal, unseal};
use super::error::DatabaseError;
use super::index::{Entry, Index};
use super::library::{Hashing, Library};
use super::shard::Shard;

/// What may replace a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// One that is not older: whoever passes files on cannot make us forget.
    NotOlder,
    /// Any.
    Any,
}

/// A database that is being changed, source by source. Until it is finished, nobody sees any of it.
#[derive(Debug)]
pub struct Update<'l> {
    library: &'l Library,
    entries: BTreeMap<String, Entry>,
    lost: Option<DatabaseError>,
    _turn: Turn,
}

/// A database of somebody else's that is being taken over, shard by shard.
#[derive(Debug)]
pub struct Adoption<'l> {
    library: &'l Library,
    envelope: Vec<u8>,
    index: Index,
    missing: Vec<Entry>,
    _turn: Turn,
}

/// The lock, held until it is dropped or the process dies.
#[derive(Debug)]
struct Turn {
    _file: File,
}

impl Library {
    /// Begins to change single sources; the others stay.
    ///
    /// # Errors
    /// A directory that cannot be written; an index that is not signed by whom it should be.
    pub fn update(&self, trust: &Trust) -> Result<Update<'_>, DatabaseError> {
        let turn = self.turn()?;
        let (present, lost) = match self.index(trust) {
            Ok(index) => (index.shards, None),
            Err(DatabaseError::Missing(_)) => (Vec::new(), None),
            Err(error @ (DatabaseError::Damaged { .. } | DatabaseError::Format { .. })) => {
                (Vec::new(), Some(error))
            }
            Err(error) => return Err(error),
        };
        let entries = present.into_iter().map(|entry| (entry.source.clone(), entry)).collect();
        Ok(Update { library: self, entries, lost, _turn: turn })
    }

    /// Begins to take over what somebody else put together, by its index in its envelope.
    ///
    /// # Errors
    /// An envelope that is damaged, not signed by whom it should be, or older than what is here; a directory that
    /// cannot be written.
    pub fn adopt(&self, envelope: &[u8], trust: &Trust, age: Age) -> Result<Adoption<'_>, DatabaseError> {
        let name = "the new index";
        let index = Index::read(&unseal(envelope, trust, name)?, name)?;
        let turn = self.turn()?;
        if age == Age::NotOlder
            && let Ok(present) = self.index(trust)
            && index.created < present.created
        {
            return Err(DatabaseError::Older { new: index.created, present: present.created });
        }
        let missing = index.shards.iter().filter(|entry| !self.has(entry)).cloned().collect();
        Ok(Adoption { library: self, envelope: envelope.to_vec(), index, missing, _turn: turn })
    }

    /// Waits for whoever else changes the database.
    fn turn(&self) -> Result<Turn, DatabaseError> {
        let shards = self.shards();
        fs::create_dir_all(&shards).map_err(DatabaseError::io("make", shards.display().to_string()))?;
        let path = self.path().join("lock");
        let name = path.display().to_string();
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(DatabaseError::io("open", name.as_str()))?;
        let locked = flock(&file, FlockOperation::LockExclusive);
        locked.map_err(|errno| DatabaseError::io("lock", name)(errno.into()))?;
        Ok(Turn { _file: file })
    }
}

impl Update<'_> {
    /// Why what was there could not be kept, if it could not.
    #[must_use]
    pub fn lost(&self) -> Option<&DatabaseError> {
        self.lost.as_ref()
    }

    /// Replaces one source's advisories; `imported` is now, in RFC 3339.
    ///
    /// # Errors
    /// A shard that cannot be written.
    pub fn put(
        &mut self,
        source: &str,
        origin: &str,
        imported: &str,
        built: &Built,
    ) -> Result<&Entry, DatabaseError> {
        let shard = Shard::of_bytes(built.bytes.clone(), source)?;
        let ecosystems = shard.ecosystems().map_err(|damage| DatabaseError::damaged(source, damage))?;
        let entry = Entry {
            source: source.to_owned(),
            origin: origin.to_owned(),
            imported: imported.to_owned(),
            sha256: Digest::of(&built.bytes).into(),
            size: built.bytes.len() as u64,
            counts: built.counts,
            ecosystems: ecosystems.into_iter().map(str::to_owned).collect(),
        };
        if !self.library.has(&entry) {
            place(self.library, &entry, &mut built.bytes.as_slice())?;
        }
        let place = self.entries.entry(source.to_owned());
        Ok(place.insert_entry(entry).into_mut())
    }

    /// Takes one source's advisories out.
    pub fn remove(&mut self, source: &str) {
        self.entries.remove(source);
    }

    /// Makes it the database; `created` is now, in RFC 3339.
    ///
    /// # Errors
    /// An index that cannot be written.
    pub fn finish(self, created: &str, publisher: Option<&Publisher<'_>>) -> Result<Index, DatabaseError> {
        let index = Index::new(created, self.entries.into_values().collect());
        replace(self.library, &seal(&index.document(), publisher)?, &index)?;
        Ok(index)
    }
}

impl Adoption<'_> {
    /// What it says.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The shards that are not here yet.
    #[must_use]
    pub fn missing(&self) -> &[Entry] {
        &self.missing
    }

    /// Takes a shard's bytes.
    ///
    /// # Errors
    /// Bytes that are not the shard's; a shard that cannot be written.
    pub fn receive(&mut self, entry: &Entry, mut bytes: impl Read) -> Result<(), DatabaseError> {
        place(self.library, entry, &mut bytes)?;
        self.missing.retain(|missing| missing.sha256 != entry.sha256);
        Ok(())
    }

    /// Makes it the database, if all of it is here.
    ///
    /// # Errors
    /// A shard that is missing; an index that cannot be written.
    pub fn finish(self) -> Result<Index, DatabaseError> {
        if let Some(entry) = self.missing.first() {
            let path = self.library.shard_path(entry).display().to_string();
            return Err(DatabaseError::damaged(path, "it has not come"));
        }
        replace(self.library, &self.envelope, &self.index)?;
        Ok(self.index)
    }
}

/// Writes a shard under another name, and renames it once it is known to be what its entry says.
fn place(library: &Library, entry: &Entry, bytes: &mut dyn Read) -> Result<(), DatabaseError> {
    let path = library.shard_path(entry);
    let name = path.display().to_string();
    let mut hasher = Hasher::new();
    // One byte more shows that there are too many.
    let mut bytes = bytes.take(entry.size.saturating_add(1));
    write_new(&library.shards().join("new"), &path, |file| {
        let size = io::copy(&mut bytes, &mut Hashing(&mut hasher, file))?;
        let hashed = std::mem::take(&mut hasher).finish();
        if size == entry.size && entry.sha256.confirm(hashed).is_ok() {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "it is not what the index says"))
        }
    })
    .map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => DatabaseError::damaged(name.as_str(), error),
        _ => DatabaseError::io("write", name.as_str())(error),
    })
}

/// The step in which the database is replaced: before it there is the old one, and after it the new one.
fn replace(library: &Library, envelope: &[u8], index: &Index) -> Result<(), DatabaseError> {
    let path = library.index_path();
    let shards = library.shards();
    let sync = |path: &Path| {
        let synced = File::open(path).and_then(|directory| directory.sync_all());
        synced.map_err(DatabaseError::io("write", path.display().to_string()))
    };
    sync(&shards)?;
    write_new(&library.path().join("index.new"), &path, |file| file.write_all(envelope))
        .map_err(DatabaseError::io("write", path.display().to_string()))?;
    sync(library.path())?;
    library.prune(index)
}

/// Writes a file that nobody may write again.
fn write_new(new: &Path, path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    // What a killed writer left.
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(new)?;
    let written = write(&mut file)
        .and_then(|()| file.set_permissions(fs::Permissions::from_mode(0o444)))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(new, path));
    if written.is_err() {
        let _already_failing = fs::remove_file(new);
    }
    written
}
