//! A refusal: what was asked, what said no, why, and the exact command that would change it.

use model::verdict::{Level, Verdict};
use serde::Serialize;

use crate::render::style::Style;
use crate::render::text;
use crate::render::verdict::citation;

/// At most this many reasons are shown to people; data has them all.
const SHOWN: usize = 2;

/// A no, as data.
#[derive(Debug, Serialize)]
pub(crate) struct Refused {
    image: String,
    level: Level,
    reasons: Vec<RefusedReason>,
    /// Index of the entry that records it.
    ledger_entry: Option<u64>,
}

/// One rule that said no.
#[derive(Debug, Serialize)]
struct RefusedReason {
    rule: String,
    detail: String,
    remedy: String,
    nist: Vec<String>,
    cis: Vec<String>,
}

impl Refused {
    /// What the verdict says, and where it was recorded.
    pub(crate) fn new(image: &str, verdict: &Verdict, ledger_entry: Option<u64>) -> Self {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let reasons = verdict.reasons.iter().map(|reason| RefusedReason {
            rule: reason.rule.to_owned(),
            detail: reason.detail.clone(),
            remedy: reason.remedy.clone(),
            nist: owned(reason.nist),
            cis: owned(reason.cis),
        });
        Self { image: image.to_owned(), level: verdict.level, reasons: reasons.collect(), ledger_entry }
    }

    /// One sentence that stands for all.
    pub(crate) fn sentence(&self) -> String {
        match self.reasons.split_first() {
            None => format!("refused: {} may not start", self.image),
            Some((first, [])) => format!("refused: {}", first.detail),
            Some((first, [_])) => format!("refused: {}; and one reason more", first.detail),
            Some((first, more)) => format!("refused: {}; and {} reasons more", first.detail, more.len()),
        }
    }

    /// The first reason's next step.
    pub(crate) fn remedy(&self) -> String {
        self.reasons.first().map(|reason| reason.remedy.clone()).unwrap_or_default()
    }

    /// At most eight lines.
    pub(super) fn for_people(&self, code: &str, style: Style) -> String {
        let mut page = format!("{} {}\n", style.bad("coffer:"), text::plain(&self.sentence()));
        let mut line = |label: &str, text: &str| {
            page.push_str(&format!("  {} {}\n", style.faint(&text::pad(label, 8)), text::plain(text)));
        };
        for reason in self.reasons.iter().take(SHOWN) {
            line("rule", &format!("{}  {}", reason.rule, citation(&reason.nist, &reason.cis)));
            if !reason.remedy.is_empty() {
                line("instead", &reason.remedy);
            }
        }
        line("level", &format!("{}, all reasons: coffer assess {}", self.level, self.image));
        let recorded =
            self.ledger_entry.map_or("not recorded".to_owned(), |index| format!("ledger entry {index}"));
        line("recorded", &format!("{recorded}  [{code}]"));
        page
    }
}
