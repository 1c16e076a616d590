//! Signals by name: what `--stop-signal`, `kill -s` and an image's configuration may say.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The first real-time signal that a program may use, as the C library counts.
const FIRST_REALTIME: i32 = 34;
/// The last one.
const LAST: i32 = 64;

/// signal(7), on every architecture that Linux has but alpha, sparc and mips.
const NAMES: [(&str, i32); 31] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
];

/// Other names of the same.
const ALIASES: [(&str, i32); 4] = [("IOT", 6), ("CLD", 17), ("POLL", 29), ("UNUSED", 31)];

/// A signal that can be sent: 1 to 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Signal(i32);

/// The text is no signal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no signal: it is a name such as TERM, SIGTERM or RTMIN+3, or a number from 1 to 64")]
pub struct SignalSyntax(String);

impl Signal {
    /// What ends a program that has nothing to say about it; the default of `stop`.
    pub const TERM: Self = Self(15);
    /// What nothing survives; the default of `kill`.
    pub const KILL: Self = Self(9);

    /// Its number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    fn named(name: &str) -> Option<i32> {
        let known = NAMES.iter().chain(&ALIASES).find(|(known, _)| *known == name);
        known.map(|(_, number)| *number).or_else(|| realtime(name))
    }
}

/// `RTMIN`, `RTMIN+n`, `RTMAX-n`, `RTMAX`.
fn realtime(name: &str) -> Option<i32> {
    let (base, offset) = match (name.strip_prefix("RTMIN"), name.strip_prefix("RTMAX")) {
        (Some(""), _) => (FIRST_REALTIME, 0),
        (_, Some("")) => (LAST, 0),
        (Some(rest), _) => (FIRST_REALTIME, digits(rest.strip_prefix('+')?)?),
        (_, Some(rest)) => (LAST, -digits(rest.strip_prefix('-')?)?),
        _ => return None,
    };
    Some(base + offset).filter(|number| (FIRST_REALTIME..=LAST).contains(number))
}

fn digits(text: &str) -> Option<i32> {
    let only = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| only)
}

impl FromStr for Signal {
    type Err = SignalSyntax;

    fn from_str(text: &str) -> Result<Self, SignalSyntax> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let number = digits(text).filter(|number| (1..=LAST).contains(number)).or_else(|| Self::named(name));
        number.map(Self).ok_or_else(|| SignalSyntax(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => write!(f, "SIG{name}"),
            None if self.0 >= FIRST_REALTIME => write!(f, "SIGRTMIN+{}", self.0 - FIRST_REALTIME),
            None => write!(f, "{}", self.0),
        }
    }
}

impl From<Signal> for String {
    fn from(signal: Signal) -> Self {
        signal.to_string()
    }
}

impl TryFrom<String> for Signal {
    type Error = SignalSyntax;

    fn try_from(text: String) -> Result<Self, SignalSyntax> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn signals_are_read_as_people_write_them() {
        for (text, number) in [
            ("TERM", 15),
            ("SIGTERM", 15),
            ("sigterm", 15),
            ("9", 9),
            ("SIGIOT", 6),
            ("RTMIN", 34),
            ("SIGRTMIN+3", 37),
            ("RTMAX-1", 63),
            ("64", 64),
        ] {
            assert_eq!(text.parse::<Signal>().unwrap().number(), number, "{text}");
        }
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        for text in [
            "",
            "0",
            "65",
            "-1",
            "+9",
            "TERMINATE",
            "RTMIN+31",
            "RTMAX-31",
            "RTMIN+",
            "RTMIN+-1",
            "SIG",
            "SIG9",
        ] {
            assert!(text.parse::<Signal>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_signal_is_read_as_it_is_written() {
        for number in 1..=64 {
            let signal = Signal(number);
            assert_eq!(signal.to_string().parse(), Ok(signal));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_signal_or_an_error(text in "(SIG)?(RTM(IN|AX)[+-])?.{0,8}") {
            if let Ok(signal) = text.parse::<Signal>() {
                prop_assert!((1..=64).contains(&signal.number()));
            }
        }
    }
}
