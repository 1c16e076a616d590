//! notation and ours: what `notation sign` leaves beside an image, by our word. We write nothing of that kind.

use std::process::Command;
use std::time::Duration;

use crate::conformance::sigstore::checks::{Check, Right};
use crate::conformance::sigstore::forgery::Beside;
use crate::conformance::sigstore::pair::{Case, Pair, Refusals};
use crate::conformance::sigstore::scene::{ANNA, Image, MALLORY, Scene};
use crate::shell::{self, Outcome};

const CASES: &[Case] =
    &[Case { what: "jws", beside: Beside::Referrer }, Case { what: "cose", beside: Beside::Referrer }];

pub(crate) const JUDGED: Pair = Pair {
    name: "coffer-verifies-notation",
    cases: CASES,
    sign: |scene, image, case| sign(scene, image, case.what),
    verify: |scene, image, _, by| verify(scene, image, by),
    refusals: Refusals {
        other_key: &["[E-trust-certificate-root]"],
        other_image: &["[E-trust-signature-digest]"],
        changed: &["[E-trust-signature-key]"],
    },
};

/// What is about certificates alone: whom they name, and for how long a signature is good.
pub(crate) fn certificates(scene: &Scene<'_>) -> Outcome<Vec<Check>> {
    let (image, brief) = (scene.image("certificates")?, scene.image("certificates")?);
    shell::capture(&mut sign(scene, &image, "jws"))?;
    shell::capture(sign(scene, &brief, "jws").args(["--expiry", "1s"]))?;
    std::thread::sleep(Duration::from_secs(2));
    let check = |name: &str, image: &Image, identity: Option<&str>, right: Right| {
        let mut command = verify(scene, image, ANNA);
        if let Some(name) = identity {
            let subject = format!("x509.subject: C=US, ST=WA, O=Notary, CN={name}");
            command.args(["--trusted-identity", &subject]);
        }
        Check::new(format!("certificates/{name}"), right, command)
    };
    Ok(vec![
        check("who-is-named", &image, Some(ANNA), Right::Accepted),
        check("who-is-not", &image, Some(MALLORY), Right::Refused(&["[E-trust-signature-signer]"])),
        check("expired", &brief, None, Right::Refused(&["[E-trust-signature-expired]"])),
    ])
}

pub(crate) fn sign(scene: &Scene<'_>, image: &Image, format: &str) -> Command {
    let mut command =
        scene.notation(&["sign", "--insecure-registry", "--key", ANNA, "--signature-format", format]);
    command.arg(image.pinned());
    command
}

pub(crate) fn verify(scene: &Scene<'_>, image: &Image, by: &str) -> Command {
    let mut command = scene.coffer(&["verify", "--trust-store"]);
    command.arg(scene.certificate(by)).arg(image.name());
    command
}

/// Whether somebody has signed it, by notation's own word.
pub(crate) fn notation_verifies(scene: &Scene<'_>, image: &Image) -> Command {
    let mut command = scene.notation(&["verify", "--insecure-registry"]);
    command.arg(image.pinned());
    command
}
