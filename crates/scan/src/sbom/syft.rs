//! Syft's own JSON: artifacts, where they are, and which own the files of which.

use model::inventory::Distribution;
use serde::de::MapAccess;

use super::collect::{Collector, Item, Layer};
use super::stream::{Member, Taker, takes_texts};

/// A package.
#[derive(Default)]
pub(super) struct Artifact {
    id: String,
    purl: String,
    licences: Vec<Licence>,
    locations: Vec<Location>,
}

impl Taker for Artifact {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "id" => self.id = value.text()?,
            "purl" => self.purl = value.text()?,
            "licenses" => self.licences = value.list(collector)?,
            "locations" => self.locations = value.list(collector)?,
            _ => value.leave()?,
        }
        Ok(())
    }

    fn done(self, collector: &mut Collector) {
        let location = self.locations.into_iter().next().unwrap_or_default();
        let licences = self.licences.into_iter().map(|licence| match licence.expression {
            expression if expression.is_empty() => licence.value,
            expression => expression,
        });
        collector.add(Item {
            id: self.id,
            purl: self.purl,
            licences: licences.collect(),
            location: location.path,
            layer: Layer::Digest(location.layer),
            ..Item::default()
        });
    }
}

/// Older versions give licences as texts alone, which are left.
#[derive(Default)]
struct Licence {
    value: String,
    expression: String,
}

takes_texts!(Licence, "value" => value, "spdxExpression" => expression);

#[derive(Default)]
struct Location {
    path: String,
    layer: String,
}

takes_texts!(Location, "path" => path, "layerID" => layer);

/// What one artifact has to do with another.
#[derive(Default)]
pub(super) struct Relationship {
    kind: String,
    parent: String,
    child: String,
}

impl Taker for Relationship {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        _: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = value.text()?,
            "parent" => self.parent = value.text()?,
            "child" => self.child = value.text()?,
            _ => value.leave()?,
        }
        Ok(())
    }

    fn done(self, collector: &mut Collector) {
        if self.kind == "ownership-by-file-overlap" {
            collector.own_later(self.parent, self.child);
        }
    }
}

/// What was scanned; in older versions within `target`, in newer ones within `metadata`.
#[derive(Default)]
pub(super) struct Source;

impl Taker for Source {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "name" if collector.subject.is_empty() => collector.subject = value.text()?,
            "userInput" => collector.subject = value.text()?,
            "manifestDigest" => collector.digest = value.text()?,
            "layers" => {
                let layers = value.list::<LayerOf>(collector)?;
                collector.stack = layers.into_iter().map(|layer| layer.digest).collect();
            }
            "target" | "metadata" => value.object(self, collector)?,
            _ => value.leave()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct LayerOf {
    digest: String,
}

takes_texts!(LayerOf, "digest" => digest);

/// The distribution.
#[derive(Default)]
pub(super) struct Distro {
    id: String,
    version: String,
    codename: String,
    name: String,
}

impl Taker for Distro {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        _: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "id" => self.id = value.text()?,
            "versionID" => self.version = value.text()?,
            "versionCodename" => self.codename = value.text()?,
            "prettyName" => self.name = value.text()?,
            _ => value.leave()?,
        }
        Ok(())
    }

    fn done(self, collector: &mut Collector) {
        if !self.id.is_empty() {
            collector.distribution = Some(Distribution {
                id: self.id,
                like: Vec::new(),
                version: self.version,
                codename: self.codename,
                name: self.name,
            });
        }
    }
}
