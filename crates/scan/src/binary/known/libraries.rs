//! Shared libraries.

use super::rules::{Evidence, Rule};

/// By name.
pub(super) const RULES: &[Rule] = &[
    Rule::text(
        "openssl",
        &["openssl", "libcrypto.so*", "libssl.so*"],
        r"OpenSSL ([0-9]+\.[0-9]+\.[0-9]+(?:[a-z]{1,2}|-(?:alpha|beta|pre)[0-9]+)?)(?:-fips)? +[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4}",
    ),
    Rule::text("libressl", &["openssl", "libcrypto.so*"], r"LibreSSL ([0-9]+\.[0-9]+\.[0-9]+)\x00"),
    Rule::text("curl", &["libcurl.so*", "libcurl-gnutls.so*"], r"\x00libcurl/([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("sqlite", &["libsqlite3.so*", "sqlite3"], r"\x00(3\.[0-9]{1,2}\.[0-9]{1,2})\x00"),
    Rule::text("zlib", &["libz.so*"], r" (?:in|de)flate (1\.[0-9]+\.[0-9]+(?:\.[0-9]+)?) Copyright"),
    Rule::text("expat", &["libexpat.so*"], r"\x00expat_([0-9]+\.[0-9]+\.[0-9]+)\x00"),
    Rule { name: "libxml2", files: &["libxml2.so.2.*"], evidence: Evidence::Name, spelling: second },
    Rule::text(
        "glibc",
        &["libc.so.6", "libc-2.*.so"],
        r"GNU C Library [^\n]{1,100} release version ([0-9]+\.[0-9]+)",
    ),
    Rule::text("musl", &["ld-musl-*.so.1", "libc.musl-*.so.1"], r"\x00(1\.[0-9]+\.[0-9]+)\x00"),
    Rule { name: "libpng", files: &["libpng16.so.16.*"], evidence: Evidence::Name, spelling: sixteenth },
];

/// What follows `libxml2.so.2.`
fn second(rest: &str) -> String {
    format!("2.{rest}")
}

/// What follows `libpng16.so.16.`, which ends in a zero that the version does not have.
fn sixteenth(rest: &str) -> String {
    format!("1.6.{}", rest.trim_end_matches(".0"))
}
