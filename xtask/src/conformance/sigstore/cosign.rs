//! cosign and ours, with keys: what `coffer attest` leaves beside an image by cosign's word, and the other way around.

use std::process::Command;

use crate::conformance::sigstore::checks::{Check, Right};
use crate::conformance::sigstore::forgery::Beside;
use crate::conformance::sigstore::pair::{Case, Pair, Refusals};
use crate::conformance::sigstore::scene::{Image, Scene};
use crate::shell::{self, Outcome};

/// By cosign's words for types, in both of its layouts.
const CASES: &[Case] = &[
    Case { what: "signature", beside: Beside::Tag("sig") },
    Case { what: "vuln", beside: Beside::Tag("att") },
    Case { what: "cyclonedx", beside: Beside::Tag("att") },
    Case { what: "spdxjson", beside: Beside::Tag("att") },
    Case { what: "slsaprovenance1", beside: Beside::Tag("att") },
    Case { what: "signature", beside: Beside::Referrer },
    Case { what: "vuln", beside: Beside::Referrer },
    Case { what: "cyclonedx", beside: Beside::Referrer },
    Case { what: "spdxjson", beside: Beside::Referrer },
    Case { what: "slsaprovenance1", beside: Beside::Referrer },
];

/// As cosign says that of a signature, and of an envelope.
const NOT_BY_KEY: &[&str] = &["invalid signature", "accepted signatures do not match threshold"];

/// As cosign says that of what it signs in the old layout, of envelopes there, and of bundles.
const NOT_ABOUT_IT: &[&str] = &[
    "invalid or missing digest in claim",
    "no matching subject digest found",
    "does not match any digest in statement",
];

/// A publisher's own key, and its public half.
pub(crate) const OWN: &str = "team/release-1";
pub(crate) const OWN_PUBLIC: &str = ".config/coffer/publishers/team/keys/release-1.pub";

/// The public half of Anna's key, which cosign made.
pub(crate) const ANNAS: &str = "anna/cosign.pub";

/// A signature in each layout.
pub(crate) const SIGNATURES: [Case; 2] = [
    Case { what: "signature", beside: Beside::Tag("sig") },
    Case { what: "signature", beside: Beside::Referrer },
];

pub(crate) const JUDGES: Pair = Pair {
    name: "cosign-verifies-coffer",
    cases: CASES,
    sign: |scene, image, case| attest(scene, image, case, "anna/cosign.key"),
    verify: |scene, image, case, by| cosign_verifies(scene, image, case.what, &format!("{by}/cosign.pub")),
    refusals: Refusals { other_key: NOT_BY_KEY, other_image: NOT_ABOUT_IT, changed: NOT_BY_KEY },
};

pub(crate) const JUDGED: Pair = Pair {
    name: "coffer-verifies-cosign",
    cases: CASES,
    sign,
    verify: |scene, image, case, by| coffer_verifies(scene, image, case.what, &format!("{by}/cosign.pub")),
    refusals: Refusals {
        other_key: &["[E-trust-signature-key]"],
        other_image: &["[E-trust-signature-digest]"],
        changed: &["[E-trust-signature-key]"],
    },
};

/// cosign verifies with the public half of a publisher's own key, which is no key of cosign's.
pub(crate) fn own_keys(scene: &Scene<'_>) -> Outcome<Vec<Check>> {
    let mut checks = Vec::new();
    for case in CASES.iter().filter(|case| matches!(case.what, "signature" | "slsaprovenance1")) {
        let image = scene.image("own-keys")?;
        shell::capture(&mut attest(scene, &image, case, OWN))?;
        let name = format!("own-keys/{}-{}", case.beside.word(), case.what);
        let verify = cosign_verifies(scene, &image, case.what, OWN_PUBLIC);
        checks.push(Check::new(name, Right::Accepted, verify));
    }
    Ok(checks)
}

/// `cosign sign` and `cosign attest`: nothing is written into anybody's log, and nobody is asked which services there are.
pub(crate) fn sign(scene: &Scene<'_>, image: &Image, case: &Case) -> Command {
    let mut command = match case.what {
        "signature" => scene.cosign(&["sign"]),
        what => scene.cosign(&["attest", "--type", what, "--predicate", &format!("predicates/{what}")]),
    };
    command.args(["--yes", "--key", "anna/cosign.key", "--use-signing-config=false", "--tlog-upload=false"]);
    command.arg(format!("--new-bundle-format={}", case.beside == Beside::Referrer));
    command.arg(image.pinned());
    command
}

/// `coffer attest`
pub(crate) fn attest(scene: &Scene<'_>, image: &Image, case: &Case, key: &str) -> Command {
    let mut command = scene.coffer(&["attest", "--key", key, "--type", our_word(case.what)]);
    command.arg("--layout").arg(case.beside.word());
    if case.what == "slsaprovenance1" {
        command.args(["--predicate", "predicates/slsaprovenance1"]);
    }
    command.arg(image.name());
    command
}

/// Whether a key has said it, by cosign's word.
pub(crate) fn cosign_verifies(scene: &Scene<'_>, image: &Image, what: &str, key: &str) -> Command {
    let mut command = match what {
        "signature" => scene.cosign(&["verify"]),
        what => scene.cosign(&["verify-attestation", "--type", what]),
    };
    command.args(["--insecure-ignore-tlog", "--key", key]).arg(image.name());
    command
}

/// Whether a key has said it, by our word.
pub(crate) fn coffer_verifies(scene: &Scene<'_>, image: &Image, what: &str, key: &str) -> Command {
    let mut command = scene.coffer(&["verify", "--key", key]);
    if what != "signature" {
        command.args(["--type", our_word(what)]);
    }
    command.arg(image.name());
    command
}

fn our_word(what: &str) -> &str {
    match what {
        "spdxjson" => "spdx",
        "slsaprovenance1" => "provenance",
        same => same,
    }
}
