//! One statement: which vulnerability, in what, and what of it.

use super::purl::Purl;

/// What is said of a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The product does not have it.
    NotAffected,
    /// The product had it.
    Fixed,
    /// The product has it.
    Affected,
    /// Nobody knows yet.
    UnderInvestigation,
}

/// A product, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its package URLs.
    pub purls: Vec<String>,
    /// The parts of it that are meant; none means the whole.
    pub parts: Vec<Component>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The vulnerability's names.
    pub names: Vec<String>,
    /// In what.
    pub products: Vec<Component>,
    /// What of it.
    pub verdict: Verdict,
    /// Why, for people.
    pub reason: String,
}

/// What is scanned, by package URLs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'p> {
    /// Of the image; there may be none.
    pub(super) image: &'p [Option<Purl<'p>>],
    /// Of the package.
    pub(super) package: Option<&'p Purl<'p>>,
}

impl Statement {
    /// Whether it is about the package: as a product of its own, or in an image that is one.
    pub(super) fn concerns(&self, subject: Subject<'_>) -> bool {
        self.products.iter().any(|product| {
            let is_image = || subject.image.iter().flatten().any(|image| product.is(image));
            let is_part = || {
                let mut parts = product.parts.iter();
                subject.package.is_some_and(|package| parts.any(|part| part.is(package)))
            };
            match product.parts.as_slice() {
                [] => subject.package.is_some_and(|package| product.is(package)) || is_image(),
                // Of a product that is nobody else's but the image's or the package's own.
                _ => is_part() && is_image(),
            }
        })
    }
}

impl Component {
    pub(super) fn of(purls: impl IntoIterator<Item = String>) -> Self {
        Self { purls: purls.into_iter().collect(), parts: Vec::new() }
    }

    fn is(&self, package: &Purl<'_>) -> bool {
        self.purls.iter().filter_map(|purl| Purl::parse(purl)).any(|purl| purl.means(package))
    }
}

impl Verdict {
    /// Whether a finding no longer counts.
    pub(super) fn dismisses(self) -> bool {
        matches!(self, Self::NotAffected | Self::Fixed)
    }

    /// As OpenVEX and CSAF have it.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "not_affected" | "known_not_affected" => Self::NotAffected,
            "fixed" | "first_fixed" => Self::Fixed,
            "affected" | "known_affected" | "first_affected" | "last_affected" => Self::Affected,
            "under_investigation" => Self::UnderInvestigation,
            _ => return None,
        })
    }

    /// For people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::NotAffected => "not affected",
            Self::Fixed => "fixed",
            Self::Affected => "affected",
            Self::UnderInvestigation => "under investigation",
        }
    }
}

/// Verdict and reasons in one line.
pub(super) fn line<'r>(verdict: Verdict, reasons: impl IntoIterator<Item = &'r str>) -> String {
    let reasons = reasons.into_iter().map(str::trim).filter(|reason| !reason.is_empty());
    let reasons = reasons.map(|reason| reason.replace('_', " "));
    std::iter::once(verdict.words().to_owned()).chain(reasons).collect::<Vec<_>>().join(": ")
}
