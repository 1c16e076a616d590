//! The part of the table that is about images on their way.

use super::{Code, code};

pub(super) const SHIP: &[Code] = &[
    code(
        "E-ship-platform",
        "The image is not made for this host. The message lists what there is.",
        "Take another platform if you mean to: coffer pull --platform OS/ARCH NAME.",
    ),
    code(
        "E-ship-artifact",
        "The name leads to something that cannot run: a chart, an inventory, a signature.",
        "Carry it with coffer copy.",
    ),
    code(
        "E-ship-layer",
        "A layer is encrypted, lies outside of the registry, or is no layer at all.",
        "Ask whoever made the image for another one.",
    ),
    code(
        "E-ship-tag",
        "The repository does not have the tag. The message offers those that look like it.",
        "coffer search-tags REPOSITORY lists all of them.",
    ),
    code(
        "E-ship-document",
        "A manifest or index cannot be read, or they name each other without an end.",
        "Ask whoever made it.",
    ),
    code(
        "E-ship-destination",
        "Images cannot be sent there.",
        "Name a tag of a repository, oci:DIR, oci-archive:FILE, dir:DIR or docker-archive:FILE.",
    ),
    code(
        "E-ship-nameless",
        "An id does not say where the image should go.",
        "coffer push IMAGE registry.example/team/app:1",
    ),
    code("E-ship-none", "The store has no image of the repository.", "coffer image ls lists what there is."),
    code(
        "E-ship-list",
        "The file with repositories cannot be read. The message has the line.",
        "Write [[repository]] with from, to and tags: coffer sync --help.",
    ),
];
