//! Servers and tools.

use super::rules::Rule;

/// By name; where two fit a file, the one that is more particular comes first.
pub(super) const RULES: &[Rule] = &[
    Rule::text("openresty", &["nginx", "openresty"], r"nginx version: openresty/([0-9]+(?:\.[0-9]+){3})"),
    Rule::text("nginx", &["nginx"], r"nginx version: nginx/([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("apache", &["httpd", "apache2"], r"Apache/([0-9]+\.[0-9]+\.[0-9]+)[ \x00]"),
    // 7.2.4 is what each valkey calls itself for clients of redis.
    Rule::text(
        "valkey",
        &["valkey-server"],
        r"\x00((?:[89]|[1-9][0-9])\.[0-9]+\.[0-9]+|7\.2\.(?:[5-9]|[1-9][0-9]))\x00",
    ),
    // A string of its own: in those where it comes first, the build's name follows without a gap. One of the
    // libraries within is 2.1.0.
    Rule::text("redis", &["redis-server"], r"\x00([3-9]\.[0-9]{1,2}\.[0-9]{1,3})\x00"),
    Rule::text("memcached", &["memcached"], r"memcached ([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text(
        "haproxy",
        &["haproxy"],
        r"HA-?Proxy version ([0-9]+\.[0-9]+(?:\.|-dev|-rc)[0-9]+)|version ([0-9]+\.[0-9]+(?:\.|-dev|-rc)[0-9]+)(?:-[0-9a-z]{7})?, released 20|\x00([0-9]+\.[0-9]+\.[0-9]+)-[0-9a-f]{7,9}\x00",
    ),
    Rule::text(
        "postgresql",
        &["postgres"],
        r"\(PostgreSQL\) ([0-9]+(?:\.[0-9]+){1,2}|[0-9]+(?:beta|rc)[0-9]+)",
    ),
    Rule::text(
        "mariadb",
        &["mariadbd", "mariadb", "mysqld", "mysql"],
        r"[^0-9.]([0-9]+\.[0-9]+\.[0-9]+)-MariaDB",
    ),
    Rule::text(
        "mysql",
        &["mysqld", "mysql"],
        r"/mysql-([0-9]+\.[0-9]+\.[0-9]+)[-/]|\x00([0-9]+\.[0-9]+\.[0-9]+)\x00+mysql",
    ),
    Rule::text("mongodb", &["mongod"], r"\x00([0-9]+\.[0-9]+\.[0-9]+)\x00+(?:tcmalloc|heap_size|cppdefines)"),
    Rule::text(
        "fluent-bit",
        &["fluent-bit"],
        r"\x00([0-9]+\.[0-9]+\.[0-9]+)\x00{1,3}(?:\x1b\[1m\x00+)?(?:%s)?Fluent",
    ),
    Rule::text(
        "envoy",
        &["envoy"],
        r"\x00(1\.[0-9]{1,2}\.[0-9]{1,2})(?:-dev)?\x00(?s:.{0,1000})(?:envoy[._]reloadable_features|Unable to|ValidationError|RELEASE)",
    ),
    Rule::text("lighttpd", &["lighttpd"], r"\x00lighttpd/([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("proftpd", &["proftpd"], r"\x00ProFTPD Version ([0-9]+\.[0-9]+\.[0-9]+[a-z]?)\x00"),
    Rule::text("openldap", &["slapd", "ldapsearch"], r"\$OpenLDAP: [a-z]+ ([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("openssh", &["sshd", "ssh"], r"\x00OpenSSH_([0-9]+\.[0-9]+p[0-9]+)"),
    Rule::text("sudo", &["sudo"], r"\x00Sudo version ([0-9]+\.[0-9]+\.[0-9]+(?:p[0-9]+)?)"),
    Rule::text("busybox", &["busybox"], r"BusyBox v([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("bash", &["bash"], r"@\(#\)Bash version ([0-9]+\.[0-9]+\.[0-9]+)\("),
    Rule::text("curl", &["curl"], r"\x00curl/([0-9]+\.[0-9]+\.[0-9]+)\x00"),
    Rule::text("git", &["git"], r"[^a-z/]git/([0-9]+\.[0-9]+\.[0-9]+)\x00"),
    Rule::text("xz", &["xz"], r"\x00xz \(XZ Utils\) ([0-9]+\.[0-9]+\.[0-9]+)\x00"),
    Rule::text("ffmpeg", &["ffmpeg"], r"%s version ([0-9]+\.[0-9]+(?:\.[0-9]+)?)[ \x00-]"),
    Rule::text("wordpress", &["wp-includes/version.php"], r"\$wp_version = '([0-9]+\.[0-9]+(?:\.[0-9]+)?)"),
    Rule::text("wp-cli", &["wp", "wp-cli.phar"], r"wp-cli/wp-cli ([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("drupal", &["core/lib/Drupal.php"], r"const VERSION = '([0-9]+\.[0-9]+\.[0-9]+)"),
    Rule::text("tomcat", &["RELEASE-NOTES"], r"Apache Tomcat Version ([0-9]+\.[0-9]+\.[0-9]+)"),
];
