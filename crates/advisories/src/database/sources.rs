//! Records of many sources, each on its way into a shard of its own.

use std::collections::BTreeMap;

use super::build::{Builder, Built};
use super::error::DatabaseError;
use crate::advisory::{Record, Remark};

/// Gathers records by their sources, so that an update replaces those and no others.
#[derive(Debug, Default)]
pub struct Sources {
    builders: BTreeMap<String, Builder>,
}

impl Sources {
    /// Takes a record.
    pub fn add(&mut self, record: &Record) {
        let source = source(record);
        if !self.builders.contains_key(source) {
            self.builders.insert(source.to_owned(), Builder::new());
        }
        if let Some(builder) = self.builders.get_mut(source) {
            builder.add(record);
        }
    }

    /// The shards, by source.
    ///
    /// # Errors
    /// [`DatabaseError::TooLarge`].
    pub fn finish(self) -> Result<BTreeMap<String, Built>, DatabaseError> {
        self.builders.into_iter().map(|(source, builder)| Ok((source, builder.finish()?))).collect()
    }
}

fn source(record: &Record) -> &str {
    match record {
        Record::Advisory(advisory) if advisory.source.is_empty() => "other",
        Record::Advisory(advisory) => &advisory.source,
        Record::Remark { remark: Remark::Exploited(_), .. } => "kev",
        Record::Remark { remark: Remark::Likelihood { .. }, .. } => "epss",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::Advisory;

    #[test]
    fn each_source_is_a_shard() {
        let mut sources = Sources::default();
        for (id, source) in [("A-1", "debian"), ("A-2", "ghsa"), ("A-3", "debian"), ("A-4", "")] {
            let (id, source) = (id.to_owned(), source.to_owned());
            sources.add(&Record::Advisory(Box::new(Advisory { id, source, ..Advisory::default() })));
        }
        let likelihood = Remark::Likelihood { probability: 0.5, percentile: 0.5 };
        sources.add(&Record::Remark { cve: "CVE-1".into(), remark: likelihood });
        let built = sources.finish().unwrap();
        let counts = built.iter().map(|(source, built)| (source.as_str(), built.counts.advisories));
        let expected = [("debian", 2), ("epss", 0), ("ghsa", 1), ("other", 1)];
        assert_eq!(counts.collect::<Vec<_>>(), expected);
    }
}
