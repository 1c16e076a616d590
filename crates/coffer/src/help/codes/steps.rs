//! The part of the table that is about steps of builds.

use super::{Code, code};

pub(super) const STEPS: &[Code] = &[
    code(
        "E-build-secret",
        "A step needs a secret that was not given, cannot be read, or is larger than any secret.",
        "Give it: coffer build --secret id=NAME,src=FILE.",
    ),
    code(
        "E-build-written-secret",
        "What a step wrote has a secret in it, which would be in the image. Values of 16 bytes and more are looked for, as \
         they were given.",
        "Remove it before the step ends, or write it below a RUN --mount=type=tmpfs. What is no secret comes with COPY, or \
         with RUN --mount=type=bind.",
    ),
    code(
        "E-build-agent",
        "A step needs an agent that was not given, or its socket cannot be passed on.",
        "Give it: coffer build --ssh default. ssh-add -l says whether the agent runs.",
    ),
    code(
        "E-build-mount-source",
        "What a step mounts is not where the Dockerfile says.",
        "Compare source of the mount with what its from holds.",
    ),
    code(
        "E-build-foreign",
        "A RUN is for other processors than this host's, and no interpreter is registered for them that containers see.",
        "Install one that registers itself with the flag F (Debian: qemu-user-static), or begin the stage with \
         FROM --platform=$BUILDPLATFORM and let its tools build for $TARGETARCH.",
    ),
    code(
        "E-build-interrupted",
        "Somebody asked the build to end while a step ran. Nothing of the step is left.",
        "Start the build again. What is complete is not done twice.",
    ),
];
