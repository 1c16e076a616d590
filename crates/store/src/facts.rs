//! The layers' listings, merged as overlayfs will merge the layers.

use model::image::{ExecDir, ImageFacts};

use crate::listing::{Listing, Node, join};

/// What the merged tree of `layers`, bottom first, holds.
pub(crate) fn merge<'a>(layers: impl IntoIterator<Item = &'a Listing>) -> ImageFacts {
    let mut merged = Listing::default();
    for layer in layers {
        hide(&mut merged, layer);
        add(&mut merged, layer);
    }
    summary(&merged)
}

/// Removes what `layer` hides: whiteouts, opaque directories, and directories replaced by something else.
fn hide(merged: &mut Listing, layer: &Listing) {
    for (directory, names) in &layer.directories {
        for (name, node) in names {
            if node.has(Node::OPAQUE) {
                merged.forget_below(&join(directory, name));
            } else if !node.is(Node::DIRECTORY) {
                merged.forget(directory, name);
            }
        }
    }
}

fn add(merged: &mut Listing, layer: &Listing) {
    for (directory, names) in &layer.directories {
        let visible = names.iter().filter(|(_, node)| !node.is(Node::WHITEOUT));
        let visible = visible.map(|(name, node)| (name.clone(), *node));
        merged.directories.entry(directory.clone()).or_default().extend(visible);
    }
    merged.root_links.retain(|name, _| !is_directory(layer, name));
    merged.root_links.extend(layer.root_links.clone());
    merged.flattened |= layer.flattened;
}

fn is_directory(layer: &Listing, top: &str) -> bool {
    layer.get("/", top).is_some_and(|node| node.is(Node::DIRECTORY))
}

fn summary(merged: &Listing) -> ImageFacts {
    let mut facts = ImageFacts {
        root_links: merged.root_links.clone(),
        flattened_owners: merged.flattened,
        ..ImageFacts::default()
    };
    for (path, names) in &merged.directories {
        facts.entries += names.len() as u64;
        let with = |flag| names.iter().filter(move |(_, node)| node.has(flag)).map(|(name, _)| name);
        facts.setuid_files.extend(with(Node::SETID).map(|name| join(path, name)));
        facts.capability_files.extend(with(Node::CAPABLE).map(|name| join(path, name)));
        let files: Vec<String> = with(Node::EXECUTABLE).cloned().collect();
        if !files.is_empty() {
            let others = (names.len() - files.len()) as u64;
            facts.exec_dirs.push(ExecDir { path: path.clone(), files, others });
        }
    }
    facts.setuid_files.sort_unstable();
    facts.capability_files.sort_unstable();
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(entries: &[(&str, &str, Node)]) -> Listing {
        let mut listing = Listing::default();
        for (directory, name, node) in entries {
            listing.insert(directory, name, *node);
        }
        listing
    }

    fn program() -> Node {
        Node::FILE.with(Node::EXECUTABLE)
    }

    fn bottom() -> Listing {
        layer(&[
            ("/", "bin", Node::DIRECTORY),
            ("/bin", "su", program().with(Node::SETID)),
            ("/bin", "sh", program()),
            ("/bin", "notes", Node::FILE),
            ("/", "opt", Node::DIRECTORY),
            ("/opt", "app", Node::DIRECTORY),
            ("/opt/app", "run", program()),
        ])
    }

    #[test]
    fn one_layer_lists_its_own_executables() {
        let facts = merge([&bottom()]);
        assert_eq!(facts.entries, 7);
        assert_eq!(facts.setuid_files, ["/bin/su"]);
        let directories: Vec<_> = facts.exec_dirs.iter().map(|dir| (dir.path.as_str(), dir.others)).collect();
        assert_eq!(directories, [("/bin", 1), ("/opt/app", 0)]);
    }

    #[test]
    fn a_later_layer_hides_what_it_replaces_whites_out_or_makes_opaque() {
        let top = layer(&[
            ("/", "bin", Node::DIRECTORY),
            ("/bin", "su", Node::FILE),
            ("/bin", "sh", Node::WHITEOUT),
            ("/", "opt", Node::DIRECTORY.with(Node::OPAQUE)),
        ]);
        let facts = merge([&bottom(), &top]);
        assert_eq!((facts.exec_dirs, facts.setuid_files), (vec![], vec![]));
        assert_eq!(facts.entries, 4, "bin, opt, bin/su, bin/notes");
    }

    #[test]
    fn a_whiteout_of_a_directory_hides_everything_under_it() {
        let facts = merge([&bottom(), &layer(&[("/", "opt", Node::WHITEOUT)])]);
        assert_eq!(facts.exec_dirs.len(), 1);
        assert_eq!(facts.entries, 4);
    }

    #[test]
    fn a_directory_replaced_by_a_link_and_a_link_by_a_directory_are_what_they_became() {
        let mut link = layer(&[("/", "bin", Node::SYMLINK)]);
        link.root_links.insert("bin".into(), "usr/bin".into());
        let facts = merge([&bottom(), &link]);
        assert_eq!(facts.root_links["bin"], "usr/bin");
        assert_eq!(facts.exec_dirs.len(), 1);
        let facts = merge([&bottom(), &link, &bottom()]);
        assert!(facts.root_links.is_empty());
    }
}
