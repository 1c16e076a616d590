//! The key sequence that leaves a container running: Ctrl-P Ctrl-Q unless told otherwise.

use std::fmt;
use std::str::FromStr;

/// Longest sequence, in keys.
const MAX_KEYS: usize = 16;

/// A sequence of keys, as the bytes that a terminal sends for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachKeys(Vec<u8>);

impl Default for DetachKeys {
    fn default() -> Self {
        Self(vec![0x10, 0x11])
    }
}

/// The text is no key sequence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a sequence of keys like `ctrl-p,ctrl-q`: 1 to {MAX_KEYS} of `ctrl-` and a letter, or single characters"
)]
pub struct DetachSyntax(String);

impl FromStr for DetachKeys {
    type Err = DetachSyntax;

    fn from_str(text: &str) -> Result<Self, DetachSyntax> {
        let keys: Option<Vec<u8>> = text.split(',').take(MAX_KEYS + 1).map(key).collect();
        match keys {
            Some(keys) if keys.len() <= MAX_KEYS => Ok(Self(keys)),
            _ => Err(DetachSyntax(text.chars().take(80).collect())),
        }
    }
}

/// One key: `ctrl-` with one of `@a-z[\]^_`, or one ASCII character.
fn key(text: &str) -> Option<u8> {
    let name = text.strip_prefix("ctrl-").unwrap_or(text);
    let [byte] = name.as_bytes() else { return None };
    if name.len() == text.len() {
        return byte.is_ascii_graphic().then_some(*byte);
    }
    match byte {
        b'a'..=b'z' => Some(byte - b'a' + 1),
        b'@' => Some(0),
        b'['..=b'_' => Some(byte - b'[' + 27),
        _ => None,
    }
}

impl fmt::Display for DetachKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match byte {
                0 => write!(f, "{comma}ctrl-@")?,
                1..=26 => write!(f, "{comma}ctrl-{}", char::from(byte + b'a' - 1))?,
                27..=31 => write!(f, "{comma}ctrl-{}", char::from(byte + b'[' - 27))?,
                _ => write!(f, "{comma}{}", char::from(*byte))?,
            }
        }
        Ok(())
    }
}

/// Finds the sequence in what is typed, and holds back what may be its beginning.
#[derive(Debug)]
pub(super) struct Recogniser {
    keys: DetachKeys,
    held: Vec<u8>,
}

/// What to do after some keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Pass on what came out.
    Typing,
    /// Pass on what came out, and leave.
    Detach,
}

impl Recogniser {
    pub(super) fn new(keys: DetachKeys) -> Self {
        Self { keys, held: Vec::new() }
    }

    /// Appends to `passed` what is certainly not part of the sequence. What follows the sequence is
    /// dropped.
    pub(super) fn hear(&mut self, typed: &[u8], passed: &mut Vec<u8>) -> Heard {
        for byte in typed {
            self.held.push(*byte);
            while !self.keys.0.starts_with(&self.held) {
                passed.push(self.held.remove(0));
            }
            if self.held == self.keys.0 {
                self.held.clear();
                return Heard::Detach;
            }
        }
        Heard::Typing
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hear(keys: &str, typed: &[&[u8]]) -> (Vec<u8>, Heard) {
        let mut recogniser = Recogniser::new(keys.parse().unwrap());
        let mut passed = Vec::new();
        for piece in typed {
            if recogniser.hear(piece, &mut passed) == Heard::Detach {
                return (passed, Heard::Detach);
            }
        }
        (passed, Heard::Typing)
    }

    #[test]
    fn the_default_is_docker_s() {
        assert_eq!("ctrl-p,ctrl-q".parse(), Ok(DetachKeys::default()));
        assert_eq!(DetachKeys::default().to_string(), "ctrl-p,ctrl-q");
        for bad in ["", "ctrl-", "ctrl-P", "ctrl-p,,", "f1", "ä"] {
            assert!(bad.parse::<DetachKeys>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_sequence_is_found_over_several_reads() {
        assert_eq!(hear("ctrl-p,ctrl-q", &[b"ls\n\x10", b"\x11x"]), (b"ls\n".to_vec(), Heard::Detach));
    }

    #[test]
    fn half_a_sequence_is_passed_on_in_order() {
        assert_eq!(hear("ctrl-p,ctrl-q", &[b"\x10", b"\x10a"]), (b"\x10\x10a".to_vec(), Heard::Typing));
        assert_eq!(hear("a,a,b", &[b"aaab"]), (b"a".to_vec(), Heard::Detach));
    }

    proptest! {
        #[test]
        fn nothing_typed_is_lost_but_what_is_held_back(typed in "[a-c]{0,40}") {
            let mut recogniser = Recogniser::new("a,b,a,c".parse().unwrap());
            let mut passed = Vec::new();
            if recogniser.hear(typed.as_bytes(), &mut passed) == Heard::Typing {
                passed.extend(&recogniser.held);
                prop_assert_eq!(passed, typed.as_bytes());
            } else {
                prop_assert!(typed.contains("abac"));
            }
        }

        #[test]
        fn key_sequences_are_printed_as_they_are_parsed(text in "\\PC{0,30}") {
            if let Ok(keys) = text.parse::<DetachKeys>() {
                prop_assert_eq!(keys.to_string().parse(), Ok(keys));
            }
        }
    }
}
