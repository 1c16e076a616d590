//! What types ask of their parts: purl-spec's definitions of them, as data.

use super::{Parts, PurlError, tidy};

/// Which parts mean the same in capitals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fold {
    Nothing,
    Names,
    NamesAndVersion,
    Version,
}

/// Whether there is a namespace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Namespace {
    Free,
    Needed,
    Absent,
}

/// Types that are not listed ask for nothing.
const RULES: &[(&str, Fold, Namespace)] = &[
    ("alpm", Fold::Names, Namespace::Free),
    ("apk", Fold::Names, Namespace::Free),
    ("bitbucket", Fold::Names, Namespace::Free),
    ("bitnami", Fold::Names, Namespace::Free),
    ("brew", Fold::Names, Namespace::Free),
    ("chrome-extension", Fold::Names, Namespace::Absent),
    ("composer", Fold::Names, Namespace::Free),
    ("deb", Fold::Names, Namespace::Free),
    ("github", Fold::Names, Namespace::Free),
    ("gitlab", Fold::Names, Namespace::Free),
    ("hex", Fold::Names, Namespace::Free),
    ("huggingface", Fold::Version, Namespace::Free),
    ("luarocks", Fold::Names, Namespace::Free),
    ("oci", Fold::NamesAndVersion, Namespace::Absent),
    ("otp", Fold::Names, Namespace::Absent),
    ("pub", Fold::Names, Namespace::Absent),
    ("pypi", Fold::NamesAndVersion, Namespace::Absent),
    ("swift", Fold::Nothing, Namespace::Needed),
    ("vcpkg", Fold::Nothing, Namespace::Absent),
    ("vscode-extension", Fold::NamesAndVersion, Namespace::Needed),
];

/// Folds what means the same, and refuses what the type does not allow.
pub(super) fn apply(parts: &mut Parts) -> Result<(), PurlError> {
    let rule = RULES.iter().find(|(kind, ..)| *kind == parts.kind);
    let (fold, namespace) = rule.map_or((Fold::Nothing, Namespace::Free), |(_, fold, rest)| (*fold, *rest));
    let refused = |parts: &Parts, rule| Err(PurlError::Rule { kind: parts.kind.clone(), rule });
    match namespace {
        Namespace::Needed if parts.namespace.is_empty() => return refused(parts, "have a namespace"),
        Namespace::Absent if !parts.namespace.is_empty() => return refused(parts, "have no namespace"),
        _ => {}
    }
    if matches!(fold, Fold::Names | Fold::NamesAndVersion) {
        parts.namespace = parts.namespace.to_lowercase();
        parts.name = parts.name.to_lowercase();
    }
    if matches!(fold, Fold::Version | Fold::NamesAndVersion) {
        parts.version = parts.version.to_lowercase();
    }
    match special(parts) {
        Some(rule) => refused(parts, rule),
        None => Ok(()),
    }
}

/// What only one type asks for; the rule that is broken.
fn special(parts: &mut Parts) -> Option<&'static str> {
    match parts.kind.as_str() {
        "pypi" => parts.name = parts.name.replace('_', "-"),
        "pub" => {
            let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
            parts.name = parts.name.replace(|letter| !allowed(letter), "_");
        }
        // Databricks ignores capitals, others do not.
        "mlflow" if parts.qualifiers.get("repository_url").is_some_and(|url| url.contains("databricks")) => {
            parts.name = parts.name.to_lowercase();
        }
        "git" => return git(parts),
        "cpan" if parts.name.contains("::") => return Some("are distributions, whose names have no `::`"),
        "julia" if !parts.qualifiers.contains_key("uuid") => return Some("have a qualifier `uuid`"),
        "chrome-extension" if !is_extension(&parts.name) => {
            return Some("are called by 32 letters from a to p");
        }
        "chrome-extension" if !is_browser_version(&parts.version) => {
            return Some("have up to four numbers as their version");
        }
        _ => {}
    }
    None
}

/// The host is the namespace, and the whole path on it the name. GitHub ignores capitals, others do not.
fn git(parts: &mut Parts) -> Option<&'static str> {
    let path = tidy(&format!("{}/{}", parts.namespace, parts.name), |_| true);
    let Some((host, path)) = path.split_once('/') else { return Some("have a host and a path") };
    (parts.namespace, parts.name) = (host.to_owned(), path.to_owned());
    if host == "github" {
        parts.name = parts.name.to_lowercase();
    }
    None
}

fn is_extension(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'a'..=b'p'))
}

fn is_browser_version(version: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    version.is_empty() || (version.split('.').count() <= 4 && version.split('.').all(is_number))
}
