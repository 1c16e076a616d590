//! `--log-opt max-size=10m`, `--health-on-failure stop` and the like: their syntax. Policy knows the ranges.

use model::signal::Signal;
use model::upkeep::{LogDriver, OnUnhealthy};

use super::{ValueError, size};

/// Where output goes.
pub(crate) fn log_driver(text: &str) -> Result<LogDriver, ValueError> {
    match text {
        "json-file" => Ok(LogDriver::JsonFile),
        "journald" => Ok(LogDriver::Journald),
        "none" => Ok(LogDriver::None),
        _ => Err(ValueError::new("there is no such driver", "json-file, journald or none")),
    }
}

/// What `--log-opt` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LogOptions {
    pub(crate) max_size: Option<u64>,
    pub(crate) max_files: Option<u32>,
}

/// `max-size=10m` or `max-file=3`, or several with commas between.
pub(crate) fn log_options(text: &str) -> Result<LogOptions, ValueError> {
    let right = "max-size=10m, max-file=3, or both with a comma between";
    let mut options = LogOptions::default();
    for option in text.split(',') {
        match option.split_once('=') {
            Some(("max-size", value)) => options.max_size = Some(size::parse(value)?),
            Some(("max-file", value)) => {
                let count = number(value);
                let wrong = || ValueError::new(format!("`{value}` is no count"), right);
                options.max_files = Some(count.ok_or_else(wrong)?);
            }
            Some((name, _)) => return Err(ValueError::new(format!("there is no option `{name}`"), right)),
            None => return Err(ValueError::new(format!("`{option}` has no `=`"), right)),
        }
    }
    Ok(options)
}

/// What happens to a container that turns unhealthy.
pub(crate) fn on_unhealthy(text: &str) -> Result<OnUnhealthy, ValueError> {
    match text {
        "none" => Ok(OnUnhealthy::Nothing),
        "restart" => Ok(OnUnhealthy::Restart),
        "stop" => Ok(OnUnhealthy::Stop),
        "kill" => Ok(OnUnhealthy::Kill),
        _ => Err(ValueError::new("it is nothing that can be done", "none, restart, stop or kill")),
    }
}

/// A signal, kept as it was typed.
pub(crate) fn signal(text: &str) -> Result<String, ValueError> {
    let wrong = |_| ValueError::new("it is no signal", "TERM, SIGTERM, RTMIN+3 or a number from 1 to 64");
    text.parse::<Signal>().map(|_| text.to_owned()).map_err(wrong)
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn options_of_a_log_come_alone_or_together() {
        let both = LogOptions { max_size: Some(10 << 20), max_files: Some(3) };
        assert_eq!(log_options("max-size=10m,max-file=3"), Ok(both));
        assert_eq!(log_options("max-file=3").unwrap().max_size, None);
        for text in ["", "max-size", "max-size=", "max-file=-1", "max-file=x", "labels=a", "max-size=10m,"] {
            assert!(log_options(text).is_err(), "{text}");
        }
    }

    #[test]
    fn signals_are_kept_as_they_were_typed() {
        assert_eq!(signal("sigterm"), Ok("sigterm".to_owned()));
        assert!(signal("TERMINATE").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_an_error(text in "(max-(size|file)=)?.{0,20}") {
            let _either = (log_options(&text), signal(&text));
        }
    }
}
