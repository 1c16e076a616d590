//! One who signs and one who verifies, and what the second has to say of what the first left and of what was made of it.

use std::process::Command;

use crate::conformance::sigstore::checks::{Check, Right};
use crate::conformance::sigstore::forgery::{self, Beside};
use crate::conformance::sigstore::scene::{ANNA, Image, MALLORY, Scene};
use crate::shell::{self, Outcome};

/// Two programs.
pub(crate) struct Pair {
    /// `cosign-verifies-coffer`
    pub(crate) name: &'static str,
    pub(crate) cases: &'static [Case],
    /// Anna signs an image.
    pub(crate) sign: fn(&Scene<'_>, &Image, &Case) -> Command,
    /// Whether a signer of this name, and nobody else, has signed it.
    pub(crate) verify: fn(&Scene<'_>, &Image, &Case, &str) -> Command,
    pub(crate) refusals: Refusals,
}

/// What is said of the image, and where it lies.
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) beside: Beside,
}

/// How the second refuses, one of these words each.
#[derive(Clone, Copy)]
pub(crate) struct Refusals {
    pub(crate) other_key: &'static [&'static str],
    pub(crate) other_image: &'static [&'static str],
    pub(crate) changed: &'static [&'static str],
}

impl Pair {
    /// Everything about every case, each with images of its own.
    pub(crate) fn checks(&self, scene: &Scene<'_>) -> Outcome<Vec<Check>> {
        let mut checks = Vec::new();
        for case in self.cases {
            checks.extend(self.case(scene, case)?);
        }
        Ok(checks)
    }

    fn case(&self, scene: &Scene<'_>, case: &Case) -> Outcome<Vec<Check>> {
        let repository = format!("{}/{}-{}", self.name, case.beside.word(), case.what);
        let image = || scene.image(&repository);
        let (signed, moved, changed) = (image()?, image()?, image()?);
        shell::capture(&mut (self.sign)(scene, &signed, case))?;
        let there = scene.repository(&signed);
        forgery::moved(&there, case.beside, &signed, &moved)?;
        forgery::changed(&there, case.beside, &signed, &changed)?;
        let check = |name: &str, image: &Image, by: &str, right: Right| {
            Check::new(format!("{repository}/{name}"), right, (self.verify)(scene, image, case, by))
        };
        let Refusals { other_key, other_image, changed: forged } = self.refusals;
        Ok(vec![
            check("signed", &signed, ANNA, Right::Accepted),
            check("other-key", &signed, MALLORY, Right::Refused(other_key)),
            check("other-image", &moved, ANNA, Right::Refused(other_image)),
            check("changed", &changed, ANNA, Right::Refused(forged)),
        ])
    }
}
