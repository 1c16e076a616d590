//! `--chmod`: octal, or symbolic as chmod(1) has it.

use super::error::FilesError;

const ALL: u32 = 0o7777;
const SETID: u32 = 0o6000;
const STICKY: u32 = 0o1000;

/// What becomes of modes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ModeChange {
    /// All get this one.
    Set(u32),
    /// Each is changed, clause by clause.
    Clauses(Vec<Clause>),
}

/// `ugo+rwx`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    /// Bits of those who are meant, the special ones included.
    who: u32,
    operator: u8,
    permissions: Vec<u8>,
}

impl ModeChange {
    /// Reads what `--chmod` was given.
    pub(super) fn parse(text: &str) -> Result<Self, FilesError> {
        let wrong = || FilesError::Mode(text.chars().take(80).collect());
        if text.bytes().next().is_some_and(|first| first.is_ascii_digit()) {
            let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= ALL);
            return mode.map(Self::Set).ok_or_else(wrong);
        }
        let clauses: Option<Vec<Vec<Clause>>> = text.split(',').map(clauses).collect();
        clauses.map(|clauses| Self::Clauses(clauses.concat())).ok_or_else(wrong)
    }

    /// The mode of something that had `mode`.
    pub(super) fn apply(&self, mode: u32, is_directory: bool) -> u32 {
        match self {
            Self::Set(mode) => *mode,
            Self::Clauses(clauses) => {
                clauses.iter().fold(mode, |mode, clause| clause.apply(mode, is_directory))
            }
        }
    }
}

/// `u+r-w`: whom, and then one or several operators with their permissions.
fn clauses(text: &str) -> Option<Vec<Clause>> {
    let bytes = text.as_bytes();
    let start = bytes.iter().position(|byte| is_operator(*byte))?;
    let (who, mut rest) = bytes.split_at_checked(start)?;
    let who = match who {
        b"" => ALL,
        who => who.iter().try_fold(0, |bits, letter| Some(bits | bits_of(*letter)?))?,
    };
    let mut clauses = Vec::new();
    while let Some((operator, after)) = rest.split_first() {
        let end = after.iter().position(|byte| is_operator(*byte)).unwrap_or(after.len());
        let (permissions, next) = after.split_at_checked(end)?;
        if !permissions.iter().all(|letter| b"rwxXstugo".contains(letter)) {
            return None;
        }
        clauses.push(Clause { who, operator: *operator, permissions: permissions.to_owned() });
        rest = next;
    }
    Some(clauses)
}

fn is_operator(byte: u8) -> bool {
    matches!(byte, b'+' | b'-' | b'=')
}

fn bits_of(who: u8) -> Option<u32> {
    match who {
        b'u' => Some(0o4700),
        b'g' => Some(0o2070),
        b'o' => Some(0o1007),
        b'a' => Some(ALL),
        _ => None,
    }
}

impl Clause {
    fn apply(&self, mode: u32, is_directory: bool) -> u32 {
        let bits =
            self.permissions.iter().fold(0, |bits, letter| bits | granted(*letter, mode, is_directory));
        let bits = bits & self.who;
        match self.operator {
            b'+' => mode | bits,
            b'-' => mode & !bits,
            // A directory keeps set-id bits that nobody mentions, as with chmod(1).
            _ if is_directory => mode & !(self.who & !SETID) | bits,
            _ => mode & !self.who | bits,
        }
    }
}

/// What a letter means, for everybody.
fn granted(letter: u8, mode: u32, is_directory: bool) -> u32 {
    let everybody = |bits: u32| bits << 6 | bits << 3 | bits;
    match letter {
        b'r' => everybody(4),
        b'w' => everybody(2),
        b'x' => everybody(1),
        b'X' if is_directory || mode & 0o111 != 0 => everybody(1),
        b's' => SETID,
        b't' => STICKY,
        b'u' => everybody(mode >> 6 & 7),
        b'g' => everybody(mode >> 3 & 7),
        b'o' => everybody(mode & 7),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, mode: u32, is_directory: bool) -> u32 {
        ModeChange::parse(text).unwrap().apply(mode, is_directory)
    }

    #[test]
    fn modes_change_as_with_chmod() {
        for (text, mode, expected) in [
            ("755", 0o600, 0o755),
            ("4755", 0o600, 0o4755),
            ("0", 0o777, 0),
            ("u+x", 0o644, 0o744),
            ("+x", 0o644, 0o755),
            ("go-rwx", 0o4755, 0o4700),
            ("u=rwX,go=rX", 0o600, 0o644),
            ("u=rwX,go=rX", 0o700, 0o755),
            ("g=u", 0o640, 0o660),
            ("a=r", 0o4777, 0o444),
            ("u+s,o+t", 0o755, 0o5755),
            ("u+r-w", 0o200, 0o400),
            ("=", 0o777, 0),
        ] {
            assert_eq!(applied(text, mode, false), expected, "{text} {mode:o}");
        }
        assert_eq!(applied("a+X", 0o600, true), 0o711);
        assert_eq!(applied("u=rwx", 0o2750, true), 0o2750);
    }

    #[test]
    fn what_is_no_mode_is_an_error() {
        for text in ["", "8", "10000", "u", "u+q", "z+x", "7x", "u+x,", "-1x"] {
            assert!(ModeChange::parse(text).is_err(), "{text}");
        }
    }
}
