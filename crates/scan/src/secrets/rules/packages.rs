//! Package registries.

use model::finding::Severity::{Critical, High};

use super::rule::{Rule, assigned, named, token};
use crate::secrets::check;

pub(super) static RULES: &[Rule] = &[
    token("npm-token", "a token of npm", Critical, &["npm_"], r"npm_[0-9A-Za-z]{36}")
        .checked(check::base62_crc32),
    named(
        "npmrc-token",
        "a token or password of an npm registry",
        High,
        &[":_authtoken", ":_auth", ":_password"],
        r#":_(?:authToken|auth|password)[ \t]{0,4}=[ \t]{0,4}"?([0-9A-Za-z+/_.=-]{20,400})"#,
    )
    .checked(check::chance),
    token(
        "pypi-token",
        "an upload token of PyPI",
        Critical,
        &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"],
        r"pypi-(?:AgEIcHlwaS5vcmc|AgENdGVzdC5weXBpLm9yZw)[0-9A-Za-z_-]{50,400}",
    )
    .checked(check::macaroon),
    token("rubygems-token", "a key of RubyGems", Critical, &["rubygems_"], r"rubygems_[0-9a-f]{48}")
        .checked(check::chance),
    token("nuget-key", "a key of NuGet", Critical, &["oy2"], r"oy2[a-z0-9]{43}").checked(check::chance),
    token("cargo-token", "a token of crates.io", Critical, &["cio"], r"cio[0-9A-Za-z]{32}")
        .checked(check::chance),
    named(
        "cargo-registry-token",
        "a token of a Cargo registry",
        High,
        &["cargo_registry_token", "cargo_registries_"],
        assigned!("cargo_registr(?:y|ies)_", "[0-9A-Za-z+/_=-]{32,120}"),
    )
    .checked(check::chance),
    token("clojars-token", "a token of Clojars", Critical, &["CLOJARS_"], r"CLOJARS_[0-9a-f]{60}")
        .checked(check::chance),
    token(
        "artifactory-token",
        "a key or token of Artifactory",
        High,
        &["AKCp", "cmVmdGtu"],
        r"(?:AKCp[0-9A-Za-z]{64,70}|cmVmdGtu[0-9A-Za-z]{56})",
    )
    .checked(check::chance),
    named(
        "packagist-token",
        "a token of Packagist",
        High,
        &["packagist"],
        assigned!("packagist", "[0-9a-f]{40,68}"),
    )
    .checked(check::chance),
    token(
        "conda-token",
        "a token of Anaconda",
        High,
        &["anaconda.org/t/", "anaconda.cloud/t/"],
        r"anaconda\.(?:org|cloud)/t/([0-9A-Za-z-]{20,50})",
    )
    .anywhere()
    .checked(check::chance),
    named("hex-key", "a key of Hex", High, &["hex_api_key"], assigned!("hex_api_key", "[0-9a-f]{32}"))
        .checked(check::chance),
];
