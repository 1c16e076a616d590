//! The part of the table that is about publishers: keys, documents, and signatures that are missing.

use super::{Code, code};

pub(super) const PUBLISHING: &[Code] = &[
    code(
        "E-trust-publisher-name",
        "The text cannot be a publisher's name here.",
        "Choose small letters, digits, `-`, `_` and `.`, such as team.",
    ),
    code(
        "E-trust-publisher-unknown",
        "This user has no publisher of that name.",
        "coffer trust keys lists them; coffer trust init NAME makes one.",
    ),
    code("E-trust-publisher-exists", "There is a publisher of that name.", "Choose another name."),
    code(
        "E-trust-which-publisher",
        "No publisher is here who could sign it, or several are.",
        "Say whose signature it is: --publisher NAME; or become one: coffer trust init NAME.",
    ),
    code(
        "E-trust-where",
        "It is not known where the publisher publishes, or the image is elsewhere.",
        "Say it: --place registry.example/team.",
    ),
    code(
        "E-trust-root-unknown",
        "A publisher's documents are there, and this signer has never seen their root.",
        "Ask for the publisher's fingerprint, and give it: --root sha256:...",
    ),
    code(
        "E-trust-declined",
        "Others have begun something that was not asked for, and it was not agreed to.",
        "Look at it, coffer trust inspect NAME; then give the command again with --all, or with --discard to drop theirs.",
    ),
    code(
        "E-trust-image",
        "The image is not named as it has to be: a release by its tag, a revocation by its digest.",
        "registry.example/team/app:1.4, or registry.example/team/app@sha256:...",
    ),
    code(
        "E-trust-public-key",
        "The file has no public key that can be used.",
        "Give a PEM file of an Ed25519 or ECDSA P-256 key; `coffer trust keys make` prints where it writes one.",
    ),
    code("E-trust-key-make", "No key can be made.", "See whether this host has /dev/urandom."),
    code(
        "E-trust-which-key",
        "The beginning of a key's id fits none, or several.",
        "Give more of it; coffer trust inspect NAME shows the ids.",
    ),
    code(
        "E-trust-keyring",
        "A file of the publisher's directory cannot be read, written or understood.",
        "Look at the path that the message names.",
    ),
    code(
        "E-trust-key-open",
        "Others may read a private key's file.",
        "chmod 600 FILE; if others may have read it, rotate it: coffer trust rotate.",
    ),
    code(
        "E-trust-key-locked",
        "A key is sealed with a passphrase, and there was nobody to ask for it.",
        "Give --passphrase-file FILE, or set COFFER_TRUST_PASSPHRASE.",
    ),
    code("E-trust-passphrase", "The passphrase is not the key's.", "Try again."),
    code(
        "E-trust-key",
        "A key's file is damaged, or is no key.",
        "Put it back from a copy; without one: coffer trust recover.",
    ),
    code("E-trust-key-hardware", "The key is in a token, and no file has it.", "Plug the token in."),
    code(
        "E-trust-from-hardware",
        "The key that ends is in a token, and no key was named that follows it: the one that is made would be in a file.",
        "Name it: coffer trust rotate NAME ROLE --old KEYID --key pkcs11:..., or --key FILE.pub of coffer trust keys make.",
    ),
    code(
        "E-trust-token-name",
        "The text is no name of a key in hardware, or one that could be several.",
        "RFC 7512: pkcs11:token=LABEL;object=KEY, without a PIN in it.",
    ),
    code("E-trust-token-tool", "OpenSC's `pkcs11-tool` is not on this host.", "sudo apt-get install opensc"),
    code(
        "E-trust-token",
        "The token or its module failed.",
        "`pkcs11-tool -L` and `-O`, with --module, show what the token has.",
    ),
    code(
        "E-trust-token-which",
        "No token or key fits the name, or several do.",
        "Plug it in, or say which: pkcs11:serial=NUMBER;id=%01;...",
    ),
    code(
        "E-trust-token-key",
        "The token's key is not on P-256.",
        "Make one: `pkcs11-tool --keypairgen --key-type EC:prime256v1`.",
    ),
    code(
        "E-trust-token-pin",
        "The PIN is wrong, or its file cannot be used.",
        "Look before trying again: a token locks itself after a few wrong PINs.",
    ),
    code(
        "E-trust-stage-name",
        "The text cannot be a stage's name.",
        "Choose small letters, digits and `-`, such as staging.",
    ),
    code(
        "E-trust-release-name",
        "The image cannot be a release: its name below the place is too deep, or it has no tag.",
        "registry.example/team/web/app:1.4",
    ),
    code(
        "E-trust-threshold",
        "A role cannot need more signatures than it has keys, or none.",
        "Say how many keys there are and how many have to sign: --keys root=3:2.",
    ),
    code(
        "E-trust-role-key",
        "A key cannot be the role's: it is there twice, is the online one, or of a kind that is not understood.",
        "Give each role keys of its own, of Ed25519 or ECDSA P-256.",
    ),
    code(
        "E-trust-no-such-key",
        "The role has no such key.",
        "coffer trust inspect NAME shows each role's keys.",
    ),
    code(
        "E-trust-lost",
        "Fewer keys are left than have to sign the change that would replace the others.",
        "Make a new publisher, coffer trust init, and have everybody pin its fingerprint.",
    ),
    code(
        "E-trust-no-such-stage",
        "The publisher has no such stage.",
        "Make it: coffer trust delegate NAME STAGE.",
    ),
    code(
        "E-trust-not-released",
        "Only what is released can be promoted, and under the digest that it was released as.",
        "Sign it first, with all signatures that it needs: coffer trust sign IMAGE.",
    ),
    code(
        "E-trust-revoked-already",
        "The digest is revoked, and signing it would change nothing.",
        "If it is good after all: coffer trust revoke IMAGE@DIGEST --undo.",
    ),
    code("E-trust-not-revoked", "The digest is not revoked.", "coffer trust inspect NAME lists what is."),
    code(
        "E-trust-reason",
        "A revocation has a reason of one line.",
        "Say it short: --reason CVE-2026-12345.",
    ),
    code(
        "E-trust-not-attested",
        "The stage requires statements about the image, and nobody who may has made them.",
        "coffer attest IMAGE --type TYPE --key FILE, with a key that the stage names.",
    ),
    code(
        "E-trust-attestation-kind",
        "The text is no kind of statement.",
        "vuln, sbom, provenance, or the address of a predicate's type.",
    ),
    code(
        "E-trust-files-unsigned",
        "A document of the publisher has too few signatures, so that nothing is signed on top of it.",
        "Ask whoever runs the registry, and put a copy of the last good files back.",
    ),
    code(
        "E-trust-files-changed",
        "A document of the publisher was changed or replaced, so that nothing is signed on top of it.",
        "Ask whoever runs the registry, and put a copy of the last good files back.",
    ),
    code(
        "E-trust-files-old",
        "What is published is older than what was published before.",
        "Ask whoever runs the registry, and put a copy of the last good files back.",
    ),
    code(
        "E-trust-draft-moved",
        "What waits for signatures was begun before something else was published, or twice at the same time.",
        "Give the command again with --discard; its signers sign again.",
    ),
    code(
        "E-trust-draft-unseen",
        "What waits for signatures says more than can be shown, or has changed since it was shown.",
        "Do not sign it; have whoever made it make it again.",
    ),
    code(
        "E-trust-signature-unwanted",
        "None of the keys here is one of those that have to sign.",
        "The message names them: one of those people gives the same command.",
    ),
    code(
        "E-trust-signer",
        "A key did not sign, or made something that is no signature of it.",
        "Check that the key is the role's: coffer trust keys.",
    ),
    code(
        "E-trust-incomplete",
        "Signatures are missing.",
        "Have the others give the same command; each adds one.",
    ),
    code(
        "E-trust-online-key",
        "Publishing takes the online key, and it is not here.",
        "Let coffer trust timestamp serve publish it, on the host that has the key.",
    ),
    code(
        "E-trust-full",
        "The publisher's documents have no room for more.",
        "Split it up: a second publisher for a place below.",
    ),
];
