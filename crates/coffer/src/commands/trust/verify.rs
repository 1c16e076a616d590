//! `trust verify`

use engine::EngineError;
use model::trust::Vouched;

use super::super::{Act, Entry, Life, act, options};
use super::sign::full;
use crate::args::trust::Verify;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::pins::{self, VouchedJson};
use crate::{registries, site};

pub(crate) const VERIFY: Entry = Entry {
    words: &["trust", "verify"],
    aliases: &[],
    life: Life::Trust,
    about: "Say whether the publisher who is pinned for an image vouches for it",
    examples: [
        ("coffer trust verify registry.example/team/app:1.4", "who signed it, and until when that is fresh"),
        ("coffer trust verify registry.example/team/app:1.4 --stage prod", "and that it got that far"),
    ],
    notes: "\
It is what a start does anyway. Exit code: 0 if every image is vouched for, 1 if not, or if nobody is pinned for it.",
    codes: ExitCodes::Ordinary,
    options: options::<Verify>,
    act: act::<Verify>,
};

impl Act for Verify {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let engine = site::open()?;
        let (mut answers, mut code) = (Vec::new(), 0);
        for typed in &self.images {
            let name = full(&registries, typed)?;
            match self.answer(engine.who_vouches(&registries, &name)) {
                Ok((digest, vouched)) => answers.push((name.to_string(), digest, vouched)),
                Err(failure) => {
                    context.complain(Some(failure));
                    code = 1;
                }
            }
        }
        context.show(
            || answers.iter().map(VouchedJson::new).collect::<Vec<_>>(),
            || answers.iter().map(|answer| pins::vouched(answer, context.style)).collect(),
        )?;
        Ok(code)
    }
}

type Answer = (model::digest::ClaimedDigest, Vouched);

impl Verify {
    /// Nothing but a signature is an answer.
    fn answer(&self, answer: Result<Answer, EngineError>) -> Result<Answer, Failure> {
        let (digest, vouched) = answer?;
        match (&vouched, &self.stage) {
            (Vouched::Doubted { publisher, place, doubt, remedy }, _) => Err(Failure::failed(
                "E-trust-unvouched",
                format!("{publisher}, who is pinned for {place}, does not vouch for {digest}: {doubt}"),
                remedy.clone(),
            )),
            (Vouched::Signed { stages, publisher, .. }, Some(stage))
                if !stages.contains(&stage.to_string()) =>
            {
                let has = if stages.is_empty() { "no stage".to_owned() } else { stages.join(", ") };
                Err(Failure::failed(
                    "E-trust-unvouched",
                    format!("{publisher} signed {digest}, and promoted it to {has}, not to {stage}"),
                    format!("ask {publisher} to promote it: coffer trust promote"),
                ))
            }
            _ => Ok((digest, vouched)),
        }
    }
}
