//! Names: one small file each, which is the truth; the records' and index.json's copies follow it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Index, REF_NAME};
use model::reference::ImageName;

use crate::disk::{Lock, Store};
use crate::error::{Result, StoreError};

/// Longest file name used for a name; longer names are filed under their hash.
const MAX_FILE_NAME: usize = 200;

/// `repository:tag` as people say it: Docker Hub's prefix is implied, as in Docker.
pub(crate) fn familiar(name: &ImageName) -> String {
    let tagged = name.tagged();
    let hub = tagged.strip_prefix("docker.io/").or_else(|| tagged.strip_prefix("index.docker.io/"));
    let Some(path) = hub else { return tagged };
    path.strip_prefix("library/").unwrap_or(path).to_owned()
}

impl Store {
    fn name_path(&self, name: &str) -> PathBuf {
        // `+` is in no name, so that different names have different files.
        let mut file = name.replace('/', "+");
        if file.len() > MAX_FILE_NAME {
            file = format!("+{}", Digest::of(name.as_bytes()).hex());
        }
        self.root.join("names").join(file)
    }

    /// What the name points to.
    pub(crate) fn named(&self, name: &str) -> Result<Option<Digest>> {
        let path = self.name_path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(self.parse_name(&path, &text)?.0)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::read_path(&path)(error)),
        }
    }

    fn parse_name(&self, path: &std::path::Path, text: &str) -> Result<(Digest, String)> {
        let corrupt =
            || StoreError::Corrupt { file: path.to_owned(), why: "it holds no digest and name".into() };
        let (digest, name) = text.trim_end().split_once(' ').ok_or_else(corrupt)?;
        let digest: ClaimedDigest = digest.parse().map_err(|_| corrupt())?;
        Ok((Digest::assertion(digest), name.to_owned()))
    }

    /// All names, by image.
    pub(crate) fn all_names(&self) -> Result<BTreeMap<Digest, BTreeSet<String>>> {
        let mut all: BTreeMap<Digest, BTreeSet<String>> = BTreeMap::new();
        for path in self.files_in("names")? {
            // A damaged one is reported when it is asked for, and must not keep the others from changing.
            let text = fs::read_to_string(&path).unwrap_or_default();
            let Ok((digest, name)) = self.parse_name(&path, &text) else { continue };
            all.entry(digest).or_default().insert(name);
        }
        Ok(all)
    }

    /// The paths in one of the store's directories.
    pub(crate) fn files_in(&self, directory: &str) -> Result<Vec<PathBuf>> {
        let path = self.root.join(directory);
        let failed = || StoreError::read_path(&path);
        let mut files = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed())? {
            files.push(entry.map_err(failed())?.path());
        }
        files.sort_unstable();
        Ok(files)
    }

    /// Points `names` to an image, whatever they pointed to before.
    pub(crate) fn set_names(&self, digest: Digest, names: &[String]) -> Result<()> {
        let change = self.begin_change()?;
        for name in names {
            self.replace(&self.name_path(name), format!("{digest} {name}\n").as_bytes())?;
        }
        self.end_change(change)
    }

    /// Takes names away from wherever they point.
    pub(crate) fn drop_names(&self, names: &[String]) -> Result<()> {
        let change = self.begin_change()?;
        for name in names {
            let path = self.name_path(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::write_path(&path)(error));
                }
                _ => {}
            }
        }
        self.end_change(change)
    }

    /// Removes an image's record; what it held is then unreferenced.
    pub(crate) fn drop_record(&self, digest: &Digest) -> Result<()> {
        let change = self.begin_change()?;
        let path = self.record_path(&digest.hex());
        fs::remove_file(&path).map_err(StoreError::write_path(&path))?;
        let _was_synced = fs::remove_file(self.root.join("unsynced").join(digest.hex()));
        self.drop_pins(digest)?;
        self.end_change(change)
    }

    fn begin_change(&self) -> Result<Lock> {
        self.lock("names")
    }

    /// Brings the copies of the names in line: also those that an interrupted change left behind.
    fn end_change(&self, change: Lock) -> Result<()> {
        let mut all = self.all_names()?;
        let mut manifests = Vec::new();
        for mut record in self.readable_records()? {
            let names: Vec<String> = all.remove(&record.digest()).unwrap_or_default().into_iter().collect();
            manifests.extend(descriptors(&record.descriptor(), &names));
            if record.names != names {
                record.names = names;
                self.write_record(&record)?;
            }
        }
        let index = Index::of(manifests);
        let bytes = serde_json::to_vec(&index).map_err(io::Error::from);
        let path = self.images().join("index.json");
        self.replace(&path, &bytes.map_err(StoreError::write_path(&path))?)?;
        drop(change);
        Ok(())
    }
}

/// One descriptor per name, or one without.
pub(crate) fn descriptors(image: &Descriptor, names: &[String]) -> Vec<Descriptor> {
    let named = |name: &String| Descriptor {
        annotations: Some(BTreeMap::from([(REF_NAME.to_owned(), name.clone())])),
        ..image.clone()
    };
    if names.is_empty() { vec![image.clone()] } else { names.iter().map(named).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_docker_hub_are_said_without_it() {
        let check = |typed: &str, said: &str| assert_eq!(familiar(&typed.parse().unwrap()), said);
        check("nginx", "nginx:latest");
        check("docker.io/library/nginx:1.27", "nginx:1.27");
        check("docker.io/grafana/loki", "grafana/loki:latest");
        check("quay.io/library/nginx", "quay.io/library/nginx:latest");
        check("localhost:5000/nginx", "localhost:5000/nginx:latest");
    }
}
