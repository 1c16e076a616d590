//! `--ulimit nofile=1024:2048`: its syntax. Policy knows which limits there are.

use model::request::Ulimit;

use super::ValueError;

/// `NAME=SOFT[:HARD]`; one number stands for both, `-1` and `unlimited` for no limit.
pub(crate) fn parse(text: &str) -> Result<Ulimit, ValueError> {
    let right = "name=soft or name=soft:hard, such as nofile=1024:2048; -1 is unlimited";
    let wrong = |wrong: String| ValueError::new(wrong, right);
    let (name, limits) = text.split_once('=').ok_or_else(|| wrong("it has no `=`".to_owned()))?;
    let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
    let number = |text: &str| limit(text).ok_or_else(|| wrong(format!("`{text}` is no number")));
    let (soft, hard) = (number(soft)?, number(hard)?);
    Ok(Ulimit { name: name.to_owned(), soft, hard })
}

fn limit(text: &str) -> Option<u64> {
    match text {
        "-1" | "unlimited" => Some(u64::MAX),
        _ if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_number_is_both_limits() {
        assert_eq!(parse("nofile=1024"), Ok(Ulimit { name: "nofile".into(), soft: 1024, hard: 1024 }));
        assert_eq!(parse("core=0:-1"), Ok(Ulimit { name: "core".into(), soft: 0, hard: u64::MAX }));
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for text in ["nofile", "nofile=", "nofile=x", "nofile=1:2:3", "nofile=+1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_limit_or_an_error(text in "(nofile=)?.{0,30}") {
            let _either = parse(&text);
        }
    }
}
