//! Interpreters, compilers and runtimes of languages.

use super::rules::{Evidence, Rule};

/// By name.
pub(super) const RULES: &[Rule] = &[
    Rule::text(
        "node",
        &["node"],
        r"node\.js/v([0-9]+\.[0-9]+\.[0-9]+)|\x00(?:node )?v([0456]\.[0-9]+\.[0-9]+)\x00",
    ),
    // The linker lets a path that ends in the version serve for the version.
    Rule::text(
        "python",
        &["python3.*", "libpython3.*.so.1.0"],
        r"[^0-9.](3\.{}\.[0-9]+(?:(?:a|b|rc)[0-9]+)?)\+?\x00",
    ),
    Rule::text(
        "python",
        &["python2.*", "libpython2.*.so.1.0"],
        r"[^0-9.](2\.{}\.[0-9]+(?:(?:a|b|rc)[0-9]+)?)\+?\x00",
    ),
    Rule::text("pypy", &["libpypy*-c.so"], r"\[PyPy ([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("ruby", &["ruby", "libruby.so.*"], r"\x00ruby ([0-9]+\.[0-9]+\.[0-9]+)(?:p[0-9]+)? \("),
    Rule::text(
        "php",
        &["php", "php-fpm", "php-cgi", "libphp.so", "libphp*.so"],
        r"X-Powered-By: PHP/([0-9]+\.[0-9]+\.[0-9]+(?:(?:alpha|beta|RC)[0-9]+)?)",
    ),
    Rule::text(
        "perl",
        &["perl", "libperl.so"],
        r"/(?:lib|share)(?:/[a-z0-9_-]+)?/perl5?/([0-9]+\.[0-9]+\.[0-9]+)",
    ),
    Rule {
        name: "java",
        files: &["release"],
        evidence: Evidence::Text(r#"(?m:^)JAVA_VERSION="([0-9][0-9._]{0,40})"#),
        spelling: java,
    },
    Rule {
        name: "golang",
        files: &["go/VERSION"],
        evidence: Evidence::Text(r"\Ago([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:(?:rc|beta)[0-9]+)?)"),
        spelling: three_parts,
    },
    Rule::text("rust", &["rustc", "librustc_driver-*.so"], r"rustc version ([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("erlang", &["beam.smp", "erlexec"], r"/otp(?:_src_|-)([0-9]+(?:\.[0-9]+){1,3})/erts/"),
    Rule::text("erlang", &["OTP_VERSION"], r"\A([0-9]+(?:\.[0-9]+){0,3})"),
    Rule::text(
        "elixir",
        &["elixir/ebin/elixir.app"],
        r#"\{vsn, ?"([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z0-9.]+)?)"\}"#,
    ),
    Rule::text("rabbitmq", &["ebin/rabbit.app"], r#"\{vsn, ?"([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z0-9.]+)?)"\}"#),
    Rule::text("julia", &["libjulia-internal.so*"], r"__init__\x00([0-9]+\.[0-9]+\.[0-9]+)\x00verify"),
    Rule::text(
        "lua",
        &["lua", "lua5.*", "liblua.so*", "liblua5.*"],
        r"\$LuaVersion: Lua ([0-9]+\.[0-9]+\.[0-9]+)",
    ),
    Rule::text("dart", &["dart"], r"\x00([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9.]+\.beta)?) \((?:stable|beta|dev)\)"),
    Rule::text("deno", &["deno"], r"Deno/([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("swipl", &["swipl"], r"swipl-([0-9]+\.[0-9]+\.[0-9]+)/"),
    Rule::text("ghc", &["ghc-*"], r"\x00GHC ([0-9]+\.[0-9]+\.[0-9]+)\x00"),
    Rule::text("gcc", &["gcc"], r"GCC: \([^)]{1,60}\) ([0-9]+\.[0-9]+\.[0-9]+)"),
];

/// `1.8.0_392` is Java 8, with its update as the patch.
fn java(version: &str) -> String {
    let eight = version.strip_prefix("1.").and_then(|rest| rest.split_once(".0_"));
    eight.map_or_else(|| version.to_owned(), |(major, update)| format!("{major}.0.{update}"))
}

/// `1.22` is `1.22.0`.
fn three_parts(version: &str) -> String {
    let is_short = version.bytes().filter(|byte| *byte == b'.').count() == 1;
    if is_short && !version.contains("rc") && !version.contains("beta") {
        format!("{version}.0")
    } else {
        version.to_owned()
    }
}
