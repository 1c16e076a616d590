//! CycloneDX: components, nested ones included.

use model::bill;
use model::inventory::{Distribution, SourcePackage};
use serde::de::MapAccess;

use super::collect::{Collector, Item, Layer};
use super::stream::{Member, Taker, takes_texts};

/// What the document is about.
#[derive(Default)]
pub(super) struct Metadata;

impl Taker for Metadata {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "component" => {
                let mut target = Component::default();
                value.object(&mut target, collector)?;
                target.describe_subject(collector);
            }
            "properties" => {
                for property in value.list::<Property>(collector)? {
                    if property.name == bill::GAP {
                        collector.gap(&property.value);
                    }
                }
            }
            _ => value.leave()?,
        }
        Ok(())
    }
}

/// A component: a package, an operating system, or something else.
#[derive(Default)]
pub(super) struct Component {
    kind: String,
    id: String,
    name: String,
    version: String,
    description: String,
    purl: String,
    licences: Vec<Choice>,
    evidence: Evidence,
    properties: Vec<Property>,
}

impl Taker for Component {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = value.text()?,
            "bom-ref" => self.id = value.text()?,
            "name" => self.name = value.text()?,
            "version" => self.version = value.text()?,
            "description" => self.description = value.text()?,
            "purl" => self.purl = value.text()?,
            "licenses" => self.licences = value.list(collector)?,
            "evidence" => value.object(&mut self.evidence, collector)?,
            "properties" => self.properties = value.list(collector)?,
            "components" => value.each::<Component>(collector)?,
            _ => value.leave()?,
        }
        Ok(())
    }

    fn done(mut self, collector: &mut Collector) {
        match self.kind.as_str() {
            "operating-system" => collector.distribution = Some(self.distribution()),
            // Files and lock files have components, and are none that anybody has advisories about.
            _ if self.purl.is_empty() && self.kind != "library" => {}
            _ => {
                let item = self.item();
                collector.add(item);
            }
        }
    }
}

impl Component {
    fn describe_subject(self, collector: &mut Collector) {
        let digest = self.version.starts_with("sha256:").then_some(self.version.as_str());
        collector.digest =
            digest.or(self.property("aquasecurity:trivy:ImageID")).unwrap_or_default().to_owned();
        let layers = [bill::LAYER_DIGEST, "aquasecurity:trivy:DiffID"];
        let layers = self.properties.iter().filter(|property| layers.contains(&property.name.as_str()));
        collector.stack = layers.map(|property| property.value.clone()).collect();
        collector.subject = self.name;
    }

    fn property(&self, name: &str) -> Option<&str> {
        let property = self.properties.iter().find(|property| property.name == name);
        property.map(|property| property.value.as_str())
    }

    fn all(&self, name: &str) -> Vec<String> {
        let properties = self.properties.iter().filter(|property| property.name == name);
        properties.map(|property| property.value.clone()).collect()
    }

    fn distribution(&self) -> Distribution {
        let text = |name| self.property(name).map(str::to_owned);
        Distribution {
            id: text("syft:distro:id").unwrap_or_else(|| self.name.to_lowercase()),
            like: self.all(bill::LIKE),
            version: text("syft:distro:versionID").unwrap_or_else(|| self.version.clone()),
            codename: text(bill::CODENAME).or(text("syft:distro:versionCodename")).unwrap_or_default(),
            name: text("syft:distro:prettyName").unwrap_or_else(|| self.description.clone()),
        }
    }

    fn item(&mut self) -> Item {
        let words = self.all(bill::LICENCE);
        let declared = std::mem::take(&mut self.licences).into_iter().map(Choice::words);
        let number = self.property(bill::LAYER).and_then(|layer| layer.parse().ok());
        let digests = ["aquasecurity:trivy:LayerDiffID", "syft:location:0:layerID"];
        let digest = digests.iter().find_map(|name| self.property(name));
        let paths = ["aquasecurity:trivy:FilePath", "syft:location:0:path"];
        let path = paths.iter().find_map(|name| self.property(name));
        Item {
            id: self.id.clone(),
            purl: self.purl.clone(),
            licences: if words.is_empty() { declared.collect() } else { words },
            location: self.evidence.location().or(path).unwrap_or_default().to_owned(),
            layer: match (number, digest) {
                (Some(number), _) => Layer::Number(number),
                (None, Some(digest)) => Layer::Digest(digest.to_owned()),
                (None, None) => Layer::Unknown,
            },
            owner: self.property(bill::OWNER).unwrap_or_default().to_owned(),
            source: self.trivy_source(),
        }
    }

    /// What Trivy says of a package's source: its package URLs leave it out.
    fn trivy_source(&self) -> Option<SourcePackage> {
        let property = |name: &str| self.property(name).unwrap_or_default();
        let name = self.property("aquasecurity:trivy:SrcName")?.to_owned();
        let epoch = match property("aquasecurity:trivy:SrcEpoch") {
            "" => String::new(),
            epoch => format!("{epoch}:"),
        };
        let release = match property("aquasecurity:trivy:SrcRelease") {
            "" => String::new(),
            release => format!("-{release}"),
        };
        let version = format!("{epoch}{}{release}", property("aquasecurity:trivy:SrcVersion"));
        Some(SourcePackage { name, version })
    }
}

/// A name and a value.
#[derive(Default)]
pub(super) struct Property {
    name: String,
    value: String,
}

takes_texts!(Property, "name" => name, "value" => value);

/// A licence by id or by name, or an expression.
#[derive(Default)]
struct Choice {
    expression: String,
    licence: Licence,
}

impl Choice {
    fn words(self) -> String {
        let all = [self.expression, self.licence.id, self.licence.name];
        all.into_iter().find(|words| !words.is_empty()).unwrap_or_default()
    }
}

impl Taker for Choice {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "expression" => self.expression = value.text()?,
            "license" => value.object(&mut self.licence, collector)?,
            _ => value.leave()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Licence {
    id: String,
    name: String,
}

takes_texts!(Licence, "id" => id, "name" => name);

/// Where a component was found.
#[derive(Default)]
struct Evidence {
    occurrences: Vec<Occurrence>,
}

impl Evidence {
    fn location(&self) -> Option<&str> {
        self.occurrences.first().map(|occurrence| occurrence.location.as_str())
    }
}

impl Taker for Evidence {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "occurrences" => self.occurrences = value.list(collector)?,
            _ => value.leave()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Occurrence {
    location: String,
}

takes_texts!(Occurrence, "location" => location);
