//! What unpacking saw of a stranger's image: islands are few, none lies in another, and none is covered.
//! Each line is a directory and the names of its programs, divided by blanks; `!` is a mount.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use model::digest::Digest;
use model::image::{ExecDir, Image, ImageConfig, ImageFacts};
use model::spec::IslandKind;
use policy::islands::{LIMIT, islands};

fuzz_target!(|text: &str| {
    let (covered, directories): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('!'));
    let covered: Vec<String> = covered
        .iter()
        .filter_map(|line| path(line.trim_start_matches('!')))
        .filter(|path| path != "/")
        .collect();
    let image = image(directories.into_iter().filter_map(directory).collect());
    let islands = islands(&image, &covered);
    assert!(islands.len() <= LIMIT);
    for pair in islands.windows(2) {
        assert!(pair[0].path < pair[1].path, "{pair:?}");
    }
    for island in &islands {
        let within = |outer: &str| island.path == outer || island.path.starts_with(&format!("{outer}/"));
        assert!(!covered.iter().any(|target| within(target)), "{island:?} is covered");
        let mut trees =
            islands.iter().filter(|outer| outer.kind == IslandKind::Directory && *outer != island);
        assert!(!trees.any(|tree| within(&tree.path)), "{island:?} is nested");
    }
});

/// As the store writes paths: absolute and normalised.
fn path(text: &str) -> Option<String> {
    let names: Vec<&str> = text.split('/').filter(|name| !name.is_empty()).collect();
    let plain = names.iter().all(|name| *name != "." && *name != "..");
    plain.then(|| format!("/{}", names.join("/")))
}

fn directory(line: &str) -> Option<ExecDir> {
    let mut words = line.split(' ');
    let path = path(words.next()?)?;
    let mut files: Vec<String> =
        words.filter(|name| !name.is_empty() && !name.contains('/')).map(str::to_owned).collect();
    files.sort_unstable();
    files.dedup();
    let others = u64::from(line.len().is_multiple_of(2));
    (!files.is_empty()).then_some(ExecDir { path, files, others })
}

fn image(mut exec_dirs: Vec<ExecDir>) -> Image {
    exec_dirs.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    exec_dirs.dedup_by(|a, b| a.path == b.path);
    let digest = Digest::of(b"");
    Image {
        digest,
        config_digest: digest,
        names: Vec::new(),
        size: 0,
        created: None,
        imported: 0,
        layers: Vec::new(),
        config: ImageConfig::default(),
        facts: ImageFacts { exec_dirs, ..ImageFacts::default() },
        history: Vec::new(),
    }
}
