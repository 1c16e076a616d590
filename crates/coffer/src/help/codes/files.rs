//! The part of the table that is about the files of builds.

use super::{Code, code};

pub(super) const FILES: &[Code] = &[
    code(
        "E-build-missing",
        "What a COPY or ADD takes is not there, or is left out by .dockerignore, or a link leads out of the context.",
        "Check its spelling, and what .dockerignore excludes.",
    ),
    code(
        "E-build-destination",
        "A file lies where a directory would have to be, or a directory where a file would.",
        "Name another destination, end it with / to copy into it, or remove what is there in a step before.",
    ),
    code(
        "E-build-several",
        "Several files go to one place that is no directory.",
        "End the destination with /, so that it is a directory.",
    ),
    code(
        "E-build-changed",
        "A file of the context was changed while it was copied.",
        "Build again when nobody changes the files.",
    ),
    code(
        "E-build-device",
        "The context has a device node, which no image gets.",
        "Exclude it in .dockerignore.",
    ),
    code(
        "E-build-limit",
        "What goes into an image is more than it may have: files, bytes, directories below each other, or layers.",
        "Exclude what the image does not need in .dockerignore; join steps that belong together.",
    ),
    code(
        "E-build-pattern",
        "A path or a rule of .dockerignore is no pattern.",
        r"Write a wildcard that is meant as a letter with \ before it.",
    ),
    code(
        "E-build-mode",
        "The text after --chmod says no permissions.",
        "Give it like --chmod=755 or --chmod=u=rwX,go=rX.",
    ),
    code(
        "E-build-fetch",
        "What an ADD or a context names at an address cannot be had.",
        "Check the address and the network, or fetch the file into the context yourself.",
    ),
    code(
        "E-build-checksum",
        "What was fetched is not what --checksum says, or the text is no checksum.",
        "Do not use it before you know why it has changed.",
    ),
    code(
        "E-build-git",
        "A repository cannot be had, or has no such branch, tag, commit or directory.",
        "Try git clone yourself; credentials are never asked for during a build.",
    ),
    code(
        "E-build-read",
        "A file or directory of the context cannot be read.",
        "Check that it exists and can be read.",
    ),
    code(
        "E-build-write",
        "A file of the build's own cannot be written.",
        "Check the disk and the permissions of the state directory.",
    ),
];
