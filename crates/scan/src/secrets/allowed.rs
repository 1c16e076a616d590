//! What is no secret although it looks like one: examples, placeholders, and the keys that others test with.

/// Beginnings of paths that hold nobody's secrets, each for a reason.
const TREES: &[(&str, &str)] = &[
    ("proc/", "the kernel's"),
    ("sys/", "the kernel's"),
    ("usr/include/", "declarations"),
    ("usr/share/doc/", "documentation of packages: examples"),
    ("usr/share/doc-base/", "documentation of packages"),
    ("usr/share/i18n/", "names of characters"),
    ("usr/share/info/", "documentation of packages"),
    ("usr/share/locale/", "translations"),
    ("usr/share/man/", "documentation of packages"),
    ("usr/share/mime/", "names of formats"),
    ("usr/share/perl/", "the language's own modules and their examples"),
    ("usr/share/terminfo/", "terminals"),
    ("usr/share/unicode/", "names of characters"),
    ("usr/share/vim/", "the editor's own files"),
    ("usr/share/zoneinfo/", "time zones"),
    ("var/lib/apt/lists/", "names and digests of packages"),
    ("var/lib/dpkg/info/", "names and digests of packages"),
    ("var/lib/dpkg/status", "names and digests of packages"),
];

/// Directories of software that others published: what they test with is no secret of this image.
const PUBLISHED: &[(&str, &str)] = &[
    ("node_modules/", "packages of Node"),
    ("site-packages/", "packages of Python"),
    ("dist-packages/", "packages of Python, by Debian"),
    ("/gems/", "packages of Ruby"),
    ("/ruby/", "the language's own"),
    ("lib/python", "the language's own"),
    ("/perl", "the language's own"),
    ("go/src/", "the language's own"),
    ("lib/go", "the language's own"),
    ("go/pkg/mod/", "modules of Go"),
    (".cargo/registry/", "crates"),
    (".cargo/git/", "crates"),
    ("rustlib/", "the language's own"),
    ("/vendor/", "packages that were copied in"),
    (".m2/repository/", "packages of Java"),
    (".pyenv/", "versions of Python"),
];

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
    "your",
    "port",
    "x-access-token",
];

/// The longest secret that parts are looked for in: in longer ones chance writes them, in bytes.
const SHORT: usize = 200;

/// Whether a file's secrets are nobody's.
pub(crate) fn path(path: &str) -> bool {
    TREES.iter().any(|(tree, _)| path.starts_with(tree))
        || ENDINGS.iter().any(|ending| path.ends_with(ending))
        || PUBLISHED.iter().filter_map(|(within, _)| path.split_once(within)).any(|(_, rest)| tests(rest))
}

/// `pkg/test/key.pem`, `crypto/tls/handshake_test.go`.
fn tests(path: &str) -> bool {
    let is_test = |part: &str| {
        TESTS.contains(&part)
            || part.ends_with("_test.go")
            || part.contains(".test.")
            || part.contains(".spec.")
            || part.starts_with("test_")
            || part.ends_with("_tests")
            || part.starts_with("README")
    };
    path.split('/').any(is_test)
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
mod tests_of_it {
    use super::*;

    #[test]
    fn published_software_may_test_itself_and_the_image_may_not() {
        assert!(path("usr/lib/node_modules/npm/node_modules/x/test/key.pem"));
        assert!(path("usr/local/lib/python3.12/site-packages/x/tests/a.py"));
        assert!(path("usr/local/go/src/crypto/tls/handshake_test.go"));
        assert!(path("usr/share/doc/openssl/key.pem"));
        assert!(!path("app/tests/key.pem"));
        assert!(!path("usr/local/lib/python3.12/site-packages/x/settings.py"));
        assert!(!path("root/.ssh/id_rsa"));
    }

    #[test]
    fn placeholders_are_known_by_their_parts_and_by_runs() {
        for placeholder in
            ["AKIAIOSFODNN7EXAMPLE", "xxxxXXXX1", "${TOKEN}", "1234567890", "aaaaaaa1", "abcdefgh"]
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
