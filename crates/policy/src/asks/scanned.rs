//! What an image brings along: vulnerabilities that are exploited already.

use model::finding::{Fix, Scanned, Urgent};

use super::{Ask, EXPLOITED};

/// How the ids of these exceptions begin.
pub const KNOWN_EXPLOITED: &str = "known-exploited";

/// Who asks for it.
const IMAGE: &str = "the image";

/// Starting an image is asking for what is known to be wrong with it.
pub(super) fn vulnerabilities(scanned: &Scanned, asks: &mut Vec<Ask>) {
    if let Scanned::Compared { urgent, .. } = scanned {
        asks.extend(urgent.iter().map(ask));
    }
}

fn ask(urgent: &Urgent) -> Ask {
    let Urgent { id, package, version, .. } = urgent;
    let detail = format!("has {id} in {package} {version}: critical, and known to be exploited");
    Ask::new(&EXPLOITED, format!("{KNOWN_EXPLOITED} {id} {package}"), IMAGE, detail).instead(instead(urgent))
}

fn instead(urgent: &Urgent) -> String {
    let Urgent { id, package, fix, .. } = urgent;
    let update = match fix {
        Fix::In(version) => format!("update {package} to {version} and build the image again"),
        Fix::None => format!("there is no fix yet: leave {package} out"),
        Fix::Never => format!("there will be no fix: leave {package} out"),
    };
    format!(
        "{update}; or accept it: coffer advisories accept {id} --package {package} --reason WHY --until DAY"
    )
}

#[cfg(test)]
mod tests {
    use model::verdict::{Level, Outcome};

    use super::*;
    use crate::fixtures::{question, request, user_image};
    use crate::{Question, Refusal, assess, decide};

    fn scanned(age_days: u32, fixes: &[Fix]) -> Scanned {
        let urgent = |fix: &Fix| Urgent {
            id: "CVE-2023-38545".to_owned(),
            package: "curl".to_owned(),
            version: "7.69.0-r0".to_owned(),
            fix: fix.clone(),
        };
        Scanned::Compared { age_days, urgent: fixes.iter().map(urgent).collect() }
    }

    fn refused(scanned: &Scanned, level: Level) -> Option<Refusal> {
        let (request, image) = (request(), user_image());
        let question = Question { scanned, ..question(&request, &image, level) };
        decide(&question, "c1".to_owned(), 0).permit.err()
    }

    #[test]
    fn restricted_refuses_what_is_exploited_already_and_says_which_fix() {
        let refusal = refused(&scanned(0, &[Fix::In("8.4.0-r0".to_owned())]), Level::Restricted).unwrap();
        assert_eq!(refusal.rule, "no-known-exploited-vulnerability");
        assert_eq!(
            refusal.asked,
            "the image has CVE-2023-38545 in curl 7.69.0-r0: critical, and known to be exploited"
        );
        assert_eq!(
            refusal.instead,
            "update curl to 8.4.0-r0 and build the image again; or accept it: coffer advisories accept \
             CVE-2023-38545 --package curl --reason WHY --until DAY"
        );
        for (fix, words) in [(Fix::None, "no fix yet"), (Fix::Never, "will be no fix")] {
            assert!(refused(&scanned(0, &[fix]), Level::Restricted).unwrap().instead.contains(words));
        }
    }

    #[test]
    fn milder_levels_let_it_run_and_have_it_recorded() {
        let found = scanned(0, &[Fix::None]);
        let (request, image) = (request(), user_image());
        for level in [Level::Open, Level::Baseline] {
            assert_eq!(refused(&found, level), None);
            let verdict = assess(&Question { scanned: &found, ..question(&request, &image, level) });
            let recorded: Vec<_> = verdict.exceptions.iter().map(|exception| exception.id.as_str()).collect();
            assert_eq!(recorded, ["known-exploited CVE-2023-38545 curl"], "{level}");
        }
    }

    #[test]
    fn what_was_never_scanned_or_has_nothing_urgent_is_as_it_was() {
        let (request, image) = (request(), user_image());
        for scanned in [Scanned::Never, scanned(0, &[])] {
            let verdict =
                assess(&Question { scanned: &scanned, ..question(&request, &image, Level::Baseline) });
            assert_eq!((verdict.outcome, verdict.exceptions.len()), (Outcome::Go, 0));
        }
    }
}
