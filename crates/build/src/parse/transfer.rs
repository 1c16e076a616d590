//! `ADD` and `COPY`.

use crate::instruction::{Document, Transfer};
use crate::parse::document;
use crate::parse::error::Fault;
use crate::parse::flags::{Flag, Flags, list, switch, text};
use crate::parse::node::{Arguments, Node};
use crate::words::Words;

const ADD: &[Flag] = &[
    text("chown"),
    text("chmod"),
    switch("link"),
    switch("keep-git-dir"),
    text("checksum"),
    switch("unpack"),
    list("exclude"),
];

const COPY: &[Flag] =
    &[text("chown"), text("from"), text("chmod"), switch("link"), list("exclude"), switch("parents")];

pub(super) fn add(node: &Node, words: &Words) -> Result<Transfer, Fault> {
    read(node, words, ADD)
}

pub(super) fn copy(node: &Node, words: &Words) -> Result<Transfer, Fault> {
    read(node, words, COPY)
}

fn read(node: &Node, words: &Words, known: &[Flag]) -> Result<Transfer, Fault> {
    let paths = match &node.arguments {
        Arguments::Json(paths) | Arguments::Words(paths) => paths.as_slice(),
        _ => &[],
    };
    let Some((destination, sources @ [_, ..])) = paths.split_last() else {
        return Err(Fault::Two(node.name.clone()));
    };
    let flags = Flags::read(&node.name, &node.flags, known)?;
    let (sources, documents) = match &node.arguments {
        Arguments::Json(_) => (sources.to_vec(), Vec::new()),
        _ if is_heading(destination, words) => return Err(Fault::DocumentDestination(node.name.clone())),
        _ => apart(sources, &node.documents, words),
    };
    Ok(Transfer {
        sources,
        documents,
        destination: destination.clone(),
        from: flags.text("from"),
        owner: flags.text("chown"),
        mode: flags.text("chmod"),
        link: flags.switch("link").unwrap_or_default(),
        parents: flags.switch("parents").unwrap_or_default(),
        exclude: flags.list("exclude").collect(),
        checksum: flags.text("checksum"),
        keep_git_dir: flags.switch("keep-git-dir").unwrap_or_default(),
        unpack: flags.switch("unpack"),
    })
}

/// Paths, and the documents that stand among them.
fn apart(sources: &[String], documents: &[Document], words: &Words) -> (Vec<String>, Vec<Document>) {
    let (mut paths, mut found, mut rest) = (Vec::new(), Vec::new(), documents.iter());
    for source in sources {
        let heading = document::heading(source, words).ok().flatten();
        match heading.and_then(|heading| rest.find(|document| document.name == heading.name)) {
            Some(document) => found.push(document.clone()),
            None => paths.push(source.clone()),
        }
    }
    (paths, found)
}

fn is_heading(text: &str, words: &Words) -> bool {
    matches!(document::heading(text, words), Ok(Some(_)))
}
