//! What an image from a pinned place brings along: that its publisher does not vouch for it.

use model::trust::Vouched;

use super::{Ask, PINNED_PUBLISHER};

/// The id of the exception.
pub const UNVOUCHED: &str = "unvouched";

/// Who asks for it.
const IMAGE: &str = "the image";

/// Starting an image that its publisher does not vouch for is asking for whatever it may be.
pub(super) fn doubts(vouched: &Vouched, asks: &mut Vec<Ask>) {
    if let Vouched::Doubted { publisher, place, doubt, remedy } = vouched {
        let detail = format!("is not vouched for by {publisher}, who is pinned for {place}: {doubt}");
        asks.push(Ask::new(&PINNED_PUBLISHER, UNVOUCHED, IMAGE, detail).instead(remedy));
    }
}

#[cfg(test)]
mod tests {
    use model::usecase::Provenance;
    use model::verdict::{Level, Outcome, Verdict};

    use super::*;
    use crate::fixtures::{doubted, question, request, signed, user_image};
    use crate::{Decision, Question, decide};

    fn decided(vouched: &Vouched, level: Level) -> Decision {
        let (request, image) = (request(), user_image());
        let question = Question { vouched, ..question(&request, &image, level) };
        decide(&question, "c1".to_owned(), 0)
    }

    fn exceptions(verdict: &Verdict) -> Vec<&str> {
        verdict.exceptions.iter().map(|exception| exception.id.as_str()).collect()
    }

    #[test]
    fn a_doubt_refuses_at_baseline_with_its_exact_reason() {
        let refusal = decided(&doubted(), Level::Baseline).permit.unwrap_err();
        assert_eq!((refusal.rule, refusal.further), ("pinned-publisher", 0));
        assert_eq!(
            refusal.asked,
            "the image is not vouched for by team, who is pinned for registry.example/team: \
             it was revoked on 2026-11-20: CVE-2026-1"
        );
        assert_eq!(refusal.instead, "ask for its successor");
        assert_eq!((refusal.nist, refusal.cis), (["4.1.5"].as_slice(), ["4.2", "4.5"].as_slice()));
    }

    #[test]
    fn open_records_the_doubt_and_lets_it_run() {
        let Decision { verdict, permit } = decided(&doubted(), Level::Open);
        assert_eq!((verdict.outcome, exceptions(&verdict)), (Outcome::NoGo, vec![UNVOUCHED]));
        assert_eq!(permit.unwrap().vouched(), &doubted());
    }

    #[test]
    fn at_baseline_nobody_need_vouch_for_what_comes_from_nowhere_pinned() {
        for vouched in [Vouched::Nobody, signed(&[], None), signed(&["prod"], Some("ci"))] {
            let Decision { verdict, permit } = decided(&vouched, Level::Baseline);
            assert_eq!((verdict.outcome, exceptions(&verdict)), (Outcome::Go, vec![]), "{vouched:?}");
            assert_eq!(permit.unwrap().vouched(), &vouched);
        }
    }

    #[test]
    fn restricted_lets_only_what_was_promoted_run() {
        for (vouched, wanted, words) in [
            (Vouched::Nobody, ["unpromoted-image"].as_slice(), "nobody is pinned for where it comes from"),
            (signed(&[], None), &["unpromoted-image"], "team signed it and has promoted it to no stage"),
            (doubted(), &["pinned-publisher", "unpromoted-image"], "team does not vouch for it"),
        ] {
            let Decision { verdict, permit } = decided(&vouched, Level::Restricted);
            let rules: Vec<_> = verdict.reasons.iter().map(|reason| reason.rule).collect();
            assert_eq!((verdict.outcome, rules.as_slice()), (Outcome::NoGo, wanted));
            let missing = verdict.missing.iter().find(|finding| finding.control.id == "stage-signature");
            assert_eq!(missing.unwrap().detail, words);
            assert!(permit.is_err());
        }
        let Decision { verdict, permit } = decided(&signed(&["staging", "prod"], None), Level::Restricted);
        let stage = verdict.applied.iter().find(|finding| finding.control.id == "stage-signature").unwrap();
        assert_eq!(stage.detail, "team promoted it to staging, prod");
        assert!(permit.is_ok());
    }

    #[test]
    fn a_signature_counts_alone_and_an_attested_build_with_a_recent_scan() {
        use model::finding::Scanned;
        let (request, image) = (request(), user_image());
        let provenance = |vouched: &Vouched, scanned: &Scanned| {
            let question = question(&request, &image, Level::Baseline);
            Question { vouched, scanned, ..question }.case().provenance
        };
        let compared = |age_days| Scanned::Compared { age_days, urgent: Vec::new() };
        let built = signed(&[], Some("ci"));
        assert_eq!(provenance(&built, &compared(14)), Provenance::Attested);
        assert_eq!(provenance(&built, &compared(15)), Provenance::Signed);
        assert_eq!(provenance(&built, &Scanned::Never), Provenance::Signed);
        assert_eq!(provenance(&signed(&["prod"], None), &compared(0)), Provenance::Signed);
        assert_eq!(provenance(&doubted(), &compared(0)), Provenance::None);
        assert_eq!(provenance(&Vouched::Nobody, &compared(0)), Provenance::None);
    }
}
