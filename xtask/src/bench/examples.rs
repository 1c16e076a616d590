//! `bench decide` and `bench ledger`: the crates measure themselves, in examples that print a line for
//! each figure: `NAME MEDIAN UNIT`, and perhaps `(p95 NUMBER, mean NUMBER)` in the same unit.

use std::process::Command;

use crate::bench::Settings;
use crate::bench::results::{Results, Row};
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

pub(crate) fn decide(_: &Settings) -> Outcome<Results> {
    figures("decide", &mut example("coffer-policy", "bench_decide"))
}

/// The ledger is written where the other benchmarks write, so that the flushes go to the same disk.
pub(crate) fn ledger(_: &Settings) -> Outcome<Results> {
    let scratch = Scratch::new("ledger")?;
    figures("ledger", example("coffer-ledger", "bench_ledger").arg("--").arg(scratch.path()))
}

fn example(package: &str, name: &str) -> Command {
    shell::cargo(["run", "--quiet", "--release", "--package", package, "--example", name])
}

fn figures(bench: &str, example: &mut Command) -> Outcome<Results> {
    let text = shell::capture(example)?;
    match text.lines().map(row).collect::<Option<Vec<_>>>() {
        Some(rows) if !rows.is_empty() => Ok(Results::here(bench, rows, Vec::new())),
        _ => Err(format!("the example prints something else than lines of NAME MEDIAN UNIT:\n{text}")),
    }
}

fn row(line: &str) -> Option<Row> {
    let (figure, more) = line.split_once('(').unwrap_or((line, ""));
    let mut words = figure.split_whitespace();
    let (name, median, unit) = (words.next()?, words.next()?, microseconds(words.next()?)?);
    if words.next().is_some() {
        return None;
    }
    let mut row = Row::new(name, "");
    row.put("median_us", median.parse::<f64>().ok()? * unit);
    for part in more.trim_end_matches(')').split(", ").filter(|part| !part.is_empty()) {
        let (metric, value) = part.split_once(' ')?;
        row.put(&format!("{metric}_us"), value.parse::<f64>().ok()? * unit);
    }
    Some(row)
}

fn microseconds(unit: &str) -> Option<f64> {
    match unit {
        "ns" => Some(1e-3),
        "us" => Some(1.0),
        "ms" => Some(1e3),
        "s" => Some(1e6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_a_median_a_unit_and_perhaps_more() {
        let full = row("verify_100000 27.5 ms (p95 30, mean 28.25)").unwrap();
        assert_eq!((full.who.as_str(), full.value("median_us")), ("verify_100000", Some(27_500.0)));
        assert_eq!((full.value("p95_us"), full.value("mean_us")), (Some(30_000.0), Some(28_250.0)));
        assert_eq!(row("decide 1.25 us").unwrap().value("median_us"), Some(1.25));
    }

    #[test]
    fn any_other_line_is_refused() {
        for line in
            ["", "decide", "decide took 1.25 us", "decide 1.25 us indeed", "decide 1 us (p95 much)", "a 1 kg"]
        {
            assert_eq!(row(line), None, "{line}");
        }
    }
}
