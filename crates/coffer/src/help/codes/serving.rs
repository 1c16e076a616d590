//! The part of the table that is about a registry that is served here.

use super::{Code, code};

pub(super) const SERVING: &[Code] = &[
    code(
        "E-serve-settings",
        "The settings of a registry cannot be read, or say what cannot be followed. The message has file and key.",
        "Mend the file; coffer help serving says what it may hold.",
    ),
    code(
        "E-serve-clear",
        "Beyond this host, passwords are not sent in the clear: everybody on the way could read them.",
        "Let a certificate be made, --tls auto, or give one, --tls-cert and --tls-key; or say --insecure-http.",
    ),
    code(
        "E-serve-listen",
        "The address is taken by another program, or is none of this host's, or the port is reserved for root.",
        "Take another one: --listen ADDRESS:PORT.",
    ),
    code(
        "E-serve-tls",
        "The certificate or its key cannot be read or made, or they do not belong together.",
        "Look at the files, which have to be in PEM, or let them be made: --tls auto.",
    ),
    code(
        "E-serve-storage",
        "The directory or bucket of a registry cannot be opened, read or written, or something in it is damaged.",
        "Look at where it keeps its data, and at its rights; coffer registry verify says what is damaged.",
    ),
    code(
        "E-serve-collecting",
        "A server or another command collects garbage at the moment. One at a time does.",
        "Wait until it is done, and try again.",
    ),
    code(
        "E-serve-name",
        "A name of a user or team has 1 to 64 of a-z, 0-9, `.`, `_` and `-`, a letter or digit first. `token` and \
`anonymous` mean something else.",
        "Take another name.",
    ),
    code(
        "E-serve-exists",
        "The registry has a user or team of this name already. Nothing was changed.",
        "Take another name; for a new password, coffer registry user passwd NAME.",
    ),
    code(
        "E-serve-missing",
        "The registry has no such user, team or token.",
        "List them: coffer registry user ls, team ls or token ls. Is it the right registry: --root, --config?",
    ),
    code(
        "E-serve-password",
        "The password has fewer than 8 bytes, or more than 256, or control characters.",
        "Take another one, or let one be made: --generate.",
    ),
    code(
        "E-serve-token",
        "The token would allow nothing, so that nobody could use it.",
        "Say what it may do: --pull, --push, --delete.",
    ),
];
