//! The part of the table that is about those who rely on a publisher: pins, and what is not believed.

use super::{Code, code};

pub(super) const TRUST: &[Code] = &[
    code(
        "E-trust-place",
        "The text is no place: a registry, or a part of one.",
        "Name it with its registry: registry.example/team.",
    ),
    code(
        "E-trust-not-pinned",
        "Nobody is pinned for that place or image.",
        "coffer trust pins lists who is pinned where.",
    ),
    code(
        "E-trust-nothing",
        "Nobody publishes there: the repository `trust` below the place is missing, or may not be read.",
        "Check the place; whoever owns it begins with coffer trust sign.",
    ),
    code(
        "E-trust-stranger",
        "The publisher there is not the one who is pinned: none of their roots has the fingerprint.",
        "Compare the fingerprint with the publisher's, on another way than this registry. Do not pin what you find there.",
    ),
    code(
        "E-trust-fingerprint",
        "The root that came is not the one that is pinned or was named.",
        "Compare the fingerprint with the publisher's, on another way than this registry.",
    ),
    code(
        "E-trust-unvouched",
        "The publisher who is pinned does not vouch for the image. The message says why.",
        "Take an image that they signed: coffer trust inspect PLACE lists them.",
    ),
    code(
        "E-trust-not-signed",
        "The publisher who is pinned signed nothing of that name.",
        "Ask them to sign it, coffer trust sign; coffer trust inspect PLACE lists what they signed.",
    ),
    code(
        "E-trust-unknown-digest",
        "The publisher signed no release of that name with this digest.",
        "Take one that they signed: coffer trust inspect PLACE.",
    ),
    code(
        "E-trust-other-digest",
        "The publisher signed another image under this name: the tag was moved without them, or they have not signed yet.",
        "Take what they signed, by its digest; or ask them.",
    ),
    code(
        "E-trust-revoked",
        "The publisher revoked the image. The message has their reason.",
        "Take another version: coffer trust inspect PLACE.",
    ),
    code(
        "E-trust-stage",
        "The image was not promoted to the stage that is demanded.",
        "Ask the publisher to promote it: coffer trust promote.",
    ),
    code(
        "E-trust-no-stage",
        "The publisher has no stage of that name.",
        "Look for a mistake in it: coffer trust inspect PLACE lists them.",
    ),
    code(
        "E-trust-stage-removed",
        "The stage that is demanded is no more: the publisher removed it.",
        "Pin another one, or none: coffer trust inspect PLACE lists them.",
    ),
    code(
        "E-trust-source",
        "The publisher's files cannot be read: the registry does not answer, is too slow, or lacks them.",
        "Try again: coffer trust refresh PLACE. What was believed stays so until it expires.",
    ),
    code(
        "E-trust-missing",
        "A file that the publisher's other files speak of is not there.",
        "Try again later; if it stays so, tell the publisher. What was believed stays so until it expires.",
    ),
    code(
        "E-trust-format",
        "A publisher's file is not what such a file is.",
        "Tell the publisher: the registry may have changed it.",
    ),
    code(
        "E-trust-unsigned",
        "A publisher's file has too few signatures of the role's keys. The message names them.",
        "Do not use what is there; tell the publisher.",
    ),
    code(
        "E-trust-rollback",
        "An older state of the publisher is passed off as the present one. What was seen before is never forgotten.",
        "Ask whoever runs the registry whether they put back a copy; otherwise somebody attacks you.",
    ),
    code(
        "E-trust-vanished",
        "A file that the publisher's snapshot listed once is not listed any more.",
        "Do not use what is there; tell the publisher.",
    ),
    code(
        "E-trust-version",
        "A publisher's file has another version than the one that lists it says.",
        "Do not use what is there; tell the publisher.",
    ),
    code(
        "E-trust-mixed",
        "Files of different states of the publisher were mixed, or one was changed.",
        "Do not use what is there; tell the publisher.",
    ),
    code(
        "E-trust-expired",
        "What the publisher signed is over, and nothing newer is to be had. The message says which role, and since when.",
        "coffer trust refresh PLACE; if it stays so, the publisher's timestamp service does not run, or news are withheld.",
    ),
    code(
        "E-trust-clock",
        "The clock says a time before the publisher was heard last.",
        "Look at the clock: date -u.",
    ),
    code(
        "E-trust-not-listed",
        "A stage is delegated to, and nothing was ever promoted to it.",
        "Ask the publisher to promote something: coffer trust promote.",
    ),
    code(
        "E-trust-no-list",
        "The publisher has no list of what is revoked, without which nothing of theirs is believed.",
        "Tell the publisher; every repository that coffer makes has one.",
    ),
    code(
        "E-trust-list",
        "The publisher's list of what is revoked cannot be read, without which nothing of theirs is believed.",
        "Tell the publisher.",
    ),
    code(
        "E-trust-maze",
        "The publisher's delegations lead through more roles than anybody needs.",
        "Do not use what is there; tell the publisher.",
    ),
    code("E-trust-unheard", "The publisher is pinned, and was never heard.", "coffer trust refresh PLACE"),
    code(
        "E-trust-files",
        "What should be a publisher's files is not made as they are, or is too large.",
        "Use nothing of it, and ask the publisher.",
    ),
    code(
        "E-trust-newer",
        "What is published there is newer than what should replace it.",
        "Read what is there, and do it again on top of that.",
    ),
    code(
        "E-trust-foreign",
        "Another publisher's files are at that place.",
        "Publish at another place; who owns this one can remove its repository `trust`.",
    ),
    code(
        "E-trust-raced",
        "Somebody else published in the same moment. Theirs stands, and nothing of this command does.",
        "Give the command again: it goes on from what stands now.",
    ),
    code(
        "E-trust-damaged",
        "What is kept of pins or of a publisher is not what was written.",
        "Put it back from a copy, or remove it and pin again: coffer trust pin.",
    ),
    code(
        "E-trust-io",
        "What is kept of pins or of a publisher cannot be read or written.",
        "Look at the path, its owner and the space on its disk.",
    ),
];
