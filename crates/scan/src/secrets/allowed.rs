//! What is no secret although it looks like one: examples, placeholders, and the keys that others test with.

/// Beginnings of paths that hold nobody's secrets, each for a reason.
const TREES: &[(&str, &str)] = &[
    ("proc/", "the kernel's"),
    ("sys/", "the kernel's"),
    ("usr/include/", "declarations"),
    ("usr/lib/python3/dist-packages/", "packages of Python, by Debian"),
    ("usr/share/cmake-", "the tool's own files"),
    ("usr/share/doc/", "documentation of packages: examples"),
    ("usr/share/doc-base/", "documentation of packages"),
    ("usr/share/i18n/", "names of characters"),
    ("usr/share/info/", "documentation of packages"),
    ("usr/share/locale/", "translations"),
    ("usr/share/man/", "documentation of packages"),
    ("usr/share/mime/", "names of formats"),
    ("usr/share/nodejs/", "packages of Node, by Debian"),
    ("usr/share/perl/", "the language's own modules and their examples"),
    ("usr/share/perl5/", "packages of Perl, by the distribution"),
    ("usr/share/terminfo/", "terminals"),
    ("usr/share/unicode/", "names of characters"),
    ("usr/share/vim/", "the editor's own files"),
    ("usr/share/zoneinfo/", "time zones"),
    ("var/lib/apt/lists/", "names and digests of packages"),
    ("var/lib/dpkg/info/", "names and digests of packages"),
    ("var/lib/dpkg/status", "names and digests of packages"),
];

/// Directories that hold nothing but what everybody may download, each for a reason.
const PUBLIC: &[(&str, &str)] = &[
    (".cargo/registry/", "crates"),
    (".cargo/git/", "crates"),
    (".rustup/", "the language's own"),
    ("go/pkg/mod/", "modules of Go"),
    ("go/src/", "the language's own"),
    ("lib/go-1.", "the language's own, by Debian"),
    ("lib/rustlib/", "the language's own"),
    ("share/doc/", "documentation of packages"),
    ("share/ri/", "documentation of packages of Ruby"),
];

/// Directories of software that most images only install: names and guesses do not count there, nor does what it
/// tests and explains itself with.
const PUBLISHED: &[(&str, &str)] = &[
    (NODE, "packages of Node"),
    ("site-packages/", "packages of Python"),
    ("dist-packages/", "packages of Python, by Debian"),
    ("lib/python", "the language's own"),
    (".pyenv/", "versions of Python"),
    ("/gems/", "packages of Ruby"),
    ("/ruby/", "the language's own"),
    ("/perl", "the language's own"),
    ("/tcl", "the language's own"),
    ("/jvm/", "the language's own"),
    ("/vendor/", "packages that were copied in"),
    ("/vendored/", "packages that were copied in"),
    ("/third_party/", "packages that were copied in"),
    (".m2/repository/", "packages of Java"),
];

/// Where packages of Node are, and the ends of names of what they consist of: whoever has published one has shown it
/// to everybody. What else is there, somebody may have put there.
const NODE: &str = "node_modules/";
const CODE: &[&str] = &[".cjs", ".css", ".cts", ".js", ".map", ".md", ".mjs", ".mts", ".ts"];

/// Names of directories, and ends of names of files, that such software tests and explains itself with.
const TESTS: &[&str] = &[
    "test",
    "tests",
    "testdata",
    "test_data",
    "test-data",
    "testing",
    "__tests__",
    "spec",
    "fixtures",
    "fixture",
    "example",
    "examples",
    "sample",
    "samples",
    "docs",
    "doc",
    "demo",
    "demos",
    "bench",
    "benches",
    "idlelib",
    "certs",
];

/// Beginnings of names of files and directories of the same kind.
const NAMES: &[&str] = &["CHANGELOG", "METADATA", "PKG-INFO", "README", "examples", "test_"];

/// Ends of names of files that are to be filled in.
const TEMPLATES: &[&str] = &[".dist", ".example", ".sample", ".template", ".tmpl", ".tpl"];

/// Ends of names of files that hold no text, which need not be opened to be known.
const ENDINGS: &[&str] = &[
    ".a", ".avi", ".bmp", ".br", ".bz2", ".class", ".db", ".deb", ".eot", ".gif", ".gz", ".ico", ".jar",
    ".jpeg", ".jpg", ".ko", ".mo", ".mp3", ".mp4", ".o", ".ogg", ".otf", ".png", ".pyc", ".pyo", ".rlib",
    ".rmeta", ".rpm", ".so", ".svgz", ".tar", ".tgz", ".tif", ".tiff", ".ttf", ".wasm", ".wav", ".webm",
    ".webp", ".whl", ".woff", ".woff2", ".xz", ".zip", ".zst",
];

/// Parts that only placeholders have, in lower case, each for a reason.
const PARTS: &[(&str, &str)] = &[
    ("example", "AWS's own examples end so, and many others"),
    ("xxxx", "to be filled in"),
    ("....", "left out"),
    ("****", "hidden"),
    ("changeme", "to be filled in"),
    ("change_me", "to be filled in"),
    ("change-me", "to be filled in"),
    ("placeholder", "to be filled in"),
    ("replaceme", "to be filled in"),
    ("replace_me", "to be filled in"),
    ("yourtoken", "to be filled in"),
    ("your_", "to be filled in"),
    ("your-", "to be filled in"),
    ("my_secret", "to be filled in"),
    ("mysecret", "to be filled in"),
    ("redacted", "hidden"),
    ("${", "a variable"),
    ("$(", "a variable"),
    ("{{", "a template"),
    ("%(", "a format"),
    ("<%", "a template"),
    ("dummy", "a test's"),
    ("foobar", "a test's"),
    ("notreal", "a test's"),
    ("deadbeef", "a test's"),
    ("czzcagrsa3f0mzpnwdfmqmf0m2jw", "the client of RFC 6749's examples"),
    ("2yotnfzfejr1zcsicmwpaa", "the access token of RFC 6749's examples"),
    ("tgzv3jokf0xg5qx2tlkwia", "the refresh token of RFC 6749's examples"),
    ("eyjzdwiioiixmjm0nty3odkwiiwibmftzsi6ikpvag4grg9l", "John Doe's token at jwt.io"),
];

/// Words that stand where a password will be.
const WORDS: &[&str] = &[
    "admin",
    "bar",
    "baz",
    "changeit",
    "default",
    "demo",
    "example",
    "foo",
    "guest",
    "hunter2",
    "key",
    "letmein",
    "my_password",
    "mypass",
    "mypassword",
    "mysql",
    "none",
    "null",
    "pass",
    "passw0rd",
    "passwd",
    "password",
    "postgres",
    "pwd",
    "qwerty",
    "rabbitmq",
    "redis",
    "root",
    "s3cr3t",
    "sample",
    "secret",
    "secretpassword",
    "string",
    "test",
    "testing",
    "token",
    "toor",
    "undefined",
    "user",
    "username",
    "xyzzy",
    "your",
    "port",
    "x-access-token",
];

/// The longest secret that parts are looked for in: in longer ones chance writes them, in bytes.
const SHORT: usize = 512;

/// Whether a file's secrets are nobody's.
pub(crate) fn path(path: &str) -> bool {
    TREES.iter().any(|(tree, _)| path.starts_with(tree))
        || PUBLIC.iter().any(|(within, _)| path.contains(within))
        || ENDINGS.iter().any(|ending| path.ends_with(ending))
        || path.contains(NODE) && CODE.iter().any(|ending| path.ends_with(ending))
        || published(path).any(is_test)
}

/// Whether only what says itself that it is a secret counts in a file.
pub(crate) fn only_proper(path: &str) -> bool {
    published(path).next().is_some() || TEMPLATES.iter().any(|ending| path.ends_with(ending))
}

/// What follows the name of a directory of published software.
fn published(path: &str) -> impl Iterator<Item = &str> {
    PUBLISHED.iter().filter_map(move |(within, _)| path.split_once(within)).map(|(_, rest)| rest)
}

/// `pkg/test/key.pem`, `crypto/tls/handshake_test.go`, `PyJWT.dist-info/METADATA`.
fn is_test(path: &str) -> bool {
    let stem = |part: &str| part.rsplit_once('.').is_some_and(|(stem, _)| stem.ends_with("_test"));
    let tests = |part: &str| {
        TESTS.contains(&part)
            || NAMES.iter().any(|name| part.starts_with(name))
            || [".test.", ".spec."].iter().any(|within| part.contains(within))
            || part.ends_with("_tests")
            || stem(part)
    };
    path.split('/').any(tests)
}

/// Whether a value is a placeholder.
pub(crate) fn value(secret: &[u8]) -> bool {
    if secret.len() > SHORT {
        return false;
    }
    let lower = secret.to_ascii_lowercase();
    let has = |part: &str| lower.windows(part.len()).any(|window| window == part.as_bytes());
    PARTS.iter().any(|(part, _)| has(part)) || has_run(&lower)
}

/// Whether it is a word that stands for a password, or plainly a variable.
pub(crate) fn word(secret: &[u8]) -> bool {
    let lower = secret.to_ascii_lowercase();
    let trimmed: &[u8] = lower.strip_suffix(b"123").unwrap_or(&lower);
    let variable = secret.iter().any(|byte| b"${}<>%[]()*".contains(byte));
    variable || WORDS.iter().any(|word| word.as_bytes() == trimmed || word.as_bytes() == lower)
}

/// Six of the same, or six in the order of the alphabet or of numbers.
fn has_run(secret: &[u8]) -> bool {
    let runs = |step: u8| {
        let follows = |pair: &[u8]| matches!(pair, [one, next] if one.checked_add(step) == Some(*next));
        let mut length = 1;
        secret.windows(2).any(|pair| {
            length = if follows(pair) { length + 1 } else { 1 };
            length >= 6
        })
    };
    runs(0) || runs(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_software_may_test_itself_and_the_image_may_not() {
        assert!(path("usr/lib/node_modules/npm/node_modules/x/test/key.pem"));
        assert!(path("usr/local/lib/python3.12/site-packages/x/tests/a.py"));
        assert!(path("usr/local/go/src/crypto/tls/handshake_test.go"));
        assert!(path("usr/share/doc/openssl/key.pem"));
        assert!(path("root/.cargo/registry/src/x/pem-4.0.0/src/lib.rs"));
        assert!(path("app/node_modules/left-pad/index.js"));
        assert!(path("usr/share/nodejs/npm/lib/cli.js"));
        assert!(!path("app/node_modules/left-pad/.npmrc"));
        assert!(!path("app/src/index.js"));
        assert!(!path("usr/share/nginx/html/app.js"));
        assert!(!path("app/tests/key.pem"));
        assert!(!path("usr/local/lib/python3.12/site-packages/x/settings.py"));
        assert!(!path("root/.ssh/id_rsa"));
    }

    #[test]
    fn in_published_software_only_what_says_itself_counts() {
        assert!(only_proper("usr/local/lib/python3.12/site-packages/x/settings.py"));
        assert!(only_proper("etc/app.conf.sample"));
        assert!(!only_proper("etc/app.conf"));
    }

    #[test]
    fn placeholders_are_known_by_their_parts_and_by_runs() {
        for placeholder in
            ["AKIAIOSFODNN7EXAMPLE", "xxxXXxxx1", "${TOKEN}", "1234567890", "aaaaaaa1", "abcdefgh"]
        {
            assert!(value(placeholder.as_bytes()), "{placeholder}");
        }
        assert!(!value(b"q8Zk3vTn5RbW7yXc"));
    }

    #[test]
    fn words_are_no_passwords() {
        for placeholder in ["password", "Secret", "admin123", "%s", "<password>"] {
            assert!(word(placeholder.as_bytes()), "{placeholder}");
        }
        assert!(!word(b"tr0ub4dor"));
    }
}
