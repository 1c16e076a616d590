//! `coffer scan ...`, `coffer sbom`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use engine::advice::PublisherKey;
use engine::examine::Look;
use model::finding::Severity;

use crate::value::until::{self, Until};
use crate::value::{publisher, severity};

/// `scan`
#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// An image, an archive, a directory, a bill of material, or a container; container: and sbom: say which
    #[arg(value_name = "TARGET", required_unless_present = "all")]
    pub(crate) target: Option<String>,
    /// Scan every image of the store, a line each
    #[arg(long, conflicts_with_all = ["target", "output"])]
    pub(crate) all: bool,
    /// Leave out what is less severe: negligible, low, medium, high or critical
    #[arg(short, long, value_name = "SEVERITY", value_parser = severity::parse)]
    pub(crate) severity: Option<Severity>,
    /// Leave out vulnerabilities that no newer version mends
    #[arg(long)]
    pub(crate) only_fixed: bool,
    /// Exit with 1 if anything as severe as this is found
    #[arg(long, value_name = "SEVERITY", value_parser = severity::parse)]
    pub(crate) fail_on: Option<Severity>,
    #[command(flatten)]
    pub(crate) words: Words,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What is looked for, and whose word counts.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Words {
    /// What to look for: vuln, secret, misconfig, licence; all of them unless some are named; vuln alone is fastest
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = look)]
    pub(crate) scanners: Vec<Look>,
    /// VEX documents: OpenVEX, CSAF or CycloneDX, in JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) vex: Vec<PathBuf>,
    /// Files that accept vulnerabilities, each with reason and end
    #[arg(long, value_name = "FILE")]
    pub(crate) ignore: Vec<PathBuf>,
    /// Lists of the hashes of malicious files
    #[arg(long, value_name = "FILE")]
    pub(crate) hashes: Vec<PathBuf>,
    /// YARA rules: files, or directories of them
    #[arg(long, value_name = "PATH")]
    pub(crate) yara: Vec<PathBuf>,
}

/// `scan diff`
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// What was
    #[arg(value_name = "BEFORE")]
    pub(crate) before: String,
    /// What is
    #[arg(value_name = "AFTER")]
    pub(crate) after: String,
    #[command(flatten)]
    pub(crate) words: Words,
}

/// `scan explain`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The vulnerability, by any of its names
    #[arg(value_name = "CVE")]
    pub(crate) id: String,
    /// What may have it
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) words: Words,
}

/// `sbom`
#[derive(Debug, Args)]
pub(crate) struct Sbom {
    /// An image, an archive, a directory, a bill of material, or a container
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `advisories import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files, archives, directories or https:// addresses, as they are published
    #[arg(value_name = "PATH", required = true)]
    pub(crate) feeds: Vec<OsString>,
    /// Sign what comes of it with this private key, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

/// `advisories update`
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// What `advisories export` wrote elsewhere, an https:// address, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: OsString,
    /// Take it even if it is older than what is here
    #[arg(long)]
    pub(crate) allow_older: bool,
}

/// `advisories status`
#[derive(Debug, Args)]
pub(crate) struct Status {}

/// `advisories verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {}

/// `advisories export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Sign them with this private key, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

/// `advisories pin`
#[derive(Debug, Args)]
pub(crate) struct PinPublisher {
    /// A public key, as `advisories export --key` says it
    #[arg(value_name = "KEY", value_parser = publisher::parse)]
    pub(crate) key: PublisherKey,
}

/// `advisories unpin`
#[derive(Debug, Args)]
pub(crate) struct UnpinPublisher {
    /// A public key, as `advisories status` lists it
    #[arg(value_name = "KEY", value_parser = publisher::parse)]
    pub(crate) key: PublisherKey,
}

/// `advisories affected`
#[derive(Debug, Args)]
pub(crate) struct Affected {
    /// A vulnerability by any of its names, or a package
    #[arg(value_name = "CVE|PACKAGE")]
    pub(crate) name: String,
}

/// `advisories accept`
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// The vulnerability, by any of its names
    #[arg(value_name = "CVE")]
    pub(crate) id: String,
    /// Only in this package, or in those of this source
    #[arg(long, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", required = true)]
    pub(crate) reason: String,
    /// The last day, or `never`
    #[arg(long, value_name = "DAY", required = true, value_parser = until::parse)]
    pub(crate) until: Until,
}

fn look(text: &str) -> Result<Look, crate::value::ValueError> {
    match text {
        "vuln" => Ok(Look::Vulnerabilities),
        "secret" => Ok(Look::Secrets),
        "misconfig" => Ok(Look::Misconfigurations),
        "licence" | "license" => Ok(Look::Licences),
        _ => Err(crate::value::ValueError::new(
            format!("`{text}` is nothing to look for"),
            "some of vuln, secret, misconfig, licence",
        )),
    }
}
