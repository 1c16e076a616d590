//! Each rule with a file that it knows and one that it must not.

use std::collections::BTreeSet;

use super::*;

fn found(path: &str, bytes: &[u8]) -> Option<(String, String)> {
    let file = Candidate { path, size: bytes.len() as u64, executable: true };
    let mut found = Vec::new();
    if wants(&file) {
        read(&file, &Content::Bytes(bytes), &mut found).unwrap();
    }
    found.pop().map(|found| (found.name, found.version))
}

/// Name, path, what such files say, the version, and what says nothing.
const CASES: &[(&str, &str, &str, &str, &str)] = &[
    ("openresty", "opt/nginx", "\0nginx version: openresty/1.21.4.1\0", "1.21.4.1", "openresty/1.21"),
    ("nginx", "usr/sbin/nginx", "\0nginx version: nginx/1.25.3\0", "1.25.3", "nginx/%s"),
    ("apache", "usr/local/apache2/bin/httpd", "\0Apache/2.4.58 (Unix)\0", "2.4.58", "\0Apache/2.4\0"),
    ("valkey", "usr/local/bin/valkey-server", "\x007.2.4\0\x008.0.1\0", "8.0.1", "\x007.2.4\0"),
    (
        "redis",
        "usr/local/bin/redis-server",
        "\x002.1.0\0\x007.2.4\0",
        "7.2.4",
        "\x002.1.0\x005.3.0-0-g54eaed1\0",
    ),
    ("memcached", "usr/bin/memcached", "memcached 1.6.22\n", "1.6.22", "memcached server 1.6.22"),
    ("haproxy", "usr/sbin/haproxy", "HAProxy version 2.9.1, released", "2.9.1", "HAProxy version %s"),
    ("haproxy", "usr/sbin/haproxy", "\x002.9.1-f72603c\0", "2.9.1", "\x002.9.1\0"),
    (
        "postgresql",
        "usr/lib/postgresql/15/bin/postgres",
        "postgres (PostgreSQL) 15.5 (Debian)",
        "15.5",
        "\0PostgreSQL 9.1 or earlier",
    ),
    (
        "mariadb",
        "usr/sbin/mysqld",
        "\x005.5.5-10.6.15-MariaDB-1:10.6.15+maria~ubu2004",
        "10.6.15",
        "%s-MariaDB",
    ),
    ("mysql", "usr/sbin/mysqld", "/build/mysql-8.0.34/sql/main.cc", "8.0.34", "mysql-8.0.34"),
    ("mongodb", "usr/bin/mongod", "\x006.0.27\0tcmalloc", "6.0.27", "\x006.0.27\0malloc"),
    ("fluent-bit", "fluent-bit/bin/fluent-bit", "\x002.2.3\0Fluent Bit", "2.2.3", "\x002.2.3\0Bit"),
    (
        "envoy",
        "usr/local/bin/envoy",
        "\x001.28.7\0some\0envoy.reloadable_features",
        "1.28.7",
        "\x001.28.7\0only",
    ),
    ("lighttpd", "usr/sbin/lighttpd", "\0lighttpd/1.4.73\0", "1.4.73", "mod_lighttpd/1.4.73"),
    ("proftpd", "usr/sbin/proftpd", "\0ProFTPD Version 1.3.8b\0", "1.3.8b", "ProFTPD Version %s"),
    ("openldap", "usr/sbin/slapd", "$OpenLDAP: slapd 2.5.13 (Jan 1 2024)", "2.5.13", "OpenLDAP slapd 2.5.13"),
    ("openssh", "usr/sbin/sshd", "\0OpenSSH_9.6p1\0", "9.6p1", "\0OpenSSH_2.*\0"),
    ("sudo", "usr/bin/sudo", "\0Sudo version 1.9.13p3\0", "1.9.13p3", "\0Sudo version %s\0"),
    ("busybox", "bin/busybox", "BusyBox v1.36.1 (2023)", "1.36.1", "BusyBox v%s"),
    ("bash", "bin/bash", "@(#)Bash version 5.2.15(1) release GNU", "5.2.15", "GNU bash, version %s"),
    ("curl", "usr/bin/curl", "\0curl/7.88.1\0", "7.88.1", "\0libcurl/7.88.1\0"),
    ("git", "usr/bin/git", "\u{2}git/2.39.2\0", "2.39.2", "git version %s"),
    ("xz", "usr/bin/xz", "\0xz (XZ Utils) 5.6.0\0", "5.6.0", "\0xz (XZ Utils) %s\0"),
    ("ffmpeg", "usr/bin/ffmpeg", "%s version 6.0.1 Copyright", "6.0.1", "%s version %s"),
    (
        "wordpress",
        "var/www/html/wp-includes/version.php",
        "$wp_version = '6.4.1';",
        "6.4.1",
        "$wp_db_version = 56657;",
    ),
    ("wp-cli", "usr/local/bin/wp", "wp-cli/wp-cli 2.9.0", "2.9.0", "wp-cli/wp-cli"),
    ("drupal", "opt/core/lib/Drupal.php", "  const VERSION = '10.1.6';", "10.1.6", "const CORE = '10'"),
    (
        "tomcat",
        "usr/local/tomcat/RELEASE-NOTES",
        "  Apache Tomcat Version 9.0.83",
        "9.0.83",
        "Release Notes 9.0.83",
    ),
    ("node", "usr/local/bin/node", "https://node.js/v20.10.0/", "20.10.0", "node.js version"),
    ("python", "usr/local/bin/python3.11", "\x003.11.4\0", "3.11.4", "\x003.12.1\0"),
    ("python", "usr/local/lib/libpython3.9.so.1.0", "\x003.9.0rc2\0", "3.9.0rc2", "\x003.9\0"),
    ("python", "opt/lib/libpython3.13.so.1.0", "\0/opt/3.13.0\0", "3.13.0", "/opt/3.13.0/lib\0"),
    ("python", "usr/bin/python2.7", "\x002.7.18\0", "2.7.18", "\x002.6.18\0"),
    ("pypy", "opt/pypy/bin/libpypy3.10-c.so", "[PyPy 7.3.13 with GCC]", "7.3.13", "PyPy 7.3.13"),
    ("ruby", "usr/local/lib/libruby.so.3.2", "\0ruby 3.2.2 (2023-03-30", "3.2.2", "\0ruby %s (\0"),
    ("php", "usr/local/bin/php", "X-Powered-By: PHP/8.2.13\0", "8.2.13", "PHP/8.2.13"),
    (
        "perl",
        "usr/local/bin/perl",
        "\0/usr/local/lib/perl5/5.38.2/x86_64\0",
        "5.38.2",
        "\0/usr/share/perl/5.38\0",
    ),
    (
        "java",
        "opt/java/openjdk/release",
        "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.9\"\n",
        "17.0.9",
        "VERSION=\"17\"\n",
    ),
    (
        "java",
        "usr/lib/jvm/jre/release",
        "JAVA_VERSION=\"1.8.0_392\"\n",
        "8.0.392",
        "MY_JAVA_VERSION=\"17.0.9\"\n",
    ),
    ("golang", "usr/local/go/VERSION", "go1.22\ntime 2024\n", "1.22.0", "devel go1.22\n"),
    ("golang", "usr/local/go/VERSION", "go1.23rc1\n", "1.23rc1", "1.22.3\n"),
    (
        "rust",
        "usr/local/bin/rustc",
        "clang LLVM (rustc version 1.75.0 (82e1608df 2023-12-21))",
        "1.75.0",
        "rustc 1.75.0",
    ),
    (
        "erlang",
        "erts/bin/beam.smp",
        "/usr/src/otp_src_25.3.2.6/erts/emulator",
        "25.3.2.6",
        "/usr/src/otp_src/erts/",
    ),
    ("erlang", "usr/lib/erlang/releases/26/OTP_VERSION", "26.1.2\n", "26.1.2", "OTP 26\n"),
    ("elixir", "lib/elixir/ebin/elixir.app", "{vsn,\"1.15.7\"}", "1.15.7", "{vsn,\"%VSN%\"}"),
    ("rabbitmq", "rabbit/ebin/rabbit.app", "{vsn, \"3.12.10\"}", "3.12.10", "{vsn,\"\"}"),
    ("julia", "lib/libjulia-internal.so.1", "__init__\x001.9.4\0verify", "1.9.4", "\x001.9.4\0"),
    ("lua", "usr/bin/lua5.3", "$LuaVersion: Lua 5.3.6  Copyright", "5.3.6", "\0Lua 5.3\0"),
    ("dart", "usr/lib/dart/bin/dart", "\x003.2.3 (stable) (Tue Dec 5)", "3.2.3", "\x003.2.3 other"),
    ("deno", "bin/deno", "Deno/1.41.0", "1.41.0", "Deno/{}"),
    ("swipl", "usr/bin/swipl", "/build/swipl-9.1.2/src", "9.1.2", "swipl 9.1.2"),
    ("ghc", "opt/ghc/bin/ghc-9.4.7", "\0GHC 9.4.7\0", "9.4.7", "GHC %s"),
    ("gcc", "usr/local/bin/gcc", "GCC: (GNU) 12.3.0\0", "12.3.0", "GCC 12.3.0"),
    (
        "openssl",
        "usr/lib/libcrypto.so.3",
        "OpenSSL 3.0.11 19 Sep 2023",
        "3.0.11",
        "OpenSSL 1.1.1 (compatible; other)",
    ),
    (
        "openssl",
        "usr/bin/openssl",
        "OpenSSL 1.1.1w  11 Sep 2023",
        "1.1.1w",
        "OpenSSL application user interface",
    ),
    ("libressl", "usr/lib/libcrypto.so.50", "\0LibreSSL 3.8.2\0", "3.8.2", "LibreSSL %s"),
    ("curl", "usr/lib/libcurl.so.4.8.0", "\0libcurl/7.88.1\0", "7.88.1", "\0libcurl/%s\0"),
    ("sqlite", "usr/lib/libsqlite3.so.0.8.6", "\x003.40.1\0", "3.40.1", "\x002.8.17\0"),
    ("zlib", "usr/lib/libz.so.1.2.13", " inflate 1.2.13 Copyright 1995-2022", "1.2.13", "inflate %s"),
    ("expat", "usr/lib/libexpat.so.1.8.10", "\0expat_2.5.0\0", "2.5.0", "\0expat\0"),
    ("libxml2", "usr/lib/libxml2.so.2.9.14", "any", "2.9.14", ""),
    (
        "glibc",
        "lib/libc.so.6",
        "GNU C Library (GNU libc) stable release version 2.36.\n",
        "2.36",
        "GNU C Library 2.36",
    ),
    ("musl", "lib/ld-musl-x86_64.so.1", "\x001.2.4\0", "1.2.4", "\x001.2.4_git\0"),
    ("libpng", "usr/lib/libpng16.so.16.39.0", "any", "1.6.39", ""),
];

#[test]
fn each_rule_knows_its_file_and_no_other() {
    for (name, path, text, version, other) in CASES {
        let expected = Some(((*name).to_owned(), (*version).to_owned()));
        assert_eq!(found(path, text.as_bytes()), expected, "{path}");
        assert_eq!(found(path, other.as_bytes()), None, "{path} with {other:?}");
    }
    let rules: BTreeSet<_> = TABLES.into_iter().flatten().map(|rule| rule.name).collect();
    assert_eq!(rules, CASES.iter().map(|case| case.0).collect());
}

#[test]
fn names_that_only_look_alike() {
    for path in [
        "usr/bin/nginx-debug",
        "usr/lib/libxml2.so.2",
        "usr/share/libxml2.so.2.9.14-gdb.py",
        "bin/python3.13-gdb.py",
        "my/redis",
    ] {
        assert_eq!(found(path, b"\0nginx version: nginx/1.25.3\0"), None, "{path}");
    }
}

#[test]
fn a_version_across_two_windows_is_found_whole() {
    let text = b"\0nginx version: nginx/1.25.3\0";
    // The edge is before the text, in its words, in its version, and after it.
    for shift in [0, 7, 20, 23, 26, 28, 40] {
        let mut bytes = vec![b'.'; WINDOW - shift];
        bytes.extend(text);
        bytes.resize(2 * WINDOW, b'.');
        assert_eq!(found("nginx", &bytes).unwrap().1, "1.25.3", "{shift} bytes before the end");
    }
}

#[test]
fn no_name_begins_with_anything() {
    let mut names = TABLES.into_iter().flatten().flat_map(|rule| rule.files);
    assert!(names.all(|name| !file_name(name).is_empty() && !file_name(name).starts_with('*')));
}
