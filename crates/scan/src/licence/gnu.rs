//! The licences of GNU, which everybody writes in another way.

use super::Category;

/// Names as they are compared, the longer before those that they begin with.
const FAMILIES: &[(&str, &str)] = &[
    ("gnu-affero-general-public", "AGPL"),
    ("gnu-lesser-general-public", "LGPL"),
    ("gnu-library-general-public", "LGPL"),
    ("gnu-library-or-lesser-general-public", "LGPL"),
    ("gnu-free-documentation", "GFDL"),
    ("gnu-general-public", "GPL"),
    ("affero-general-public", "AGPL"),
    ("lesser-general-public", "LGPL"),
    ("general-public", "GPL"),
    ("gnu-affero-gpl", "AGPL"),
    ("gnu-lesser-gpl", "LGPL"),
    ("gnu-agpl", "AGPL"),
    ("gnu-lgpl", "LGPL"),
    ("gnu-gpl", "GPL"),
    ("gnu", "GPL"),
    ("agpl", "AGPL"),
    ("gfdl", "GFDL"),
    ("lgpl", "LGPL"),
    ("gpl", "GPL"),
];

/// What follows a version, where later ones do as well.
const LATER: &[&str] = &["-or-any-later", "-or-later", "-or-newer", "-and-later", "-or-greater", "+"];

/// Reads a name that was made comparable: `gpl-2+`, `gnu-lesser-general-public-3-or-later-lgplv3+`.
pub(super) fn read(name: &str) -> Option<(String, Category)> {
    let (family, rest) =
        FAMILIES.iter().find_map(|(words, family)| Some((*family, name.strip_prefix(words)?)))?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let rest = rest.strip_prefix('v').unwrap_or(rest);
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
    let (version, rest) = rest.split_at_checked(end)?;
    let (later, rest) = match LATER.iter().find_map(|words| rest.strip_prefix(words)) {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("-only").unwrap_or(rest)),
    };
    // Many repeat the name in parentheses; a name that is no repetition is another licence.
    let repeated = rest.strip_prefix('-').unwrap_or(rest);
    let is_same =
        repeated.is_empty() || (repeated.len() < name.len() && read(repeated)?.0.starts_with(family));
    let id = identifier(family, version, later).filter(|_| is_same)?;
    let category = match family {
        "AGPL" => Category::NetworkCopyleft,
        "GPL" => Category::StrongCopyleft,
        _ => Category::WeakCopyleft,
    };
    Some((id, category))
}

/// Without a version any will do, as the licences themselves say.
fn identifier(family: &str, version: &str, later: bool) -> Option<String> {
    let version = match (family, version) {
        ("GPL", "1" | "1.0") | ("AGPL", "1" | "1.0") => "1.0",
        ("GPL" | "LGPL", "2" | "2.0") => "2.0",
        ("LGPL", "2.1") => "2.1",
        ("GPL" | "LGPL" | "AGPL", "3" | "3.0") => "3.0",
        ("GFDL", "1.1") => "1.1",
        ("GFDL", "1.2") => "1.2",
        ("GFDL", "1.3") => "1.3",
        ("GPL" | "AGPL", "") => return Some(format!("{family}-1.0-or-later")),
        ("LGPL", "") => return Some("LGPL-2.0-or-later".to_owned()),
        ("GFDL", "") => return Some("GFDL-1.1-or-later".to_owned()),
        _ => return None,
    };
    Some(format!("{family}-{version}-{}", if later { "or-later" } else { "only" }))
}
