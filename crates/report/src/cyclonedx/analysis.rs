//! Why a vulnerability does not count, as CycloneDX has it (VEX).

use model::finding::Dismissal;
use serde_json::{Value, json};

/// What the documents of others call a reason, and what CycloneDX does. Its own words come last: they are parts of
/// others.
const JUSTIFICATIONS: [(&str, &str); 14] = [
    ("component not present", "code_not_present"),
    ("vulnerable code not present", "code_not_present"),
    ("vulnerable code not in execute path", "code_not_reachable"),
    ("vulnerable code cannot be controlled by adversary", "requires_environment"),
    ("inline mitigations already exist", "protected_by_mitigating_control"),
    ("code not present", "code_not_present"),
    ("code not reachable", "code_not_reachable"),
    ("requires configuration", "requires_configuration"),
    ("requires dependency", "requires_dependency"),
    ("requires environment", "requires_environment"),
    ("protected by compiler", "protected_by_compiler"),
    ("protected at runtime", "protected_at_runtime"),
    ("protected at perimeter", "protected_at_perimeter"),
    ("protected by mitigating control", "protected_by_mitigating_control"),
];

/// Somebody's word that the product does not have it or no more, or the owner's that they live with it. The latter
/// has no state: it is as exploitable as before.
pub(super) fn analysis(dismissed: &Dismissal) -> Value {
    let detail = match &dismissed.until {
        Some(until) => format!("{} (until {until}; {})", dismissed.reason, dismissed.source),
        None => format!("{} ({})", dismissed.reason, dismissed.source),
    };
    let reason = dismissed.reason.replace('_', " ");
    let begins = |with: &str| {
        let rest = reason.strip_prefix(with);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    let parts = || reason.split(':').map(str::trim);
    let justification = JUSTIFICATIONS.iter().find(|(words, _)| parts().any(|part| part == *words));
    match justification {
        Some((_, justification)) => {
            json!({"state": "not_affected", "justification": justification, "detail": detail})
        }
        None if begins("not affected") => json!({"state": "not_affected", "detail": detail}),
        None if begins("fixed") => json!({"state": "resolved", "detail": detail}),
        None => json!({"response": ["will_not_fix"], "detail": detail}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_said_in_the_words_of_the_standard() {
        for (reason, state, justification) in [
            (
                "not affected: vulnerable code not in execute path: nothing calls it",
                "not_affected",
                "code_not_reachable",
            ),
            ("vulnerable_code_not_present", "not_affected", "code_not_present"),
            ("not affected: protected at perimeter", "not_affected", "protected_at_perimeter"),
            ("not affected", "not_affected", ""),
            ("not affected: it is another product", "not_affected", ""),
            ("fixed", "resolved", ""),
            ("fixed: in our own build", "resolved", ""),
            ("fixed soon", "", ""),
            ("only reachable from inside", "", ""),
        ] {
            let dismissed = Dismissal { reason: reason.to_owned(), source: "f".to_owned(), until: None };
            let value = analysis(&dismissed);
            assert_eq!(value["state"].as_str().unwrap_or(""), state, "{reason}");
            assert_eq!(value["justification"].as_str().unwrap_or(""), justification, "{reason}");
            assert_eq!(value["response"].is_null(), !state.is_empty(), "{reason}");
        }
    }
}
