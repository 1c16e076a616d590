//! `assess`

use engine::session::Purpose;

use super::{Act, Entry, Life, act, image, options};
use crate::args::run::Assess;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::verdict::{self, AssessmentJson};
use crate::site;

pub(super) const ASSESS: Entry = Entry {
    words: &["assess"],
    aliases: &[],
    life: Life::Decide,
    about: "Say whether an image may run, how tightly, and what is missing",
    examples: [
        ("coffer assess nginx --tenants several --data internal --exposure internet", "for a use case"),
        ("coffer assess postgres --privileged", "what such a request would meet"),
    ],
    notes: "Exit code: 0 go, 3 go with controls that you supply, 4 no go; 1 failed, 2 not understood.",
    codes: ExitCodes::Ordinary,
    options: options::<Assess>,
    act: act::<Assess>,
};

impl Act for Assess {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let site = site::site()?;
        let request = self.request(site.level)?;
        let engine = site::open_at(site, Purpose::Look)?;
        image::admit_embedded(&engine, &request.image)?;
        let assessment = engine.assess(&request)?;
        let (image, verdict) = (&assessment.image, &assessment.verdict);
        context.show(
            || AssessmentJson::new(image, verdict),
            || verdict::page(image, verdict, context.style, context.width()),
        )?;
        Ok(verdict.outcome.exit_code())
    }
}
