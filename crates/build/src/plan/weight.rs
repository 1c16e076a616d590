//! What a step costs to keep.

use super::{Act, Copy, Mount, Run, Source};

/// Bytes of the texts that are a step's own.
pub(super) fn of(act: &Act) -> usize {
    match act {
        Act::Base { reference, platform } => reference.len() + platform.len(),
        Act::Copy(copy) => of_copy(copy),
        Act::Directory(directory) => directory.path.len() + directory.owner.len(),
        Act::Run(run) => of_run(run),
    }
}

fn of_copy(copy: &Copy) -> usize {
    let sources = copy.sources.iter().map(|source| match source {
        Source::Path(path) => path.len(),
        Source::Text { name, content } => name.len() + content.len(),
        Source::Address { url, .. } => url.len(),
        Source::Git { remote, .. } => remote.len(),
    });
    sources.sum::<usize>() + texts(&copy.exclude) + copy.destination.len() + copy.owner.len()
}

fn of_run(run: &Run) -> usize {
    let lists = texts(&run.arguments) + texts(&run.env) + texts(&run.proxies);
    let scripts: usize = run.scripts.iter().map(|script| script.content.len()).sum();
    lists + scripts + run.user.len() + run.working_dir.len() + run.mounts.iter().map(of_mount).sum::<usize>()
}

fn of_mount(mount: &Mount) -> usize {
    match mount {
        Mount::Bind { source, target, .. } => source.len() + target.len(),
        Mount::Cache { id, source, target, .. } => id.len() + source.len() + target.len(),
        Mount::Tmpfs { target, .. } => target.len(),
        Mount::Secret { id, target, env, .. } => {
            id.len() + target.as_ref().map_or(0, String::len) + env.as_ref().map_or(0, String::len)
        }
        Mount::Ssh { id, target, .. } => id.len() + target.len(),
    }
}

fn texts(texts: &[String]) -> usize {
    texts.iter().map(|text| text.len() + 1).sum()
}
