//! Results as data: one JSON file for each benchmark under benches/results.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::bench::machine;
use crate::shell::{self, Outcome};

/// What one benchmark found, and where.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Results {
    pub(crate) bench: String,
    /// The machine's shape, the day and the commit, each one phrase.
    pub(crate) machine: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// Who was left out and why, and anything else a reader must know.
    pub(crate) notes: Vec<String>,
}

/// One contestant's figures; a metric's name ends in its unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) who: String,
    pub(crate) version: String,
    pub(crate) values: BTreeMap<String, f64>,
}

impl Row {
    pub(crate) fn new(who: &str, version: &str) -> Self {
        Self { who: who.to_owned(), version: version.to_owned(), values: BTreeMap::new() }
    }

    /// Three decimals: more would claim more than was measured.
    pub(crate) fn put(&mut self, metric: &str, value: f64) {
        self.values.insert(metric.to_owned(), (value * 1e3).round() / 1e3);
    }

    pub(crate) fn value(&self, metric: &str) -> Option<f64> {
        self.values.get(metric).copied()
    }
}

impl Results {
    /// Results of this machine, now.
    pub(crate) fn here(bench: &str, rows: Vec<Row>, notes: Vec<String>) -> Self {
        Self { bench: bench.to_owned(), machine: machine::describe(), rows, notes }
    }

    pub(crate) fn save(&self) -> Outcome {
        let file = directory().join(format!("{}.json", self.bench));
        let text = format!("{:#}\n", self.to_json());
        std::fs::create_dir_all(directory())
            .and_then(|()| std::fs::write(&file, text))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))
    }

    fn to_json(&self) -> Value {
        let rows = self
            .rows
            .iter()
            .map(|row| json!({ "who": row.who, "version": row.version, "values": row.values }));
        let rows: Vec<Value> = rows.collect();
        json!({ "bench": self.bench, "machine": self.machine, "rows": rows, "notes": self.notes })
    }

    fn from_json(value: &Value) -> Option<Self> {
        Some(Self {
            bench: value.get("bench")?.as_str()?.to_owned(),
            machine: texts(value.get("machine")?)?,
            rows: value.get("rows")?.as_array()?.iter().map(row).collect::<Option<_>>()?,
            notes: texts(value.get("notes")?)?,
        })
    }
}

/// Adds the figures of one task to its contestant's row, under the task's name.
pub(crate) fn merge(rows: &mut [Row], from: &Row, task: &str) {
    let Some(row) = rows.iter_mut().find(|row| row.who == from.who) else { return };
    for (metric, value) in &from.values {
        row.put(&format!("{task}_{metric}"), *value);
    }
}

/// Every result on file, by benchmark.
pub(crate) fn load_all() -> Outcome<Vec<Results>> {
    let Ok(entries) = std::fs::read_dir(directory()) else { return Ok(Vec::new()) };
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|e| e == "json")).collect();
    files.sort_unstable();
    files.iter().map(load).collect()
}

fn load(file: &PathBuf) -> Outcome<Results> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    Results::from_json(&value)
        .ok_or_else(|| format!("{} is not a result of `cargo xtask bench`", file.display()))
}

fn row(value: &Value) -> Option<Row> {
    let values = value.get("values")?.as_object()?;
    Some(Row {
        who: value.get("who")?.as_str()?.to_owned(),
        version: value.get("version")?.as_str()?.to_owned(),
        values: values
            .iter()
            .map(|(name, value)| Some((name.clone(), value.as_f64()?)))
            .collect::<Option<_>>()?,
    })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| Some(text.as_str()?.to_owned())).collect()
}

fn directory() -> PathBuf {
    shell::top().join("benches/results")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_survive_their_file() {
        let mut row = Row::new("coffer", "0.1.0");
        row.put("median_ms", 9.87654);
        let results = Results::here("start", vec![row], vec!["docker is left out".to_owned()]);
        assert_eq!(results.rows[0].value("median_ms"), Some(9.877));
        assert_eq!(Results::from_json(&results.to_json()), Some(results));
    }
}
