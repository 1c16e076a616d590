//! A refusal: what was asked, what said no, why, and the exact command that would change it.

use serde::Serialize;

use crate::render::style::Style;
use crate::render::text;
use crate::render::verdict::citation;

/// A no, as data.
#[derive(Debug, Serialize)]
pub(crate) struct Refused {
    /// What was asked for and what is wrong with it.
    pub(crate) asked: String,
    /// The rule that said no.
    pub(crate) rule: String,
    /// The level that was in force.
    pub(crate) level: &'static str,
    /// Sections of NIST SP 800-190.
    pub(crate) nist: Vec<&'static str>,
    /// Recommendations of the CIS Docker Benchmark.
    pub(crate) cis: Vec<&'static str>,
    /// What to do instead.
    pub(crate) instead: String,
    /// Another way, where there is one.
    pub(crate) or: Option<String>,
    /// How many other reasons there are.
    pub(crate) further: usize,
    /// The entry of the ledger that records it.
    pub(crate) ledger_entry: Option<u64>,
}

impl Refused {
    /// At most eight lines.
    pub(super) fn for_people(&self, code: &str, style: Style) -> String {
        let asked = text::plain(&self.asked);
        let mut page = format!("{} {} {asked}\n", style.bad("coffer:"), style.bad("refused:"));
        let mut line = |label: &str, words: &str| {
            page.push_str(&format!("  {} {}\n", style.faint(&text::pad(label, 8)), text::plain(words)));
        };
        line("rule", &format!("{}{}", self.rule, self.cited()));
        line("level", self.level);
        line("instead", &self.instead);
        if let Some(or) = &self.or {
            line("or", or);
        }
        if self.further > 0 {
            line("further", &format!("reasons: {}, see coffer assess", self.further));
        }
        line("recorded", &format!("{}  [{code}]", self.recorded()));
        page
    }

    fn cited(&self) -> String {
        let cited = citation(&self.nist, &self.cis).replace("  ", ", ");
        if cited.is_empty() { cited } else { format!("  ({cited})") }
    }

    fn recorded(&self) -> String {
        self.ledger_entry.map_or_else(|| "nowhere".to_owned(), |index| format!("ledger entry {index}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_at_most_eight_lines() {
        let refused = Refused {
            asked: "`--privileged` removes every wall between nginx and this host".into(),
            rule: "privileged-needs-own-tenant".into(),
            level: "baseline",
            nist: vec!["4.4.3"],
            cis: vec!["5.5"],
            instead: "coffer run nginx\nor so".into(),
            or: Some("coffer run --policy open nginx".into()),
            further: 2,
            ledger_entry: Some(1842),
        };
        let page = refused.for_people("E-policy-refused", Style::Plain);
        assert_eq!(
            page,
            "coffer: refused: `--privileged` removes every wall between nginx and this host
  rule     privileged-needs-own-tenant  (NIST 4.4.3, CIS 5.5)
  level    baseline
  instead  coffer run nginx\\u{a}or so
  or       coffer run --policy open nginx
  further  reasons: 2, see coffer assess
  recorded ledger entry 1842  [E-policy-refused]
"
        );
    }
}
