//! Who vouches for an image, in a line.

use model::trust::Vouched;

/// Nothing where nobody is pinned for its place.
pub(crate) fn line(vouched: &Vouched) -> Option<String> {
    match vouched {
        Vouched::Nobody => None,
        Vouched::Signed { publisher, place, stages, built } => {
            let mut words = vec![format!("{publisher} signed it, who is pinned for {place}")];
            if !stages.is_empty() {
                words.push(format!("promoted to {}", stages.join(", ")));
            }
            words.extend(built.as_ref().map(|by| format!("built by {by}")));
            Some(words.join(" · "))
        }
        Vouched::Doubted { publisher, place, doubt, .. } => {
            Some(format!("not by {publisher}, who is pinned for {place}: {doubt}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_vouches_is_named_with_what_they_said() {
        let (publisher, place) = ("team".to_owned(), "registry.example/team".to_owned());
        let signed = Vouched::Signed {
            publisher: publisher.clone(),
            place: place.clone(),
            stages: vec!["staging".to_owned(), "prod".to_owned()],
            built: Some("ci".to_owned()),
        };
        let words = "team signed it, who is pinned for registry.example/team · promoted to staging, prod · built by ci";
        assert_eq!(line(&signed).unwrap(), words);
        let (doubt, remedy) = ("it was revoked".to_owned(), String::new());
        let doubted = Vouched::Doubted { publisher, place, doubt, remedy };
        let words = "not by team, who is pinned for registry.example/team: it was revoked";
        assert_eq!(line(&doubted).unwrap(), words);
        assert_eq!(line(&Vouched::Nobody), None);
    }
}
