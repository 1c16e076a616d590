//! Makes shards. The same records in the same order give the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::bytes::{put_bytes, put_number};
use super::draft::Draft;
use super::error::DatabaseError;
use super::hash::{check, hash, joined};
use super::head::{head, put_texts};
use super::remark::Remarks;
use super::shard::{Counts, FORMAT, HEADER, MAGIC, MAX_RECORD};
use super::strings::Interner;
use super::table::table;
use crate::advisory::{Advisory, Affected, Record, Topic};
use crate::ecosystem::normal_name;
use crate::version::Order;

/// The most that a shard may be long, in bytes.
const MAX_SHARD: usize = 1 << 30;

/// Gathers records until they are a shard.
#[derive(Debug)]
pub struct Builder {
    strings: Interner,
    records: Vec<u8>,
    packages: BTreeMap<(String, String), Draft>,
    names: BTreeMap<String, BTreeSet<u32>>,
    heads: HashMap<(u64, usize), u32>,
    remarks: BTreeMap<String, Remarks>,
    advisories: u32,
    left_out: Vec<LeftOut>,
}

/// A shard, and what is not in it.
#[derive(Debug)]
pub struct Built {
    /// The file.
    pub bytes: Vec<u8>,
    /// How much is in it.
    pub counts: Counts,
    /// What could not be taken.
    pub left_out: Vec<LeftOut>,
}

/// Something of an advisory that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The advisory.
    pub advisory: String,
    /// The package.
    pub package: String,
    /// Why, for people.
    pub reason: String,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// A shard of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            strings: Interner::new(),
            records: Vec::new(),
            packages: BTreeMap::new(),
            names: BTreeMap::new(),
            heads: HashMap::new(),
            remarks: BTreeMap::new(),
            advisories: 0,
            left_out: Vec::new(),
        }
    }

    /// Takes a record. Advisories that were taken back, and those that are about no vulnerability, say nothing of
    /// what is wrong with an image.
    pub fn add(&mut self, record: &Record) {
        match record {
            Record::Remark { cve, remark } => self.remarks.entry(cve.clone()).or_default().add(remark),
            Record::Advisory(advisory) => {
                let counts = matches!(advisory.topic, Topic::Vulnerability | Topic::Malice);
                if counts && advisory.withdrawn.is_none() {
                    self.add_advisory(advisory);
                }
            }
        }
    }

    fn add_advisory(&mut self, advisory: &Advisory) {
        let body = head(advisory, &mut self.strings);
        let offset = self.put_head(&body);
        for name in [&advisory.id].into_iter().chain(&advisory.aliases).chain(&advisory.mends) {
            self.names.entry(name.clone()).or_default().insert(offset);
        }
        for affected in &advisory.affected {
            if let Err(reason) = self.add_package(offset, affected) {
                let (advisory, package) = (advisory.id.clone(), affected.name.clone());
                self.left_out.push(LeftOut { advisory, package, reason });
            }
        }
    }

    fn add_package(&mut self, advisory: u32, affected: &Affected) -> Result<(), String> {
        let order = Order::of_ecosystem(&affected.ecosystem)
            .ok_or_else(|| format!("nothing is known of the ecosystem `{}`", affected.ecosystem))?;
        let name = normal_name(&affected.ecosystem, &affected.name).into_owned();
        let draft = self.packages.entry((affected.ecosystem.clone(), name)).or_default();
        draft.add(advisory, affected, order, &mut self.strings).map_err(|bad| bad.to_string())
    }

    /// An advisory about several releases comes once for each, with the same head.
    fn put_head(&mut self, body: &[u8]) -> u32 {
        let key = (hash(body), body.len());
        let same = |offset: &u32| {
            let record = self.records.get(*offset as usize + 8..);
            record.is_some_and(|record| record.starts_with(body))
        };
        if let Some(offset) = self.heads.get(&key).copied().filter(same) {
            return offset;
        }
        self.advisories += 1;
        let offset = self.put(body);
        self.heads.insert(key, offset);
        offset
    }

    /// Appends a record, and says where it is.
    fn put(&mut self, body: &[u8]) -> u32 {
        if self.records.is_empty() {
            // Offset 0 is no record.
            self.records.extend([0; 8]);
        }
        let offset = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.records.extend(check(body).to_le_bytes());
        self.records.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.records.extend_from_slice(body);
        offset
    }

    /// The shard.
    ///
    /// # Errors
    /// [`DatabaseError::TooLarge`].
    pub fn finish(mut self) -> Result<Built, DatabaseError> {
        let ecosystems: Vec<String> = self.ecosystems();
        let packages = self.put_packages()?;
        let names = std::mem::take(&mut self.names);
        let names = self.put_named(names, |out, offsets| {
            put_number(out, offsets.len() as u64);
            offsets.iter().for_each(|offset| put_number(out, (*offset).into()));
        });
        let remarks = std::mem::take(&mut self.remarks);
        let remarks = self.put_named(remarks, |out, remarks| remarks.put(out));
        let mut body = Vec::new();
        put_texts(&mut body, &ecosystems);
        let ecosystems = self.put(&body);
        let count = |entries: &[(u64, u32)]| u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let (packages_count, remarks_count) = (count(&packages), count(&remarks));
        let counts = Counts { advisories: self.advisories, packages: packages_count, remarks: remarks_count };
        let tables = [packages, names, remarks].map(|entries| table(&entries));
        let [Some(packages), Some(names), Some(remarks)] = tables else {
            return Err(DatabaseError::damaged("a source", "its names were made up to collide"));
        };
        let tables = [packages, names, remarks];
        if self.records.len() + self.strings.len() + tables.iter().map(Vec::len).sum::<usize>() > MAX_SHARD {
            return Err(too_large("a source", MAX_SHARD));
        }
        let bytes = assemble(&tables, &self.records, &self.strings.bytes(), ecosystems, counts);
        Ok(Built { bytes, counts, left_out: self.left_out })
    }

    fn ecosystems(&self) -> Vec<String> {
        let mut names: Vec<_> = self.packages.keys().map(|(ecosystem, _)| ecosystem.clone()).collect();
        names.dedup();
        names
    }

    fn put_packages(&mut self) -> Result<Vec<(u64, u32)>, DatabaseError> {
        let packages = std::mem::take(&mut self.packages);
        let mut entries = Vec::with_capacity(packages.len());
        for ((ecosystem, name), draft) in packages {
            let body = draft.body(&ecosystem, &name);
            if body.len() > MAX_RECORD {
                return Err(too_large(&name, MAX_RECORD));
            }
            entries.push((joined(hash(ecosystem.as_bytes()), &name), self.put(&body)));
        }
        Ok(entries)
    }

    fn put_named<T>(
        &mut self,
        records: BTreeMap<String, T>,
        put: impl Fn(&mut Vec<u8>, &T),
    ) -> Vec<(u64, u32)> {
        let entry = |(name, record): (String, T)| {
            let mut body = Vec::new();
            put_bytes(&mut body, name.as_bytes());
            put(&mut body, &record);
            (hash(name.as_bytes()), self.put(&body))
        };
        records.into_iter().map(entry).collect()
    }
}

fn too_large(path: &str, limit: usize) -> DatabaseError {
    DatabaseError::TooLarge { path: path.to_owned(), limit: limit as u64 }
}

fn assemble(
    tables: &[Vec<u8>; 3],
    records: &[u8],
    strings: &[u8],
    ecosystems: u32,
    counts: Counts,
) -> Vec<u8> {
    let [packages, names, remarks] = tables;
    let mut sections = [(0, 0); 5];
    let mut end = HEADER;
    let in_file: [&[u8]; 5] = [packages, names, remarks, records, strings];
    for (section, bytes) in sections.iter_mut().zip(in_file) {
        *section = (end, bytes.len());
        end += bytes.len();
    }
    let [packages, names, remarks, records, strings] = sections;
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let mut header = [number(end), number(0)].concat();
    for (start, length) in [strings, records, packages, names, remarks] {
        header.extend(number(start).into_iter().chain(number(length)));
    }
    for count in [ecosystems, counts.advisories, counts.packages, counts.remarks] {
        header.extend(count.to_le_bytes());
    }
    header.resize(HEADER - 16, 0);
    let mut file = [MAGIC.as_slice(), &FORMAT.to_le_bytes(), &check(&header).to_le_bytes(), &header].concat();
    in_file.iter().for_each(|bytes| file.extend_from_slice(bytes));
    file
}
