//! Where readers put what they understood, and what they did not.

use super::{Count, Item, Skipped};
use crate::advisory::{Advisory, Record, Remark};

/// Most letters of a record's name, and of what is wrong with it: both may quote what a stranger wrote.
const MAX_NAME: usize = 80;
const MAX_REASON: usize = 300;

/// What comes of one document.
pub(super) struct Output<'a> {
    source: &'a str,
    count: &'a mut Count,
    each: &'a mut dyn FnMut(Item),
}

impl<'a> Output<'a> {
    pub(super) fn new(source: &'a str, count: &'a mut Count, each: &'a mut dyn FnMut(Item)) -> Self {
        Self { source, count, each }
    }

    /// The document's name.
    pub(super) fn source(&self) -> &'a str {
        self.source
    }

    /// Something that was understood.
    pub(super) fn advisory(&mut self, advisory: Advisory) {
        self.record(Record::Advisory(Box::new(advisory)));
    }

    /// A remark on a CVE.
    pub(super) fn remark(&mut self, cve: String, remark: Remark) {
        self.record(Record::Remark { cve, remark });
    }

    fn record(&mut self, record: Record) {
        self.count.records += 1;
        (self.each)(Item::Record(record));
    }

    /// Something of a record, or all of it where `record` is empty, that was not understood.
    pub(super) fn skip(&mut self, record: &str, reason: impl Into<String>) {
        self.count.skipped += 1;
        (self.each)(Item::Skipped(Skipped {
            source: self.source.to_owned(),
            record: short(record, MAX_NAME),
            reason: short(&reason.into(), MAX_REASON),
        }));
    }
}

fn short(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
