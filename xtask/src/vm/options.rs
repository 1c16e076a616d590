//! What the command line says.

use std::time::Duration;

use crate::shell::Outcome;

pub(crate) const ARGUMENTS: &str = "[test PACKAGE/TEST [FILTER]... | run COMMAND... | suite] \
                                    [--systemd|--rootless] [--kernel NAME|FILE.deb] [--lsm NAME,...] \
                                    [--append WORDS] [--memory MIB] [--timeout SECONDS]";

/// How the guest is.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) guest: Guest,
    /// A name that `kernel` knows, or a file.
    pub(super) kernel: String,
    /// Further words of the kernel's command line.
    pub(super) append: Vec<String>,
    /// The security modules beside those that every guest has.
    pub(super) lsm: Option<String>,
    /// In MiB.
    pub(super) memory: u32,
    pub(super) timeout: Option<Duration>,
}

/// What is up when the job begins, and as whom it runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Guest {
    /// Nothing but file systems; root.
    Quick,
    /// Debian's systemd; root, in a service.
    Systemd,
    /// Debian's systemd; the user `tester`, in a session of their own.
    Rootless,
}

/// What is done inside.
pub(super) enum Action {
    Shell,
    Run(Vec<String>),
    Test { binary: String, filters: Vec<String> },
    Suite,
}

pub(super) fn parse(arguments: &[String]) -> Outcome<(Settings, Action)> {
    let mut settings = Settings::default();
    let mut words = arguments.iter();
    let mut action = None;
    let mut rest = Vec::new();
    while let Some(word) = words.next() {
        if word.starts_with("--") {
            option(&mut settings, word, &mut words)?;
        } else if action.is_none() {
            action = Some(word.as_str());
        } else {
            // From here on the words are another program's.
            rest.push(word.clone());
            rest.extend(words.by_ref().cloned());
        }
    }
    Ok((settings, chosen(action, rest)?))
}

fn chosen(name: Option<&str>, rest: Vec<String>) -> Outcome<Action> {
    match (name, rest.split_first()) {
        (None, _) => Ok(Action::Shell),
        (Some("suite"), None) => Ok(Action::Suite),
        (Some("run"), Some(_)) => Ok(Action::Run(rest)),
        (Some("test"), Some((binary, filters))) => {
            Ok(Action::Test { binary: binary.clone(), filters: filters.to_vec() })
        }
        (Some(name), _) => Err(format!("`vm {name}`: usage: cargo xtask vm {ARGUMENTS}")),
    }
}

fn option<'a>(settings: &mut Settings, flag: &str, words: &mut impl Iterator<Item = &'a String>) -> Outcome {
    match flag {
        "--systemd" => settings.guest = Guest::Systemd,
        "--rootless" => settings.guest = Guest::Rootless,
        "--kernel" => settings.kernel = value(flag, words)?.clone(),
        "--lsm" => settings.lsm = Some(value(flag, words)?.clone()),
        "--append" => settings.append.push(value(flag, words)?.clone()),
        "--memory" => settings.memory = number(flag, value(flag, words)?)?,
        "--timeout" => {
            let seconds = number(flag, value(flag, words)?)?;
            settings.timeout = Some(Duration::from_secs(seconds.into()));
        }
        _ => return Err(format!("there is no flag `{flag}`; usage: cargo xtask vm {ARGUMENTS}")),
    }
    Ok(())
}

fn value<'a>(flag: &str, words: &mut impl Iterator<Item = &'a String>) -> Outcome<&'a String> {
    words.next().ok_or_else(|| format!("`{flag}` lacks its value"))
}

fn number(flag: &str, value: &str) -> Outcome<u32> {
    let number = value.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{flag} `{value}`: a number above zero is needed"))
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            guest: Guest::Quick,
            kernel: super::kernel::DEFAULT.to_owned(),
            append: Vec::new(),
            lsm: None,
            memory: 4096,
            timeout: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Outcome<(Settings, Action)> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_stand_on_either_side_of_the_action_and_end_at_its_words() {
        let (settings, action) = parsed("--kernel 6.1 run --timeout 5 ls --systemd").unwrap();
        assert!(settings.kernel == "6.1" && settings.guest == Guest::Quick);
        assert_eq!(settings.timeout, Some(Duration::from_secs(5)));
        assert!(matches!(action, Action::Run(words) if words == ["ls", "--systemd"]));
    }

    #[test]
    fn a_test_has_filters() {
        let (settings, action) = parsed("test --rootless coffer/privileged_run one two").unwrap();
        assert!(settings.guest == Guest::Rootless && settings.timeout.is_none());
        let named =
            |binary: &str, filters: &[String]| binary == "coffer/privileged_run" && filters == ["one", "two"];
        assert!(matches!(action, Action::Test { binary, filters } if named(&binary, &filters)));
    }

    #[test]
    fn what_is_unknown_or_half_said_is_refused() {
        for line in ["boot", "run", "test", "suite all", "--kernel", "--memory 0", "--kvm"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
