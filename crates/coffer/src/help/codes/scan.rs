//! The part of the table that is about what is in images, and about advisories.

use super::{Code, code};

pub(super) const SCAN: &[Code] = &[
    code(
        "E-scan-process",
        "The process that reads hostile files could not be made.",
        "coffer system check says what this host lacks.",
    ),
    code(
        "E-scan-tree",
        "A directory that should be looked into is not there, or cannot be listed.",
        "See whether it is there and whose it is: ls -ld.",
    ),
    code(
        "E-scan-confine",
        "The process that reads hostile files could not give up its rights, and so has read nothing.",
        "It needs Linux 5.13 with Landlock: coffer system check says what this host has.",
    ),
    code(
        "E-scan-died",
        "The process that read ended before it had told what it found. Nothing of what it read has reached this host.",
        "Trust the image only if you know why it does this, and report it.",
    ),
    code(
        "E-scan-slow",
        "Looking into a layer took longer than fifteen minutes.",
        "Trust the image only if you know why it does this, and report it.",
    ),
    code(
        "E-scan-answer",
        "What the process that read has told is not what such a process tells.",
        "Trust the image only if you know why it does this, and report it.",
    ),
    code("E-scan-file", "A file that was named cannot be read.", "Check the path and its permissions."),
    code(
        "E-scan-sbom",
        "A file is no bill of material, or one that is not read.",
        "Give CycloneDX, SPDX 2 or Syft's own format, as JSON.",
    ),
    code(
        "E-scan-hashes",
        "A file is no list of hashes. The message has the line.",
        "Give one file a line: its SHA-256, SHA-1 or MD5, and what it is after that.",
    ),
    code(
        "E-advisories-missing",
        "There are no advisories at this site.",
        "Get some: coffer advisories import PATH, or coffer advisories update FILE.",
    ),
    code(
        "E-advisories-unheard",
        "No advisory here is about a vulnerability of that name.",
        "Look for a mistake in it, and whether there are advisories of whoever publishes it: coffer advisories status.",
    ),
    code(
        "E-advisories-nothing",
        "The files that were named have no advisory in them.",
        "Give them as they are published; docs/scan.md lists the formats.",
    ),
    code(
        "E-advisories-address",
        "The text is no address that files are fetched from.",
        "Give one that begins with https://, or fetch the file yourself.",
    ),
    code(
        "E-advisories-import",
        "A file with published advisories cannot be read, or has more in it than is reasonable. Nothing was changed.",
        "Get the file again, or import the others without it.",
    ),
    code(
        "E-advisories-io",
        "The directory with the advisories cannot be read or written.",
        "Look at the path, its owner and the space on its disk.",
    ),
    code(
        "E-advisories-damaged",
        "A file of the advisories is not what was written.",
        "Get them again: coffer advisories import PATH, or coffer advisories update FILE.",
    ),
    code(
        "E-advisories-format",
        "A file of the advisories was written by another version of coffer.",
        "Get them again: coffer advisories import PATH, or coffer advisories update FILE.",
    ),
    code(
        "E-advisories-unsigned",
        "The advisories are not signed by a key that is required.",
        "Get them from whoever has the key.",
    ),
    code(
        "E-advisories-forged",
        "The signature of the advisories does not hold: they were altered or forged.",
        "Do not use them; find out where they came from, and get them again.",
    ),
    code(
        "E-advisories-sign",
        "The advisories could not be signed: whatever holds the key did not, or its signature does not hold.",
        "Give a private key of Ed25519: coffer advisories export --key FILE.",
    ),
    code(
        "E-advisories-key",
        "The file is no private key that signs advisories.",
        "Give an Ed25519 key in PEM: openssl genpkey -algorithm ed25519 -out FILE makes one.",
    ),
    code(
        "E-advisories-publishers",
        "The list of keys whose advisories are used here is damaged, so that none are used.",
        "Put it right, the Base64 of a key on each line, or remove the file and pin the keys again.",
    ),
    code(
        "E-advisories-many-publishers",
        "As many keys as may be are pinned for advisories.",
        "Give one up: coffer advisories unpin KEY.",
    ),
    code(
        "E-advisories-write",
        "The list of keys whose advisories are used here cannot be written.",
        "Look at the path, its owner and the space on its disk.",
    ),
    code(
        "E-advisories-not-believed",
        "This site uses only advisories that a pinned key has signed, and none of these would sign the import.",
        "Give such a key with --key FILE, or take signed ones over: coffer advisories update FILE.",
    ),
    code(
        "E-advisories-not-pinned",
        "The key that should be given up is not pinned.",
        "See which are: coffer advisories status.",
    ),
    code(
        "E-advisories-older",
        "The advisories that should replace those here are older than them.",
        "Ask where the newer ones are, or take the older ones with --allow-older.",
    ),
    code(
        "E-advisories-size",
        "The advisories have more bytes than a database may have.",
        "Import fewer sources.",
    ),
    code(
        "E-vex-size",
        "A VEX document is longer than 64 MiB.",
        "Give the part of it that is about this image.",
    ),
    code(
        "E-vex-malformed",
        "A file is no VEX document.",
        "Give one in the form of OpenVEX, CSAF or CycloneDX, in JSON.",
    ),
    code(
        "E-ignore-malformed",
        "An ignore file cannot be understood. It is refused as a whole.",
        "Each [[ignore]] has id, reason and until; docs/scan.md shows one.",
    ),
    code(
        "E-ignore-rule",
        "A rule of an ignore file lacks a vulnerability, a reason or an end.",
        "Give all three; until is a day such as 2027-01-31, or never.",
    ),
];
