//! From what a person typed to an image.

use std::path::PathBuf;

use model::digest::{ClaimedDigest, Digest};
use model::image::{Image, Layer};
use model::reference::ImageName;

use crate::disk::Store;
use crate::error::{Result, StoreError};
use crate::names::familiar;
use crate::record::Record;

/// Names offered when none matches.
const MAX_NEAR: usize = 3;

impl Store {
    /// The image of a name, of a digest, or of the start of an id (manifest or configuration digest).
    ///
    /// # Errors
    /// [`StoreError::Unknown`], [`StoreError::Ambiguous`], [`StoreError::Corrupt`].
    pub fn resolve(&self, name: &ImageName) -> Result<Image> {
        let record = self.find(name)?;
        self.check_synced(&record)?;
        Ok(record.into_image())
    }

    /// The record of what [`Store::resolve`] resolves to.
    pub(crate) fn find(&self, name: &ImageName) -> Result<Record> {
        let record = match name.digest {
            Some(digest) => self.record_of(&digest)?,
            None => match self.named(&familiar(name))? {
                Some(digest) => self.record(&digest.hex())?,
                None => self.by_id(name)?,
            },
        };
        record.ok_or_else(|| self.unknown(name))
    }

    /// Every image, the latest import first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a record that cannot be read.
    pub fn list(&self) -> Result<Vec<Image>> {
        let mut images: Vec<Image> = self.records()?.into_iter().map(Record::into_image).collect();
        images.sort_by_key(|image| (std::cmp::Reverse(image.imported), image.digest));
        Ok(images)
    }

    /// Where a layer is unpacked, for overlayfs to use as a lower directory.
    #[must_use]
    pub fn layer_dir(&self, layer: &Layer) -> PathBuf {
        self.layer_path(&layer.diff_id).join("fs")
    }

    /// The same for a layer that somebody names: there may be none.
    #[must_use]
    pub fn claimed_layer_dir(&self, diff_id: &ClaimedDigest) -> PathBuf {
        self.root.join("layers").join(diff_id.hex()).join("fs")
    }

    fn by_id(&self, name: &ImageName) -> Result<Option<Record>> {
        let Some(prefix) = id_prefix(name) else { return Ok(None) };
        let starts = |record: &Record| {
            record.digest().hex().starts_with(prefix) || record.config_digest().hex().starts_with(prefix)
        };
        let mut matches: Vec<Record> = self.records()?.into_iter().filter(starts).collect();
        if matches.len() > 1 {
            let candidates = matches.iter().map(candidate).collect();
            return Err(StoreError::Ambiguous { name: name.to_string(), candidates });
        }
        Ok(matches.pop())
    }

    fn unknown(&self, name: &ImageName) -> StoreError {
        let wanted = familiar(name);
        let names = self.all_names().unwrap_or_default();
        let mut near: Vec<(usize, String)> =
            names.into_values().flatten().map(|name| (distance(&wanted, &name), name)).collect();
        near.sort_unstable();
        let near = near
            .into_iter()
            .filter(|(distance, _)| *distance <= 1 + name.repository.len() / 3)
            .take(MAX_NEAR);
        StoreError::Unknown { name: name.to_string(), near: near.map(|(_, name)| name).collect() }
    }
}

/// `9f2c41d0aa17`, or `sha256:9f2c41d0aa17` as tables print it (which parses as a name and a tag).
fn id_prefix(name: &ImageName) -> Option<&str> {
    if name.may_be_id() {
        return Some(&name.repository);
    }
    let is_hex = |text: &&str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    name.tag.as_deref().filter(|_| name.repository == "sha256" && name.digest.is_none()).filter(is_hex)
}

fn candidate(record: &Record) -> String {
    let id = short(&record.digest());
    record.names.first().map_or(id.clone(), |name| format!("{name} ({id})"))
}

fn short(digest: &Digest) -> String {
    digest.short()
}

/// Levenshtein's distance; a wrong tag or registry costs little, because that is what people get wrong.
fn distance(wanted: &str, name: &str) -> usize {
    let repository =
        |name: &str| name.rsplit_once(':').map_or(name.to_owned(), |(before, _)| before.to_owned());
    let last = |name: &str| repository(name).rsplit('/').next().unwrap_or_default().to_owned();
    edits(wanted, name)
        .min(1 + edits(&repository(wanted), &repository(name)))
        .min(2 + edits(&last(wanted), &last(name)))
}

fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (b, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let here = (diagonal + usize::from(a != *b)).min(before + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            before = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_count_what_a_typist_would_change() {
        assert_eq!(edits("alpine", "alpine"), 0);
        assert_eq!(edits("alpnie", "alpine"), 2);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("ngin", "nginx"), 1);
    }

    #[test]
    fn a_wrong_tag_is_near() {
        assert!(distance("nginx:1.27", "nginx:latest") <= 2);
        assert!(distance("nginx:latest", "quay.io/team/nginx:latest") <= 2);
        assert!(distance("redis:latest", "postgres:latest") > 4);
    }
}
