//! Packages of programming languages: what their package managers installed, and what the lock files of a source
//! tree ask for.

mod text;
mod json;
mod zip;
mod python;
mod node;
mod ruby;
mod java;
mod php;
mod dotnet;
mod cargo;
mod go;

use std::borrow::Cow;

use model::inventory::PackageKind;

use crate::catalog::{Cataloger, Found, MOST_PACKAGES};
use crate::content::Flaw;

/// What is installed, in an image as in any directory.
pub(crate) const CATALOGERS: &[Cataloger] = &[
    python::METADATA,
    python::EGG_INFO,
    python::EGG,
    node::PACKAGE,
    ruby::GEMSPEC,
    java::ARCHIVE,
    php::INSTALLED,
    dotnet::DEPENDENCIES,
];

/// What lock files ask for. An image has them by chance, beside or without what they name, so they count only
/// where a source tree is looked at.
pub(crate) const MANIFESTS: &[Cataloger] = &[
    python::REQUIREMENTS,
    python::PIPFILE,
    python::TOML_LOCK,
    node::PACKAGE_LOCK,
    node::YARN_LOCK,
    node::PNPM_LOCK,
    node::BUN_LOCK,
    ruby::GEMFILE_LOCK,
    java::GRADLE_LOCK,
    php::COMPOSER_LOCK,
    dotnet::PACKAGES_LOCK,
    dotnet::PACKAGES_CONFIG,
    cargo::CARGO_LOCK,
    go::GO_MOD,
];

/// Longest lock file that is read, in bytes.
const MOST_LOCK_BYTES: u64 = 32 << 20;
/// Longest name of a package, in bytes: npm's may have 214, Maven's coordinates somewhat more.
const LONGEST_NAME: usize = 300;
/// Longest version, in bytes.
const LONGEST_VERSION: usize = 128;

/// A package by what a file says of it; none where that is no name and no version.
fn package(kind: PackageKind, name: &str, version: &str) -> Option<Found> {
    let (name, version) = (name.trim(), version.trim());
    let is_word = |text: &str, most: usize| {
        !text.is_empty()
            && text.len() <= most
            && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    };
    (is_word(name, LONGEST_NAME) && is_word(version, LONGEST_VERSION))
        .then(|| Found::new(kind, name, version))
}

/// Takes up a package, if it is one.
fn add(found: &mut Vec<Found>, package: Option<Found>) -> Result<(), Flaw> {
    if package.is_some() && found.len() >= MOST_PACKAGES {
        return Err(Flaw::TooMany { what: "packages", limit: MOST_PACKAGES });
    }
    found.extend(package);
    Ok(())
}

fn malformed(what: &'static str, reason: impl Into<Cow<'static, str>>) -> Flaw {
    Flaw::Malformed { what, reason: reason.into() }
}

/// What a file says is its licence, unless it is a text of many lines or no answer.
fn licence(text: &str) -> Option<String> {
    let text = text.trim();
    let is_answer = !text.is_empty() && !text.eq_ignore_ascii_case("unknown");
    (is_answer && text.len() <= 128 && !text.contains(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
