//! What kinds of things are said of images, by the addresses that everybody writes.

use std::fmt;

use crate::signature::shown;

/// What kind of thing is said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Predicate {
    /// Nothing but that somebody signs it, as cosign writes it from version 3 on.
    Signature,
    /// What a scan found.
    Vulnerabilities,
    /// A bill of material in CycloneDX.
    CycloneDx,
    /// A bill of material in SPDX.
    Spdx,
    /// How it was made: SLSA, version 1.
    Provenance,
    /// Which vulnerabilities count, in OpenVEX.
    Vex,
    /// Whatever else; cosign's type for a file.
    Custom,
    /// By its own word.
    Other(String),
}

/// Each kind with the address that stands for it.
const KINDS: [(Predicate, &str); 7] = [
    (Predicate::Signature, "https://sigstore.dev/cosign/sign/v1"),
    (Predicate::Vulnerabilities, "https://cosign.sigstore.dev/attestation/vuln/v1"),
    (Predicate::CycloneDx, "https://cyclonedx.org/bom"),
    (Predicate::Spdx, "https://spdx.dev/Document"),
    (Predicate::Provenance, "https://slsa.dev/provenance/v1"),
    (Predicate::Vex, "https://openvex.dev/ns"),
    (Predicate::Custom, "https://cosign.sigstore.dev/attestation/v1"),
];

/// Those that a version may follow.
const BILLS: [&str; 2] = ["https://cyclonedx.org/bom", "https://spdx.dev/Document"];

impl Predicate {
    /// What kind an address stands for.
    #[must_use]
    pub fn of(address: &str) -> Self {
        let known = KINDS.iter().find(|(_, known)| *known == address);
        known.map_or_else(|| Self::Other(address.to_owned()), |(kind, _)| kind.clone())
    }

    /// The address that stands for it.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Other(address) => address,
            kind => KINDS.iter().find(|(known, _)| known == kind).map_or("", |(_, address)| address),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature => f.write_str("signature"),
            Self::Vulnerabilities => f.write_str("vuln"),
            Self::CycloneDx => f.write_str("cyclonedx"),
            Self::Spdx => f.write_str("spdx"),
            Self::Provenance => f.write_str("provenance"),
            Self::Vex => f.write_str("vex"),
            Self::Custom => f.write_str("custom"),
            Self::Other(address) => write!(f, "{}", shown(address)),
        }
    }
}

/// The kinds that a person means by a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    word: String,
    addresses: Vec<String>,
}

impl Wanted {
    /// `vuln`, `sbom`, `provenance` and so on; what is none of these is an address.
    #[must_use]
    pub fn by_word(word: &str) -> Self {
        let addresses: &[&str] = match word {
            "signature" => &["https://sigstore.dev/cosign/sign/v1"],
            "vuln" => &["https://cosign.sigstore.dev/attestation/vuln/v1"],
            "sbom" => &["https://cyclonedx.org/bom", "https://spdx.dev/Document"],
            "cyclonedx" => &["https://cyclonedx.org/bom"],
            "spdx" => &["https://spdx.dev/Document"],
            "provenance" => &["https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"],
            "vex" => &["https://openvex.dev/ns"],
            "custom" => &["https://cosign.sigstore.dev/attestation/v1"],
            address => &[address],
        };
        Self {
            word: word.to_owned(),
            addresses: addresses.iter().map(|&address| address.to_owned()).collect(),
        }
    }

    /// Whether a statement is of one of them. Bills of material are written with and without their version.
    #[must_use]
    pub fn is(&self, predicate: &Predicate) -> bool {
        let found = predicate.address();
        self.addresses.iter().any(|address| match found.strip_prefix(address.as_str()) {
            Some("") => true,
            Some(rest) => BILLS.contains(&address.as_str()) && rest.starts_with("/v"),
            None => false,
        })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_for_kinds() {
        assert!(Wanted::by_word("sbom").is(&Predicate::Spdx));
        assert!(Wanted::by_word("sbom").is(&Predicate::of("https://spdx.dev/Document/v2.3")));
        assert!(!Wanted::by_word("sbom").is(&Predicate::of("https://spdx.dev/Documentary")));
        assert!(Wanted::by_word("provenance").is(&Predicate::of("https://slsa.dev/provenance/v0.2")));
        assert!(Wanted::by_word("https://example.com/x").is(&Predicate::of("https://example.com/x")));
        assert!(!Wanted::by_word("https://example.com/x").is(&Predicate::of("https://example.com/x/v2")));
        assert!(!Wanted::by_word("vuln").is(&Predicate::Custom));
        for (kind, address) in KINDS {
            assert_eq!(Predicate::of(address), kind);
        }
    }
}
