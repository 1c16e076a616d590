//! What the crates measure themselves, in examples that print a line for each figure: `NAME VALUE UNIT`.

use std::collections::BTreeMap;

use crate::bench::measure;
use crate::bench::results::Row;
use crate::shell::{self, Outcome};

const EXAMPLES: [&str; 2] = ["coffer-trust", "coffer-engine"];

/// The medians of so many runs.
pub(crate) fn rows(runs: usize) -> Outcome<Vec<Row>> {
    let mut found = Vec::new();
    for package in EXAMPLES {
        let mut values: BTreeMap<Figure, Vec<f64>> = BTreeMap::new();
        for _ in 0..runs {
            let example = ["run", "--quiet", "--release", "--package", package, "--example", "bench_trust"];
            let text = shell::capture(&mut shell::cargo(example))?;
            for line in text.lines() {
                let (figure, value) =
                    parsed(line).ok_or_else(|| format!("`{line}` is no NAME VALUE UNIT"))?;
                values.entry(figure).or_default().push(value);
            }
        }
        found.extend(values.into_iter().map(|(figure, values)| row(&figure, values)));
    }
    Ok(found)
}

/// Name and metric.
type Figure = (String, &'static str);

fn row((name, metric): &Figure, mut values: Vec<f64>) -> Row {
    values.sort_unstable_by(f64::total_cmp);
    let mut row = Row::new(name, "");
    row.put(metric, measure::quantile(&values, 0.5));
    row
}

fn parsed(line: &str) -> Option<(Figure, f64)> {
    let [name, value, unit] = line.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
    let (metric, factor) = match unit {
        "us" => ("median_us", 1.0),
        "ms" => ("median_us", 1e3),
        "kB" => ("peak_mb", 1024.0 / 1e6),
        "bytes" => ("size_mb", 1e-6),
        _ => return None,
    };
    Some(((name.to_owned(), metric), value.parse::<f64>().ok()? * factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_a_value_and_a_unit() {
        let figure = |line: &str| parsed(line).map(|((name, metric), value)| (name, metric, value));
        assert_eq!(figure("refresh 6.5 ms"), Some(("refresh".to_owned(), "median_us", 6500.0)));
        assert_eq!(figure("verify_peak 1000 kB"), Some(("verify_peak".to_owned(), "peak_mb", 1.024)));
        for line in ["", "refresh 6.5", "refresh 6.5 kg", "refresh fast ms", "refresh 6.5 ms indeed"] {
            assert_eq!(figure(line), None, "{line}");
        }
    }

    #[test]
    fn the_median_is_of_all_runs() {
        let row = row(&("pin".to_owned(), "median_us"), vec![3.0, 1.0, 2.0]);
        assert_eq!((row.who.as_str(), row.value("median_us")), ("pin", Some(2.0)));
    }
}
