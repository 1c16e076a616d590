//! `pull`, `push`, `copy`, `sync`

mod copy;
mod pull;
mod push;
mod sync;

use super::{Entry, Life, act, options};
use crate::args::ship::{Copy, Pull, Push, Sync};
use crate::errors::ExitCodes;

pub(super) use pull::{Provision, pull_remote};

pub(super) const PULL: Entry = Entry {
    words: &["pull"],
    aliases: &[&["image", "pull"]],
    life: Life::Ship,
    about: "Bring an image in from a registry: it is unpacked while it comes, and believed when it is whole",
    examples: [
        ("coffer pull nginx:1.27", "docker.io/library/nginx, or what your aliases say"),
        ("coffer run $(coffer pull -q nginx:1.27)", "by its digest, which can never mean anything else"),
    ],
    notes: "\
A name without a registry follows an alias, else it is Docker Hub's; nothing is ever searched for. The digest that
is printed pins the name. Layers that the store has are not asked for again, and what a broken pull has brought is
kept for the next one. Signatures, attestations and inventories beside the image come with it, 64 MiB of them at most;
`coffer verify` reads them.

Bytes that are not what their digest says are an attack until you know better: nothing of them is kept but the
evidence, and the ledger has an entry. `coffer help registries` tells about mirrors, certificates and logins.",
    codes: ExitCodes::Ordinary,
    options: options::<Pull>,
    act: act::<Pull>,
};

pub(super) const PUSH: Entry = Entry {
    words: &["push"],
    aliases: &[&["image", "push"]],
    life: Life::Ship,
    about: "Send an image to a registry",
    examples: [
        ("coffer push registry.example/team/app:1", "where its name says"),
        ("coffer push app registry.example/team/app:1", "under another name"),
    ],
    notes: "\
Layers go as the store has them, so that the image keeps its digest; --compress packs those that are plain and makes
another manifest. What the registry has is not sent, and layers of its other repositories are linked where the
image's names say that they are there.

What lies beside the image, such as signatures, goes with it before its name does; an image that was packed is another
one, of which nobody has said anything yet.",
    codes: ExitCodes::Ordinary,
    options: options::<Push>,
    act: act::<Push>,
};

pub(super) const COPY: Entry = Entry {
    words: &["copy"],
    aliases: &[&["image", "copy"]],
    life: Life::Ship,
    about: "Copy an image or artifact from any place to any other, past the store",
    examples: [
        ("coffer copy --all docker://nginx:1.27 registry.example/mirror/nginx:1.27", "every platform"),
        ("coffer copy docker://nginx oci-archive:nginx.tar", "into a file"),
    ],
    notes: "\
A source without a transport is an image of the store, a destination without one a name in a registry;
`coffer help images` lists the transports. From registry to registry nothing touches the disk, every digest is
checked on the way, and blobs of the same registry are linked.

Without --all or --platform it is the image for this host. What refers to it, such as signatures, goes with it;
oci: and oci-archive: have room for that, dir: and docker-archive: do not.",
    codes: ExitCodes::Ordinary,
    options: options::<Copy>,
    act: act::<Copy>,
};

pub(super) const SYNC: Entry = Entry {
    words: &["sync"],
    aliases: &[],
    life: Life::Ship,
    about: "Copy all tags of a repository that differ, with every platform",
    examples: [
        ("coffer sync --tags '1.*' nginx registry.example/mirror/nginx", "tags that fit"),
        ("coffer sync --keep-going mirrors.toml", "all that the file lists"),
    ],
    notes: "\
The destination is a repository or oci:DIR. A file lists any number of them in TOML, each as [[repository]] with
from = \"REPOSITORY\", to = \"DESTINATION\" and, where only some are meant, tags = [\"PATTERN\"]; in patterns `*` is any
text and `?` any character. Nothing is deleted at the destination.

Exit code: 0 if everything is the same now, 1 if something failed.",
    codes: ExitCodes::Ordinary,
    options: options::<Sync>,
    act: act::<Sync>,
};
