//! `--restart on-failure:5`: whether a container is started again when it ends by itself.

use model::upkeep::Restart;

use super::ValueError;

/// Docker's four policies.
pub(crate) fn parse(text: &str) -> Result<Restart, ValueError> {
    let right = "no, always, unless-stopped, on-failure or on-failure:N";
    match text.split_once(':').map_or((text, None), |(name, most)| (name, Some(most))) {
        ("no", None) => Ok(Restart::No),
        ("always", None) => Ok(Restart::Always),
        ("unless-stopped", None) => Ok(Restart::UnlessStopped),
        ("on-failure", None) => Ok(Restart::OnFailure { most: None }),
        ("on-failure", Some(most)) => match most.bytes().all(|b| b.is_ascii_digit()).then(|| most.parse()) {
            // Docker's 0 is no limit.
            Some(Ok(0)) => Ok(Restart::OnFailure { most: None }),
            Some(Ok(most)) => Ok(Restart::OnFailure { most: Some(most) }),
            _ => Err(ValueError::new(format!("`{most}` is no number of attempts"), right)),
        },
        _ => Err(ValueError::new("it is no restart policy", right)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn policies_are_read_as_they_are_written() {
        for text in ["no", "always", "unless-stopped", "on-failure", "on-failure:5"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse("on-failure:0"), Ok(Restart::OnFailure { most: None }));
        for text in ["", "never", "always:3", "on-failure:", "on-failure:+1", "on-failure:-1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_policy_or_an_error(text in "(on-failure:)?.{0,12}") {
            let _either = parse(&text);
        }
    }
}
