//! What a COPY or ADD takes: listed, and known by a digest of contents, names and modes, and never of times.

use std::collections::HashMap;
use std::rc::Rc;

use build::ignore::Ignore;
use build::plan::{self, Origin, Source};
use build::provenance::Dependency;
use model::digest::{Digest, Hasher};
use model::image::Layer;
use store::Scratch;

use super::context::Origins;
use super::error::{BuildError, FilesError};
use super::fetch::Fetched;
use super::git::GitSource;
use super::listing::{Listed, ListedKind, Total};
use super::mode::ModeChange;
use super::prints::{Files, Print, Prints, framed};
use super::sources::{Search, Shape, Top};
use super::tree::{Tree, Whose};
use crate::engine::Engine;
use crate::foreground::Interruptions;

/// What a COPY or ADD takes.
#[derive(Debug)]
pub struct Taken {
    /// The same for the same contents, names, modes and owners.
    pub digest: Digest,
    /// To whom it is given; none where everything keeps its owner.
    pub(super) owner: Option<(u32, u32)>,
    /// What becomes of modes.
    pub(super) mode: Option<ModeChange>,
    /// As the sources follow each other.
    pub(super) sources: Vec<Gathered>,
    /// What of it comes from outside of the build.
    pub(super) inputs: Vec<Dependency>,
}

/// What one source gives.
#[derive(Debug)]
pub(super) enum Gathered {
    /// Files of a tree.
    Files {
        tree: Tree,
        tops: Vec<Top>,
        /// Whether archives among them are unpacked.
        unpack: bool,
        /// Where they lie, if they were fetched.
        _scratch: Option<Scratch>,
    },
    /// A file that is a text.
    Text { name: Vec<u8>, content: Rc<[u8]> },
}

/// A tree, and where what its files hold is remembered.
struct Ground<'a> {
    tree: Tree,
    /// For errors.
    what: String,
    ignore: Ignore,
    /// One for each layer; none where nothing is remembered.
    labels: Option<Vec<Vec<u8>>>,
    interruptions: Option<&'a Interruptions>,
}

impl Engine {
    /// Finds out what a COPY or ADD takes. `below` is the root that it goes onto, bottom layer first: whoever is
    /// named as the owner is looked up there.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn taken(
        &self,
        copy: &plan::Copy,
        origins: &Origins<'_>,
        below: &[Layer],
    ) -> Result<Taken, BuildError> {
        Ok(self.gather(copy, origins, below)?)
    }

    fn gather(&self, copy: &plan::Copy, origins: &Origins<'_>, below: &[Layer]) -> Result<Taken, FilesError> {
        let owner = self.owner(&copy.owner, below)?;
        let mode = copy.mode.as_deref().map(ModeChange::parse).transpose()?;
        let mut total = Total::default();
        let mut hasher = Hasher::new();
        hasher.update(format!("coffer taken 1 {owner:?}").as_bytes());
        let (mut sources, mut inputs) = (Vec::new(), Vec::new());
        for source in &copy.sources {
            sources.push(match source {
                Source::Path(path) => {
                    let ground = self.ground(&copy.origin, origins)?;
                    let search =
                        Search { tree: &ground.tree, what: &ground.what, ignore: &ground.ignore, copy };
                    let tops = search.tops(path, &mut total)?;
                    self.digest(&mut hasher, &ground, &tops)?;
                    Gathered::Files { tree: ground.tree, tops, unpack: copy.unpack, _scratch: None }
                }
                Source::Text { name, content } => {
                    framed(&mut hasher, name.as_bytes());
                    framed(&mut hasher, content.as_bytes());
                    Gathered::Text { name: name.as_bytes().to_vec(), content: content.as_bytes().into() }
                }
                Source::Address { url, checksum, unpack } => {
                    let (fetched, name) = self.fetched(url, checksum.as_deref())?;
                    inputs.push(fetched.what.clone());
                    self.fetched_files(copy, (fetched, Ignore::default()), &name, &mut hasher, *unpack)?
                }
                Source::Git { remote, reference, subdirectory, keep_git_dir, checksum, submodules } => {
                    let fetched = self.cloned(&GitSource {
                        remote: remote.clone(),
                        reference: reference.clone(),
                        subdirectory: subdirectory.clone(),
                        keep_git_dir: *keep_git_dir,
                        checksum: checksum.clone(),
                        submodules: *submodules,
                        environment: Vec::new(),
                    })?;
                    inputs.push(fetched.0.what.clone());
                    self.fetched_files(copy, fetched, "", &mut hasher, false)?
                }
            });
        }
        let digest = hasher.finish();
        if let Origin::Context(name) = &copy.origin
            && copy.sources.iter().any(|source| matches!(source, Source::Path(_)))
        {
            let name = name.clone().unwrap_or_else(|| "context".to_owned());
            inputs.push(Dependency::Context { name, digest: digest.into() });
        }
        Ok(Taken { digest, owner, mode, sources, inputs })
    }

    /// What was fetched into a directory of ours: one file of it, or all.
    fn fetched_files(
        &self,
        copy: &plan::Copy,
        (Fetched { scratch, directory, .. }, ignore): (Fetched, Ignore),
        name: &str,
        hasher: &mut Hasher,
        unpack: bool,
    ) -> Result<Gathered, FilesError> {
        let what = "what was fetched".to_owned();
        let tree = Tree::of(directory);
        let ground = Ground { tree, what, ignore, labels: None, interruptions: None };
        let search = Search { tree: &ground.tree, what: &ground.what, ignore: &ground.ignore, copy };
        let tops = search.plain(name, &mut Total::default())?;
        self.digest(hasher, &ground, &tops)?;
        Ok(Gathered::Files { tree: ground.tree, tops, unpack, _scratch: Some(scratch) })
    }

    fn ground<'a>(&self, origin: &Origin, origins: &Origins<'a>) -> Result<Ground<'a>, FilesError> {
        let missing =
            |what: &str| FilesError::Missing { path: what.to_owned(), origin: "this build".to_owned() };
        let failed = FilesError::read(b"the layers of a root");
        let interruptions = origins.interruptions;
        match origin {
            Origin::Context(name) => {
                let what =
                    name.as_ref().map_or("the context".to_owned(), |name| format!("the context `{name}`"));
                let context = origins.contexts.get(name).ok_or_else(|| missing(&what))?;
                let tree = context.tree.again().map_err(failed)?;
                let labels = context.label.clone().map(|label| vec![label]);
                Ok(Ground { tree, what, ignore: context.ignore.clone(), labels, interruptions })
            }
            Origin::Step(step) => {
                let layers = origins.roots.get(step).ok_or_else(|| missing("a step's root"))?;
                let labels = layers.iter().rev().map(|layer| layer.diff_id.as_bytes().to_vec()).collect();
                let tree = self.tree_of(layers).map_err(failed)?;
                let what = "the stage or image that it is copied from".to_owned();
                Ok(Ground { tree, what, ignore: Ignore::default(), labels: Some(labels), interruptions })
            }
            Origin::Scratch => {
                let tree = Tree::open(Vec::<std::path::PathBuf>::new()).map_err(failed)?;
                let what = "an empty root".to_owned();
                Ok(Ground { tree, what, ignore: Ignore::default(), labels: None, interruptions })
            }
        }
    }

    /// A root as a tree.
    pub(super) fn tree_of(&self, layers: &[Layer]) -> std::io::Result<Tree> {
        Tree::open(layers.iter().rev().map(|layer| self.store.layer_dir(layer)))
    }

    fn digest(&self, hasher: &mut Hasher, ground: &Ground<'_>, tops: &[Top]) -> Result<(), FilesError> {
        let prints = self.prints(ground, tops)?;
        for (top, prints) in tops.iter().zip(prints) {
            match &top.shape {
                Shape::Directory => hasher.update(b"directory"),
                Shape::Other(name) => framed(hasher, name),
            }
            let mut inodes = HashMap::new();
            for (index, (entry, print)) in top.entries.iter().zip(prints).enumerate() {
                framed(hasher, &entry.path);
                let owner = if ground.tree.whose == Whose::Image { (entry.uid, entry.gid) } else { (0, 0) };
                hasher.update(&entry.mode.to_le_bytes());
                hasher.update(&owner.0.to_le_bytes());
                hasher.update(&owner.1.to_le_bytes());
                match &entry.kind {
                    ListedKind::Directory => hasher.update(b"d"),
                    ListedKind::Fifo => hasher.update(b"p"),
                    ListedKind::Link(target) => {
                        hasher.update(b"l");
                        framed(hasher, target);
                    }
                    ListedKind::File => {
                        // Two names of one file are something else than two files.
                        let state = &entry.state;
                        let first = *inodes.entry((state.device, state.inode)).or_insert(index);
                        hasher.update(if first == index { b"f" } else { b"h" });
                        hasher.update(&print.unwrap_or_default());
                    }
                }
            }
            framed(hasher, b"end");
        }
        Ok(())
    }

    /// For each entry of each top what it holds, if it is a file.
    fn prints(&self, ground: &Ground<'_>, tops: &[Top]) -> Result<Vec<Vec<Option<Print>>>, FilesError> {
        let mut prints: Vec<Vec<Option<Print>>> =
            tops.iter().map(|top| vec![None; top.entries.len()]).collect();
        let interruptions = ground.interruptions;
        for layer in 0..ground.tree.layers().len() {
            let of_layer = |entry: &Listed| entry.layer == layer && entry.kind == ListedKind::File;
            if !tops.iter().any(|top| top.entries.iter().any(of_layer)) {
                continue;
            }
            let label = ground.labels.as_ref().and_then(|labels| labels.get(layer));
            let mut index = Prints::open(&self.site.prints(), label.map(Vec::as_slice), self.now());
            for (top, prints) in tops.iter().zip(&mut prints) {
                let files: Vec<&Listed> = top.entries.iter().filter(|entry| of_layer(entry)).collect();
                let place = Files { layers: ground.tree.layers(), top: &top.path, interruptions };
                let mut found = index.of(&place, &files)?.into_iter();
                for (entry, print) in top.entries.iter().zip(prints.iter_mut()) {
                    if of_layer(entry) {
                        *print = found.next();
                    }
                }
            }
            index.close();
        }
        Ok(prints)
    }
}
