//! `target/vm`: everything the lab downloads, builds and writes down.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::shell::{self, Outcome};

/// The directory.
pub(super) struct Place {
    directory: PathBuf,
}

/// A directory for the time of one guest or of one piece of work; removed when dropped.
pub(super) struct Desk {
    directory: PathBuf,
}

impl Place {
    pub(super) fn new() -> Outcome<Self> {
        let directory = shell::target_directory().join("vm");
        make(&directory)?;
        let place = Self { directory };
        place.sweep()?;
        Ok(place)
    }

    /// Removes the desks of labs that were killed.
    fn sweep(&self) -> Outcome {
        let entries = std::fs::read_dir(&self.directory)
            .map_err(|error| format!("cannot read {}: {error}", self.directory.display()))?;
        let abandoned = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.strip_prefix("desk-").is_some_and(|pid| !Path::new("/proc").join(pid).exists())
        };
        entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(abandoned)
            .try_for_each(|desk| discard(&desk))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(super) fn desk(&self) -> Outcome<Desk> {
        let directory = self.directory.join(format!("desk-{}", std::process::id()));
        make(&directory)?;
        Ok(Desk { directory })
    }

    /// `name`, made by `make` at the path it is given unless it is there already and was made by the same
    /// recipe. Two labs do not make the same thing at once.
    pub(super) fn made(
        &self,
        name: &str,
        recipe: &str,
        make: impl FnOnce(&Path) -> Outcome,
    ) -> Outcome<PathBuf> {
        let (file, note) = (self.path(name), self.path(&format!("{name}.recipe")));
        let lock = File::create(self.path("lock")).and_then(|lock| lock.lock().map(|()| lock));
        let _lock = lock.map_err(|error| format!("cannot lock {}: {error}", self.directory.display()))?;
        let noted = std::fs::read_to_string(&note).unwrap_or_default();
        if noted == recipe && file.exists() {
            return Ok(file);
        }
        let unfinished = self.path(&format!("{name}.new"));
        discard(&unfinished)?;
        make(&unfinished)?;
        discard(&file)?;
        let named = std::fs::rename(&unfinished, &file).and_then(|()| std::fs::write(&note, recipe));
        named.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        Ok(file)
    }
}

impl Desk {
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Outcome<PathBuf> {
        let file = self.path(name);
        std::fs::write(&file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        Ok(file)
    }

    /// What is there by now, as text.
    pub(super) fn read(&self, name: &str) -> String {
        let bytes = std::fs::read(self.path(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Err(message) = discard(&self.directory) {
            eprintln!("left behind: {message}");
        }
    }
}

pub(super) fn make(directory: &Path) -> Outcome {
    std::fs::create_dir_all(directory)
        .map_err(|error| format!("cannot make {}: {error}", directory.display()))
}

/// Removes a file or a directory; one that is not there is fine.
fn discard(path: &Path) -> Outcome {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}
