//! `--grant team/*=pull,push` and `--expires 24h`

use std::time::Duration;

use engine::serving::{Action, Actions, Grant, Pattern};

use super::{ValueError, duration};

const RIGHT: &str = "REPOSITORIES=ACTIONS, such as team/*=pull,push";

/// Repositories, and what may be done to them.
pub(crate) fn parse(text: &str) -> Result<Grant, ValueError> {
    let (repositories, actions) =
        text.split_once('=').ok_or_else(|| ValueError::new("it has no `=`", RIGHT))?;
    let repositories: Pattern =
        repositories.parse().map_err(|_| ValueError::new("it names no repositories", RIGHT))?;
    let mut granted = Vec::new();
    for name in actions.split(',') {
        let action = Action::named(name);
        granted.push(
            action.ok_or_else(|| {
                ValueError::new(format!("`{name}` is none of pull, push and delete"), RIGHT)
            })?,
        );
    }
    Ok(Grant { repositories, actions: Actions::from(granted) })
}

/// When something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// Not by itself.
    Never,
    /// After so long.
    After(Duration),
}

/// A length of time, or `never`.
pub(crate) fn expiry(text: &str) -> Result<Expiry, ValueError> {
    match text {
        "never" => Ok(Expiry::Never),
        text => match duration::parse(text)? {
            length if length.as_secs() == 0 => {
                Err(ValueError::new("that is over at once", "a second or more, such as 24h, or never"))
            }
            length => Ok(Expiry::After(length)),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_grant_names_repositories_and_actions() {
        let grant = parse("team/*=pull,push").unwrap();
        assert_eq!(
            (grant.repositories.to_string(), grant.actions.to_string()),
            ("team/*".into(), "pull,push".into())
        );
        for bad in ["", "team", "team=", "=pull", "team=own", "Team=pull", "team=pull,", "team=pull push"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_expiry_is_ahead() {
        assert_eq!(expiry("24h"), Ok(Expiry::After(Duration::from_secs(86400))));
        assert_eq!(expiry("never"), Ok(Expiry::Never));
        for bad in ["", "0", "10ms", "24", "soon"] {
            assert!(expiry(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_an_error(text in ".{0,40}") {
            let _either = (parse(&text), expiry(&text));
        }
    }
}
