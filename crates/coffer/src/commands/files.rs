//! `cp`, `diff`, `commit`, `export`

mod commit;
mod copy;
mod diff;
mod export;

use engine::files::copy::{NoticeKind, Notices};

use super::{Entry, Life, act, options};
use crate::args::files::{Commit, Copy, Diff, Export};
use crate::context::Context;
use crate::errors::ExitCodes;

pub(super) const COPY: Entry = Entry {
    words: &["cp"],
    aliases: &[&["container", "cp"]],
    life: Life::Run,
    about: "Copy files between a container and this host",
    examples: [
        ("coffer cp web:/var/log ./logs", "out of a container, running or not"),
        ("coffer cp nginx.conf web:/etc/nginx/", "into it, owned by its root"),
    ],
    notes: "As in Docker: a destination that is a directory gets the source in it, any other becomes the source, and
SOURCE/. means what is in a directory. Paths in a container are looked up in the container, whatever its links
say. Out of it come neither devices, sockets and fifos nor set-id bits.",
    codes: ExitCodes::Ordinary,
    options: options::<Copy>,
    act: act::<Copy>,
};

pub(super) const DIFF: Entry = Entry {
    words: &["diff"],
    aliases: &[&["container", "diff"]],
    life: Life::Run,
    about: "Show what a container has changed in its files",
    examples: [
        ("coffer diff web", "A added, C changed, D deleted"),
        ("coffer diff web --format json", "for programs"),
    ],
    notes: "Changes on volumes and other mounts are not the container's own, and are left out.",
    codes: ExitCodes::Ordinary,
    options: options::<Diff>,
    act: act::<Diff>,
};

pub(super) const COMMIT: Entry = Entry {
    words: &["commit"],
    aliases: &[&["container", "commit"]],
    life: Life::Run,
    about: "Make an image of what a container has changed",
    examples: [
        ("coffer commit web web:patched", "one more layer on its image"),
        ("coffer commit -c 'CMD [\"/srv/run\"]' -m 'with data' web", "that starts otherwise; prints its digest"),
    ],
    notes: "Command, user, working directory and labels are those of the container. What it was told with -e is not
in the image, because an image is for everybody and that may be a secret: give it with -c 'ENV NAME=value'.

LINE is as in a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR.",
    codes: ExitCodes::Ordinary,
    options: options::<Commit>,
    act: act::<Commit>,
};

pub(super) const EXPORT: Entry = Entry {
    words: &["export"],
    aliases: &[&["container", "export"]],
    life: Life::Run,
    about: "Write a container's files as a tar archive",
    examples: [
        ("coffer export web -o web.tar", "to a file"),
        ("coffer export web | tar -t", "to see what there is"),
    ],
    notes: "Volumes and other mounts are left out. Owners are written as the container sees them.",
    codes: ExitCodes::Ordinary,
    options: options::<Export>,
    act: act::<Export>,
};

/// One line for each part of a copy that is not as in the source.
fn warn(context: &Context, notices: &Notices) {
    for notice in &notices.list {
        let path = crate::render::text::plain(&notice.path);
        context.warn(&match notice.what {
            NoticeKind::Special => format!("left out `{path}`: a device, socket or fifo"),
            NoticeKind::Kernel => format!("left out what is below `{path}`: it is the kernel's"),
            NoticeKind::Shrunk => {
                format!("`{path}` became shorter while it was read: zeros stand for the rest")
            }
            NoticeKind::Unreadable => format!("`{path}` cannot be read: it is empty in the copy"),
        });
    }
    if notices.further > 0 {
        context.warn(&format!("the same or the like of {} more", notices.further));
    }
}
