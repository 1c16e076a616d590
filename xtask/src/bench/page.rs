//! docs/benchmarks.md: the parts between markers are written from benches/results, never by hand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::bench::results::{Results, Row};
use crate::bench::targets;
use crate::shell::{self, Outcome};

/// Rewrites the generated parts of the page.
pub(crate) fn update(results: &[Results]) -> Outcome {
    let text = std::fs::read_to_string(file()).map_err(|error| format!("docs/benchmarks.md: {error}"))?;
    let text = render(&text, results)?;
    std::fs::write(file(), text).map_err(|error| format!("docs/benchmarks.md: {error}"))
}

fn render(page: &str, results: &[Results]) -> Outcome<String> {
    let mut page = fill(page, "targets", &targets::table(results))?;
    for found in results {
        page = fill(&page, &found.bench, &section(found))?;
    }
    Ok(page)
}

/// Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`.
fn fill(page: &str, name: &str, content: &str) -> Outcome<String> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let missing = || format!("docs/benchmarks.md has no markers `{}` and `{close}`", open.trim_end());
    let (before, rest) = page.split_once(&open).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&close).ok_or_else(missing)?;
    Ok(format!("{before}{open}{content}{close}{after}"))
}

/// One benchmark's results in Markdown.
pub(crate) fn section(results: &Results) -> String {
    let metrics: BTreeSet<&str> =
        results.rows.iter().flat_map(|row| row.values.keys().map(String::as_str)).collect();
    let mut text = format!("{}.\n\n", results.machine.join(", "));
    let _infallible =
        writeln!(text, "| | version |{}", metrics.iter().map(|name| heading(name)).collect::<String>());
    let _infallible = writeln!(text, "| --- | --- |{}", " ---: |".repeat(metrics.len()));
    for row in &results.rows {
        let cells: String = metrics.iter().map(|metric| cell(row, metric)).collect();
        let _infallible = writeln!(text, "| {} | {} |{cells}", row.who, row.version);
    }
    results.notes.iter().for_each(|note| {
        let _infallible = write!(text, "\n{note}.\n");
    });
    text
}

fn heading(metric: &str) -> String {
    format!(" {} |", metric.replace('_', " "))
}

fn cell(row: &Row, metric: &str) -> String {
    row.value(metric).map_or_else(|| " - |".to_owned(), |value| format!(" {} |", rounded(value)))
}

/// Three significant digits or the whole number.
pub(crate) fn rounded(value: f64) -> String {
    match value {
        v if v == v.trunc() || v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

fn file() -> PathBuf {
    shell::top().join("docs/benchmarks.md")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results;

    #[test]
    fn the_page_says_what_the_results_say() {
        let page = std::fs::read_to_string(file()).unwrap();
        let results = results::load_all().unwrap();
        let rendered = render(&page, &results).unwrap();
        assert!(
            page == rendered,
            "docs/benchmarks.md differs from benches/results: run `cargo xtask bench report`"
        );
    }

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let page = "a\n<!-- size -->\nold\n<!-- /size -->\nb\n";
        assert_eq!(fill(page, "size", "new\n").unwrap(), "a\n<!-- size -->\nnew\n<!-- /size -->\nb\n");
        assert!(fill(page, "start", "").is_err());
    }

    #[test]
    fn a_metric_that_somebody_lacks_is_a_dash() {
        let (mut first, second) = (Row::new("coffer", "0.1.0"), Row::new("docker", "28"));
        first.put("peak_mb", 31.25);
        let found = Results {
            bench: "import".to_owned(),
            machine: vec!["2 cores".to_owned()],
            rows: vec![first, second],
            notes: vec!["podman is left out".to_owned()],
        };
        let expected = "2 cores.\n\n| | version | peak mb |\n| --- | --- | ---: |\n| coffer | 0.1.0 | 31.2 |\n\
                        | docker | 28 | - |\n\npodman is left out.\n";
        assert_eq!(section(&found), expected);
    }
}
