//! SPDX 2: packages with references, and what annotations add.

use model::bill;
use model::inventory::{Distribution, SourcePackage};
use serde::de::MapAccess;

use super::collect::{Collector, Item, Layer};
use super::stream::{Member, Taker, takes_texts};

/// What SPDX says where nobody says anything.
const NOTHING: [&str; 2] = ["NOASSERTION", "NONE"];

/// A package: one in the sense of a package manager, an operating system, or what the document is about.
#[derive(Default)]
pub(super) struct Package {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) summary: String,
    pub(super) purpose: String,
    pub(super) declared: String,
    pub(super) concluded: String,
    pub(super) source_info: String,
    pub(super) references: Vec<Reference>,
    pub(super) annotations: Vec<Annotation>,
}

impl Taker for Package {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "SPDXID" => self.id = value.text()?,
            "name" => self.name = value.text()?,
            "versionInfo" => self.version = value.text()?,
            "summary" => self.summary = value.text()?,
            "primaryPackagePurpose" => self.purpose = value.text()?,
            "licenseDeclared" => self.declared = value.text()?,
            "licenseConcluded" => self.concluded = value.text()?,
            "sourceInfo" => self.source_info = value.text()?,
            "externalRefs" => self.references = value.list(collector)?,
            "annotations" => self.annotations = value.list(collector)?,
            _ => value.leave()?,
        }
        Ok(())
    }

    fn done(self, collector: &mut Collector) {
        match self.purpose.as_str() {
            "OPERATING_SYSTEM" | "OPERATING-SYSTEM" => collector.distribution = Some(self.distribution()),
            "CONTAINER" => self.describe_subject(collector),
            // What the document is about may be a package that nobody manages; files are none at all.
            "FILE" | "SOURCE" | "APPLICATION" | "OTHER" if self.purl().is_empty() => {}
            _ => collector.add(self.item()),
        }
    }
}

impl Package {
    fn describe_subject(self, collector: &mut Collector) {
        collector.stack = self.remarks(bill::LAYER_DIGEST).map(str::to_owned).collect();
        if self.version.starts_with("sha256:") {
            collector.digest = self.version;
        }
        if collector.subject.is_empty() {
            collector.subject = self.name;
        }
    }

    fn purl(&self) -> &str {
        let purl = self.references.iter().find(|reference| reference.kind == "purl");
        purl.map_or("", |reference| reference.locator.as_str())
    }

    /// What annotations of ours say by a name.
    fn remarks<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let comments = self.annotations.iter().map(|annotation| annotation.comment.as_str());
        comments.filter_map(move |comment| comment.strip_prefix(name)?.strip_prefix('='))
    }

    fn remark(&self, name: &str) -> String {
        self.remarks(name).next().unwrap_or_default().to_owned()
    }

    fn distribution(&self) -> Distribution {
        Distribution {
            id: self.name.to_lowercase(),
            like: self.remarks(bill::LIKE).map(str::to_owned).collect(),
            version: self.version.clone(),
            codename: self.remark(bill::CODENAME),
            name: self.summary.clone(),
        }
    }

    fn item(&self) -> Item {
        let words: Vec<String> = self.remarks(bill::LICENCE).map(str::to_owned).collect();
        let said = |licence: &&String| !licence.is_empty() && !NOTHING.contains(&licence.as_str());
        let declared = [&self.declared, &self.concluded].into_iter().find(said);
        let layer = self.remarks(bill::LAYER).find_map(|layer| layer.parse().ok());
        Item {
            id: self.id.clone(),
            purl: self.purl().to_owned(),
            licences: if words.is_empty() { declared.into_iter().cloned().collect() } else { words },
            location: self.remark(bill::LOCATION),
            layer: layer.map_or(Layer::Unknown, Layer::Number),
            owner: match self.remark(bill::OWNER) {
                owner if owner.is_empty() => owner,
                owner => format!("SPDXRef-{owner}"),
            },
            source: self.trivy_source(),
        }
    }

    /// What Trivy says of a package's source: its package URLs leave it out.
    fn trivy_source(&self) -> Option<SourcePackage> {
        let (name, version) = self.source_info.strip_prefix("built package from: ")?.split_once(' ')?;
        Some(SourcePackage { name: name.to_owned(), version: version.to_owned() })
    }
}

/// A package's name elsewhere.
#[derive(Default)]
pub(super) struct Reference {
    pub(super) kind: String,
    pub(super) locator: String,
}

takes_texts!(Reference, "referenceType" => kind, "referenceLocator" => locator);

/// What somebody adds to a package.
#[derive(Default)]
pub(super) struct Annotation {
    pub(super) comment: String,
}

takes_texts!(Annotation, "comment" => comment);

/// What somebody adds to the document.
#[derive(Default)]
pub(super) struct DocumentAnnotation(Annotation);

impl Taker for DocumentAnnotation {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error> {
        self.0.member(name, value, collector)
    }

    fn done(self, collector: &mut Collector) {
        if let Some(gap) = self.0.comment.strip_prefix(bill::GAP).and_then(|rest| rest.strip_prefix('=')) {
            collector.gap(gap);
        }
    }
}
