//! An image made of another one and of what a container has changed.

use std::fs::File;
use std::io::BufWriter;

use model::digest::ClaimedDigest;
use model::image::{HistoryEntry, Image, ImageConfig, Layer};
use model::oci::Annotations;
use model::reference::ImageName;

use crate::copy::{LayerChange, Notices, Upper, layer};
use crate::disk::{Scratch, Store};
use crate::error::{Result, StoreError};
use crate::import::{Imported, Naming, Quiet, claim};
use crate::source::{Company, Form, Inbound, Part, Plan, PlannedConfig, PlannedLayer};
use crate::take::check;
use crate::wire::{ConfigFile, History, parse, rfc3339};

/// What the new layer is called in messages.
const LABEL: &str = "the container's layer";

/// What a new image is made of.
pub struct Commit<'a> {
    /// The image below; none where the layers below are those of no image.
    pub base: Option<&'a Image>,
    /// The layers below, bottom first.
    pub below: &'a [Layer],
    /// The layer to put on it, and what of it; none where nothing was changed.
    pub layer: Option<(Upper<'a>, &'a [LayerChange])>,
    /// How it starts.
    pub config: ImageConfig,
    /// Who made it; may be empty.
    pub author: String,
    /// A remark; may be empty.
    pub comment: String,
    /// The command that made the changes.
    pub created_by: String,
}

/// How a new configuration comes from the old one.
pub(crate) struct Growth {
    pub(crate) base: ConfigFile,
    /// Layers of the base.
    pub(crate) below: usize,
    pub(crate) config: ImageConfig,
    /// What is new in the history, oldest first.
    pub(crate) lines: Vec<History>,
    pub(crate) author: Option<String>,
    /// Seconds since the epoch.
    pub(crate) created: Option<i64>,
    /// The manifest's.
    pub(crate) annotations: Annotations,
}

impl Store {
    /// Makes an image, hashed and unpacked like any other. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// [`StoreError::Copy`] where the layer cannot be read; as [`Store::import`].
    pub fn commit(&self, commit: Commit<'_>, names: Vec<ImageName>, now: i64) -> Result<(Imported, Notices)> {
        let _present = self.begin_import()?;
        let scratch = self.scratch()?;
        let mut layers = commit.below.iter().map(|layer| self.present(layer)).collect::<Result<Vec<_>>>()?;
        let mut notices = Notices::default();
        if let Some((upper, changes)) = &commit.layer {
            check(changes, LABEL, &self.limits)?;
            let (part, said) = spool(upper, changes, &scratch)?;
            layers.push(Inbound::Here(PlannedLayer { part, blob: Form::AsShipped(None), diff_id: None }));
            notices = said;
        }
        let config = PlannedConfig::Grown(Box::new(self.growth(commit, now)?));
        let company = Company::default();
        let plan = Plan { names: Vec::new(), manifest: None, config, layers, company };
        let imported = self.admit(&plan, &Naming::As(names), now, &mut Quiet, &scratch)?;
        Ok((imported, notices))
    }

    /// The configuration that a new one goes on from.
    pub(crate) fn config_below(&self, base: Option<&Image>) -> Result<ConfigFile> {
        match base {
            Some(image) => parse(&self.small_blob(&image.config_digest)?, "the configuration"),
            None => Ok(ConfigFile::default()),
        }
    }

    /// A layer that is in the store already.
    pub(crate) fn present(&self, layer: &Layer) -> Result<Inbound<'static>> {
        let part = Part::whole(self.open_blob(&layer.blob)?, &layer.blob.to_string())?;
        let (blob, diff_id) = (Form::AsShipped(Some(claim(&layer.blob))), Some(claim(&layer.diff_id)));
        Ok(Inbound::Here(PlannedLayer { part, blob, diff_id }))
    }

    fn growth(&self, commit: Commit<'_>, now: i64) -> Result<Growth> {
        let author = Some(commit.author).filter(|author| !author.is_empty());
        let line = HistoryEntry {
            created: Some(now),
            created_by: commit.created_by,
            comment: commit.comment,
            empty_layer: commit.layer.is_none(),
        };
        Ok(Growth {
            base: self.config_below(commit.base)?,
            below: commit.below.len(),
            config: commit.config,
            lines: vec![History { author: author.clone(), ..History::of(line) }],
            author,
            created: Some(now),
            annotations: Annotations::new(),
        })
    }
}

impl Growth {
    /// Every layer has a line of history, also those of images that came without any.
    pub(crate) fn config_file(&self, diff_ids: Vec<ClaimedDigest>) -> Result<ConfigFile> {
        let mut history = self.base.history.clone().unwrap_or_default();
        let described = history.iter().filter(|line| line.empty_layer != Some(true)).count();
        history.extend((described..self.below).map(|_| History::default()));
        history.extend_from_slice(&self.lines);
        Ok(ConfigFile {
            created: self.created.and_then(rfc3339),
            author: self.author.clone().or_else(|| self.base.author.clone()),
            history: Some(history),
            ..ConfigFile::of(&self.config, diff_ids)
        })
    }
}

fn spool(upper: &Upper<'_>, changes: &[LayerChange], scratch: &Scratch) -> Result<(Part, Notices)> {
    let path = scratch.fresh();
    let file = File::options().create_new(true).read(true).write(true).open(&path);
    let file = file.map_err(StoreError::write_path(&path))?;
    let notices = layer::write(upper, changes, BufWriter::with_capacity(1 << 17, &file))?;
    Ok((Part::whole(file, LABEL)?, notices))
}
