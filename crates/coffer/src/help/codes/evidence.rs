//! The part of the table that is about signatures and statements beside images: cosign's, Notation's and ours.

use super::{Code, code};

pub(super) const EVIDENCE: &[Code] = &[
    code(
        "E-trust-evidence-none",
        "Nothing is beside the image that could vouch for it.",
        "Ask its publisher to sign it, or sign it: coffer attest IMAGE --type signature --key FILE.",
    ),
    code(
        "E-trust-evidence",
        "Nothing of what is beside the image holds and says what was asked for. The message has each reason.",
        "Ask its publisher.",
    ),
    code(
        "E-trust-evidence-limit",
        "More signatures and statements are beside the image than an honest registry has.",
        "Name the image by its digest elsewhere; somebody fills this place.",
    ),
    code(
        "E-trust-evidence-place",
        "Nothing can be put beside an image there.",
        "Name an image in a registry, or an OCI layout: oci:DIR.",
    ),
    code(
        "E-trust-evidence-predicate",
        "What should be attested is nothing of that kind.",
        "Give a file of that kind, or another --type.",
    ),
    code("E-trust-sign", "The key did not sign.", "Look at the key: coffer trust keys."),
    code(
        "E-trust-signature-limit",
        "A signature or statement is larger than any honest one.",
        "Ask whoever it is by.",
    ),
    code(
        "E-trust-signature-malformed",
        "A signature, statement or key cannot be read.",
        "Get it again from whoever made it; a copy may have been cut short.",
    ),
    code(
        "E-trust-pem",
        "A file holds something else than it was given for, a private key for a public one, say.",
        "Look at its first line: public keys are for --key, certificates for --trust-store.",
    ),
    code(
        "E-trust-key-kind",
        "The key is of a kind that nothing is verified with.",
        "Use ECDSA P-256, Ed25519 or RSA.",
    ),
    code(
        "E-trust-key-password",
        "The password does not open the private key, or its file is damaged.",
        "Give the password that the key was made with.",
    ),
    code(
        "E-trust-signature-algorithm",
        "A signature names an algorithm that is unknown, too weak, or not the key's.",
        "Have it signed anew with ECDSA P-256, Ed25519 or RSA.",
    ),
    code(
        "E-trust-signature-none",
        "The envelope has no signatures.",
        "Ask the publisher for the public key that they sign with now.",
    ),
    code(
        "E-trust-signature-key",
        "It is not signed with the key that was given.",
        "Ask the publisher for the public key that they sign with now.",
    ),
    code(
        "E-trust-signature-material",
        "It is signed in a way that takes something else to verify than was given.",
        "Give --key FILE, or --identity with --issuer and --trusted-root, or --trust-store.",
    ),
    code(
        "E-trust-signature-digest",
        "What is signed is about another image.",
        "Do not use the image; a signature of something else was put beside it.",
    ),
    code(
        "E-trust-signature-type",
        "What is signed is of another type than was asked for.",
        "Ask for another --type, or ask the publisher for one of this.",
    ),
    code(
        "E-trust-signature-annotation",
        "Words that were asked for were not signed along.",
        "Use it only if you know why it differs from what you asked for.",
    ),
    code(
        "E-trust-signature-signer",
        "Somebody else signed it.",
        "Use it only if you know why it differs from what you asked for.",
    ),
    code(
        "E-trust-signature-keyless",
        "The evidence beside a signature without a key does not hold.",
        "Get the trusted root anew from whom you trust; otherwise do not use the image.",
    ),
    code(
        "E-trust-certificate",
        "A certificate does not follow from the next one, or may not sign.",
        "Have it signed anew with a certificate that may sign code.",
    ),
    code(
        "E-trust-certificate-root",
        "A chain of certificates ends at nobody who is trusted.",
        "If you trust that root, put its certificate into the trust store.",
    ),
    code("E-trust-signature-expired", "A signature or certificate is over.", "Have it signed anew."),
    code(
        "E-trust-signature-early",
        "A signature or certificate is not valid yet.",
        "Look at the clock: date -u.",
    ),
    code(
        "E-trust-signature-critical",
        "The signer demands that something be understood that is not understood here.",
        "Verify it with a tool that understands it.",
    ),
];
