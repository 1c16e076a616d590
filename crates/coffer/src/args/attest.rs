//! `coffer attest`, `coffer verify`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::trust::Opening;
use crate::value::pair::{self, Pair};

/// `attest`
#[derive(Debug, Args)]
pub(crate) struct Attest {
    /// An image of the store or in a registry, or an OCI layout: app:1.4, registry.example/team/app:1.4, oci:DIR
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// What is said: vuln and sbom are found out now, signature says nothing more; provenance or a type's address need --predicate
    #[arg(long = "type", value_name = "TYPE", required = true)]
    pub(crate) kind: String,
    /// A file with what is said, in JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) predicate: Option<PathBuf>,
    /// The key that signs: PUBLISHER/ROLE-N, a file of coffer, cosign or openssl, or pkcs11:...
    #[arg(long, value_name = "KEY", required = true, help_heading = "Keys")]
    pub(crate) key: String,
    /// Words that a signature is made with
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = pair::label)]
    pub(crate) annotation: Vec<Pair>,
    /// Where cosign finds it: tag (every version), referrer (from 2.6 on), both
    #[arg(
        long,
        value_enum,
        value_name = "WHERE",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) layout: Layout,
    #[command(flatten)]
    pub(crate) opening: Opening,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// Where cosign finds it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// In both places.
    #[default]
    Both,
    /// Under a tag beside the image.
    Tag,
    /// As what refers to the image.
    Referrer,
}

/// `verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// An image of the store or in a registry, or an OCI layout: app:1.4, registry.example/team/app:1.4, oci:DIR
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// What has to be said of it: vuln, sbom, provenance, or a type's address; a signature where nothing is said
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// Words that a signature has to have been made with
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = pair::label)]
    pub(crate) annotation: Vec<Pair>,
    /// Print what is said, in JSON, and nothing else
    #[arg(long)]
    pub(crate) print: bool,
    #[command(flatten)]
    pub(crate) grounds: Grounds,
    /// The image for another platform than this host's
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platform: Option<engine::ship::Wanted>,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// What somebody trusts. One of these has to be given: nothing is trusted by itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "Whose word counts")]
pub(crate) struct Grounds {
    /// Public keys in PEM, such as cosign.pub; one of them has to have signed
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// Who signed without a key of their own: an address, or a workflow's URI
    #[arg(long, value_name = "SUBJECT", requires_all = ["issuer", "trusted_root"])]
    pub(crate) identity: Option<String>,
    /// Who vouches for that identity, by address
    #[arg(long, value_name = "URL", requires = "identity")]
    pub(crate) issuer: Option<String>,
    /// Sigstore's trusted_root.json, as you got it
    #[arg(long, value_name = "FILE", requires = "identity")]
    pub(crate) trusted_root: Option<PathBuf>,
    /// Certificates of authorities in PEM or DER, for Notation's signatures
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_store: Vec<PathBuf>,
    /// Whom such a certificate may name: 'x509.subject: C=US, ST=WA, O=example'; anybody where nothing is said
    #[arg(long, value_name = "SUBJECT", requires = "trust_store")]
    pub(crate) trusted_identity: Vec<String>,
}
