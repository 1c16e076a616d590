//! What goes along when `coffer copy` takes an image from one registry to the other: everybody's signature, by
//! everybody's word.

use crate::conformance::sigstore::checks::{Check, Right};
use crate::conformance::sigstore::cosign::{self, ANNAS, OWN, OWN_PUBLIC, SIGNATURES};
use crate::conformance::sigstore::notation;
use crate::conformance::sigstore::scene::{ANNA, Scene};
use crate::shell::{self, Outcome};

/// What nobody but their signer's key opens: two signatures of ours, two of cosign's and one of notation's.
pub(crate) fn checks(from: &Scene<'_>, to: &Scene<'_>) -> Outcome<Vec<Check>> {
    let image = from.image("copied")?;
    for case in &SIGNATURES {
        shell::capture(&mut cosign::attest(from, &image, case, OWN))?;
        shell::capture(&mut cosign::sign(from, &image, case))?;
    }
    shell::capture(&mut notation::sign(from, &image, "jws"))?;
    let copy = &image.at(to, "copies");
    shell::capture(to.coffer(&["copy", "-q"]).args([image.docker(), copy.docker()]))?;
    let signature = "signature";
    let asked = [
        ("cosign-verifies-coffer", cosign::cosign_verifies(to, copy, signature, OWN_PUBLIC)),
        ("cosign-verifies-cosign", cosign::cosign_verifies(to, copy, signature, ANNAS)),
        ("coffer-verifies-coffer", cosign::coffer_verifies(to, copy, signature, OWN_PUBLIC)),
        ("coffer-verifies-cosign", cosign::coffer_verifies(to, copy, signature, ANNAS)),
        ("coffer-verifies-notation", notation::verify(to, copy, ANNA)),
        ("notation-verifies-notation", notation::notation_verifies(to, copy)),
    ];
    let check = |(name, command)| Check::new(format!("copied/{name}"), Right::Accepted, command);
    Ok(asked.into_iter().map(check).collect())
}
