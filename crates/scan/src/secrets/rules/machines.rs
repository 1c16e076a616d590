//! Passwords within addresses.

use model::finding::Severity::{High, Medium};

use super::rule::{Rule, named};
use crate::secrets::check;

macro_rules! address {
    ($schemes:literal) => {
        concat!("(?i:", $schemes, r#")://[^\s/:@"'<>]{0,64}:([^\s/@"'<>`]{4,128})@[0-9A-Za-z\[]"#)
    };
}

pub(super) static RULES: &[Rule] = &[
    named(
        "database-password",
        "the password of a database, within its address",
        High,
        &[
            "postgres://",
            "postgresql://",
            "postgresql+psycopg2://",
            "postgresql+asyncpg://",
            "mysql://",
            "mysql+pymysql://",
            "mariadb://",
            "mssql://",
            "sqlserver://",
            "mongodb://",
            "mongodb+srv://",
            "redis://",
            "rediss://",
            "clickhouse://",
            "cockroachdb://",
        ],
        address!(r"[a-z][0-9a-z+]{3,24}"),
    )
    .checked(check::password),
    named(
        "broker-password",
        "the password of a message broker, within its address",
        High,
        &["amqp://", "amqps://", "mqtt://", "mqtts://", "nats://", "stomp://"],
        address!("amqps?|mqtts?|nats|stomp"),
    )
    .checked(check::password),
    named(
        "address-password",
        "a password within an address",
        Medium,
        &[
            "https://", "http://", "ftp://", "ftps://", "sftp://", "ssh://", "ldap://", "ldaps://",
            "smtp://", "smtps://",
        ],
        address!("https?|s?ftps?|ssh|ldaps?|smtps?"),
    )
    .checked(check::password),
    named(
        "jdbc-password",
        "the password of a database, within its address",
        High,
        &["jdbc:"],
        r#"(?i:jdbc:[a-z0-9]{2,20}:[^\s"'<>]{4,200}[?&;]password)=([^\s"'<>&;`]{4,128})"#,
    )
    .checked(check::password),
    named(
        "connection-password",
        "the password of a database, within its connection string",
        High,
        &["data source=", "server=", "host="],
        r#"(?i:data source|server|host)=[^"'<>\n]{2,200};[ ]?(?i:password|pwd)=([^\s"'<>;`]{4,128})"#,
    )
    .checked(check::password),
];
