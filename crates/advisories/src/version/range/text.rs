//! A range's text as comparisons, each a sign and a version.

/// What a comparison asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// `=`, or no sign at all.
    Exactly,
    Not,
    Less,
    AtMost,
    More,
    AtLeast,
    /// `~`
    Tilde,
    /// `~>`
    Pessimistic,
    /// `^`
    Caret,
    /// The second version of `1.0 - 2.0`.
    Until,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Comparator<'a> {
    pub(super) sign: Sign,
    pub(super) version: &'a str,
}

/// Whether `1.0 - 2.0` means what is between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hyphens {
    Ranges,
    Never,
}

/// Longer signs before those that they begin with.
const SIGNS: [(&str, Sign); 11] = [
    ("==", Sign::Exactly),
    ("=", Sign::Exactly),
    ("!=", Sign::Not),
    ("<>", Sign::Not),
    ("<=", Sign::AtMost),
    ("<", Sign::Less),
    (">=", Sign::AtLeast),
    (">", Sign::More),
    ("~>", Sign::Pessimistic),
    ("~", Sign::Tilde),
    ("^", Sign::Caret),
];

/// All comparisons of a text that has no alternatives; commas and spaces between them mean `and`.
pub(super) fn comparators(text: &str, hyphens: Hyphens) -> Result<Vec<Comparator<'_>>, &'static str> {
    let mut comparators: Vec<Comparator<'_>> = Vec::new();
    let mut rest = skip(text);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("- ").filter(|_| hyphens == Hyphens::Ranges) {
            let from = comparators.last_mut().filter(|last| last.sign == Sign::Exactly).ok_or(LONELY)?;
            from.sign = Sign::AtLeast;
            let (version, tail) = split_version(skip(after));
            if version.is_empty() {
                return Err(LONELY);
            }
            comparators.push(Comparator { sign: Sign::Until, version });
            rest = skip(tail);
            continue;
        }
        let (sign, after) = split_sign(rest);
        let (version, tail) = split_version(after.trim_start());
        if version.is_empty() {
            return Err("it has a sign without a version");
        }
        comparators.push(Comparator { sign, version });
        rest = skip(tail);
    }
    Ok(comparators)
}

const LONELY: &str = "it has a hyphen that is not between two versions";

fn skip(text: &str) -> &str {
    text.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace())
}

fn split_sign(text: &str) -> (Sign, &str) {
    SIGNS
        .iter()
        .find_map(|(spelling, sign)| Some((*sign, text.strip_prefix(spelling)?)))
        .unwrap_or((Sign::Exactly, text))
}

/// Up to where another comparison could begin.
fn split_version(text: &str) -> (&str, &str) {
    let ends = |c: char| c == ',' || c.is_ascii_whitespace() || matches!(c, '<' | '>' | '=' | '!' | '^');
    text.split_at_checked(text.find(ends).unwrap_or(text.len())).unwrap_or((text, ""))
}
