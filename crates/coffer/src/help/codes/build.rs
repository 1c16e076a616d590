//! The part of the table that is about building images.

use super::{Code, code};

pub(super) const BUILD: &[Code] = &[
    code(
        "E-build-dockerfile",
        "The Dockerfile is not one: the message names the line, and what is wrong there.",
        "Write it as the message says; coffer help dockerfile tells which language it is.",
    ),
    code(
        "E-build-plan",
        "What the Dockerfile says cannot be done: a stage that is not there, a variable without a value, an option that \
         does not fit.",
        "The message names the line and often what was meant.",
    ),
    code(
        "E-build-no-dockerfile",
        "There is no Dockerfile where it was looked for.",
        "Name it: coffer build -f FILE CONTEXT. It may lie outside of the context, and - is standard input.",
    ),
    code(
        "E-build-step",
        "A step was not done. The lines of the Dockerfile stand above the message, and what its program printed above \
         those.",
        "Mend what it says and build again: everything before it is kept. --progress plain shows all that is printed.",
    ),
    code("E-build-program", "The program of a RUN ended with an error.", "What it printed says why."),
    code(
        "E-build-lost",
        "The process that did a step was ended from outside, most likely by the kernel for want of memory.",
        "Look with dmesg; give the steps a limit with --memory, or the machine more.",
    ),
    code(
        "E-build-base",
        "An image that the build begins with is not in the store.",
        "coffer pull NAME, or leave --pull=never out.",
    ),
    code(
        "E-build-platform",
        "The base image is for another platform than the build, or the text names no platform.",
        "Give --platform as os/architecture, and an image that has it.",
    ),
    code(
        "E-build-rebase",
        "The image cannot be put onto the other base without a risk. The message has every reason.",
        "Build it anew on the new base: coffer build --pull.",
    ),
    code(
        "E-build-old-base",
        "None of the images in the store is what the image was built on.",
        "Bring it here with coffer pull, or name it: coffer rebase IMAGE --onto BASE --from OLD-BASE.",
    ),
    code(
        "E-build-context",
        "The context is not there, is none, or cannot come from where it is said to come from.",
        "Give a directory, - for an archive on standard input, or an address: https://host/name.git#branch:directory.",
    ),
    code(
        "E-build-cache",
        "What was named as a cache of earlier builds is none.",
        "Name a place that coffer build --cache-to wrote to.",
    ),
    code(
        "E-trust-base",
        "A publisher is pinned for the base image, and does not vouch for it. The message says why.",
        "Take an image that they signed, or ask them; coffer trust inspect PLACE lists what they signed.",
    ),
];
