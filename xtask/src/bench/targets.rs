//! What we promised, each one value, and whether it is kept.

use std::fmt::Write as _;

use crate::bench::page::rounded;
use crate::bench::results::{Results, Row};

/// A promise about a figure or about the ratio of two.
pub(crate) struct Target {
    what: &'static str,
    figure: Figure,
    /// The figure is divided by this one, brought to the same unit by a factor.
    over: Option<(Figure, f64)>,
    at_most: f64,
    unit: &'static str,
}

/// Where a figure stands: benchmark, contestant (or how its name begins, and `*`), metric.
struct Figure(&'static str, &'static str, &'static str);

const START: Figure = Figure("start", "coffer", "median_ms");
const IMPORT: Figure = Figure("import", "coffer", "median_ms");

const TARGETS: &[Target] = &[
    Target {
        what: "start, over Debian's crun",
        figure: START,
        over: Some((Figure("start", "crun", "median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "start, over crun 1.27",
        figure: START,
        over: Some((Figure("start", "crun-1.27", "median_ms"), 1.0)),
        at_most: 2.0 / 3.0,
        unit: "",
    },
    Target {
        what: "start, over the floor",
        figure: START,
        over: Some((Figure("start", "floor", "median_ms"), 1.0)),
        at_most: 2.5,
        unit: "",
    },
    Target {
        what: "import, over podman load",
        figure: IMPORT,
        over: Some((Figure("import", "podman", "median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "import, over docker load",
        figure: IMPORT,
        over: Some((Figure("import", "docker", "median_ms"), 1.0)),
        at_most: 0.2,
        unit: "",
    },
    Target {
        what: "import, peak memory",
        figure: Figure("import", "coffer", "peak_mb"),
        over: None,
        at_most: 64.0,
        unit: " MB",
    },
    Target {
        what: "pull of nginx, over skopeo and umoci",
        figure: Figure("ship", "coffer", "nginx_median_ms"),
        over: Some((Figure("ship", "skopeo and umoci", "nginx_median_ms"), 1.0)),
        at_most: 0.5,
        unit: "",
    },
    Target {
        what: "pull of nginx, over podman",
        figure: Figure("ship", "coffer", "nginx_median_ms"),
        over: Some((Figure("ship", "podman", "nginx_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "pull of nginx, over docker",
        figure: Figure("ship", "coffer", "nginx_median_ms"),
        over: Some((Figure("ship", "docker", "nginx_median_ms"), 1.0)),
        at_most: 0.25,
        unit: "",
    },
    Target {
        what: "pull of nginx, over the limit",
        figure: Figure("ship", "coffer", "nginx_median_ms"),
        over: Some((Figure("ship", "limit", "nginx_median_ms"), 1.0)),
        at_most: 1.5,
        unit: "",
    },
    Target {
        what: "pull of big, over skopeo and umoci",
        figure: Figure("ship", "coffer", "big_median_ms"),
        over: Some((Figure("ship", "skopeo and umoci", "big_median_ms"), 1.0)),
        at_most: 0.5,
        unit: "",
    },
    Target {
        what: "pull of big, over podman",
        figure: Figure("ship", "coffer", "big_median_ms"),
        over: Some((Figure("ship", "podman", "big_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "pull of big, over docker",
        figure: Figure("ship", "coffer", "big_median_ms"),
        over: Some((Figure("ship", "docker", "big_median_ms"), 1.0)),
        at_most: 0.25,
        unit: "",
    },
    Target {
        what: "pull of big, over the limit",
        figure: Figure("ship", "coffer", "big_median_ms"),
        over: Some((Figure("ship", "limit", "big_median_ms"), 1.0)),
        at_most: 1.5,
        unit: "",
    },
    Target {
        what: "registry: time for a blob's bytes, over docker-registry",
        figure: Figure("ship", "docker-registry", "blob_mb_per_s"),
        over: Some((Figure("ship", "coffer registry", "blob_mb_per_s"), 1.0)),
        at_most: 0.5,
        unit: "",
    },
    Target {
        what: "registry: time for a manifest, over docker-registry",
        figure: Figure("ship", "docker-registry", "manifests_per_s"),
        over: Some((Figure("ship", "coffer registry", "manifests_per_s"), 1.0)),
        at_most: 0.5,
        unit: "",
    },
    Target {
        what: "registry: peak memory, over docker-registry",
        figure: Figure("ship", "coffer registry", "peak_mb"),
        over: Some((Figure("ship", "docker-registry", "peak_mb"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of alpine-old, over the better of trivy and grype",
        figure: Figure("scan", "alpine-old: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "alpine-old: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of alpine-old for vulnerabilities alone, over the better of trivy and grype",
        figure: Figure("scan", "alpine-old: coffer, vulnerabilities alone", "cold_median_ms"),
        over: Some((Figure("scan", "alpine-old: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of alpine-old, over trivy that looks for secrets, too",
        figure: Figure("scan", "alpine-old: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "alpine-old: trivy, secrets too", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "peak memory of alpine-old, over the better of trivy and grype",
        figure: Figure("scan", "alpine-old: coffer", "peak_mb"),
        over: Some((Figure("scan", "alpine-old: better peer", "peak_mb"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of nginx, over the better of trivy and grype",
        figure: Figure("scan", "nginx: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "nginx: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of nginx for vulnerabilities alone, over the better of trivy and grype",
        figure: Figure("scan", "nginx: coffer, vulnerabilities alone", "cold_median_ms"),
        over: Some((Figure("scan", "nginx: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of nginx, over trivy that looks for secrets, too",
        figure: Figure("scan", "nginx: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "nginx: trivy, secrets too", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "peak memory of nginx, over the better of trivy and grype",
        figure: Figure("scan", "nginx: coffer", "peak_mb"),
        over: Some((Figure("scan", "nginx: better peer", "peak_mb"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of python, over the better of trivy and grype",
        figure: Figure("scan", "python: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "python: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of python for vulnerabilities alone, over the better of trivy and grype",
        figure: Figure("scan", "python: coffer, vulnerabilities alone", "cold_median_ms"),
        over: Some((Figure("scan", "python: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of python, over trivy that looks for secrets, too",
        figure: Figure("scan", "python: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "python: trivy, secrets too", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "peak memory of python, over the better of trivy and grype",
        figure: Figure("scan", "python: coffer", "peak_mb"),
        over: Some((Figure("scan", "python: better peer", "peak_mb"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of node, over the better of trivy and grype",
        figure: Figure("scan", "node: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "node: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of node for vulnerabilities alone, over the better of trivy and grype",
        figure: Figure("scan", "node: coffer, vulnerabilities alone", "cold_median_ms"),
        over: Some((Figure("scan", "node: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of node, over trivy that looks for secrets, too",
        figure: Figure("scan", "node: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "node: trivy, secrets too", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "peak memory of node, over the better of trivy and grype",
        figure: Figure("scan", "node: coffer", "peak_mb"),
        over: Some((Figure("scan", "node: better peer", "peak_mb"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of big, over the better of trivy and grype",
        figure: Figure("scan", "big: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "big: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of big for vulnerabilities alone, over the better of trivy and grype",
        figure: Figure("scan", "big: coffer, vulnerabilities alone", "cold_median_ms"),
        over: Some((Figure("scan", "big: better peer", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of big, over trivy that looks for secrets, too",
        figure: Figure("scan", "big: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "big: trivy, secrets too", "cold_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "peak memory of big, over the better of trivy and grype",
        figure: Figure("scan", "big: coffer", "peak_mb"),
        over: Some((Figure("scan", "big: better peer", "peak_mb"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "cold scan of big, over reading it once",
        figure: Figure("scan", "big: coffer", "cold_median_ms"),
        over: Some((Figure("scan", "big: limit", "cold_median_ms"), 1.0)),
        at_most: 1.5,
        unit: "",
    },
    Target {
        what: "matching 1,000 stored inventories anew",
        figure: Figure("scan", "shelf: coffer", "rematch_1000_ms"),
        over: None,
        at_most: 1000.0,
        unit: " ms",
    },
    Target {
        what: "trust: commands from nothing to a first verified pull",
        figure: Figure("trust", "coffer", "commands"),
        over: None,
        at_most: 4.0,
        unit: "",
    },
    Target {
        what: "trust: from nothing to a first verified pull",
        figure: Figure("trust", "coffer", "median_ms"),
        over: None,
        at_most: 2000.0,
        unit: " ms",
    },
    Target {
        what: "trust: verifying a publisher of 10,000 targets",
        figure: Figure("trust", "verify_10000", "median_us"),
        over: None,
        at_most: 50_000.0,
        unit: " us",
    },
    Target {
        what: "trust: peak memory of that",
        figure: Figure("trust", "verify_10000_peak", "peak_mb"),
        over: None,
        at_most: 32.0,
        unit: " MB",
    },
    Target {
        what: "trust: what a pin adds to a start, 1,000 releases",
        figure: Figure("trust", "pin_adds_1000_releases", "median_us"),
        over: None,
        at_most: 200.0,
        unit: " us",
    },
    Target {
        what: "trust: a refresh over loopback, 10 releases",
        figure: Figure("trust", "refresh_10_releases", "median_us"),
        over: None,
        at_most: 10_000.0,
        unit: " us",
    },
    Target {
        what: "trust: a refresh over loopback, 1,000 releases",
        figure: Figure("trust", "refresh_1000_releases", "median_us"),
        over: None,
        at_most: 10_000.0,
        unit: " us",
    },
    Target {
        what: "start, stop and rm, over podman",
        figure: Figure("life", "coffer", "life_median_ms"),
        over: Some((Figure("life", "podman", "life_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "exec, over podman",
        figure: Figure("life", "coffer", "exec_median_ms"),
        over: Some((Figure("life", "podman", "exec_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "100 MB of logs, over podman",
        figure: Figure("life", "coffer", "logs_median_ms"),
        over: Some((Figure("life", "podman", "logs_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "the hundredth start, over the first",
        figure: Figure("life", "coffer x 100", "start_last_ms"),
        over: Some((Figure("life", "coffer x 100", "start_first_ms"), 1.0)),
        at_most: 1.2,
        unit: "",
    },
    Target {
        what: "listing 100 containers",
        figure: Figure("life", "coffer x 100", "ps_median_ms"),
        over: None,
        at_most: 20.0,
        unit: " ms",
    },
    Target {
        what: "memory for a container in the background",
        figure: Figure("life", "coffer x 100", "monitor_pss_kb"),
        over: None,
        at_most: 512.0,
        unit: " kB",
    },
    Target {
        what: "runtime: run, over Debian's crun",
        figure: Figure("runtime", "coffer-runtime", "run_median_ms"),
        over: Some((Figure("runtime", "crun", "run_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "runtime: run, over crun 1.27",
        figure: Figure("runtime", "coffer-runtime", "run_median_ms"),
        over: Some((Figure("runtime", "crun-1.27", "run_median_ms"), 1.0)),
        at_most: 2.0 / 3.0,
        unit: "",
    },
    Target {
        what: "runtime: run without control groups, over crun 1.27",
        figure: Figure("runtime", "coffer-runtime", "bare_median_ms"),
        over: Some((Figure("runtime", "crun-1.27", "bare_median_ms"), 1.0)),
        at_most: 0.5,
        unit: "",
    },
    Target {
        what: "runtime: create, start and delete, over Debian's crun",
        figure: Figure("runtime", "coffer-runtime", "life_median_ms"),
        over: Some((Figure("runtime", "crun", "life_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "runtime: create, start and delete, over crun 1.27",
        figure: Figure("runtime", "coffer-runtime", "life_median_ms"),
        over: Some((Figure("runtime", "crun-1.27", "life_median_ms"), 1.0)),
        at_most: 2.0 / 3.0,
        unit: "",
    },
    Target {
        what: "runtime: exec, over Debian's crun",
        figure: Figure("runtime", "coffer-runtime", "exec_median_ms"),
        over: Some((Figure("runtime", "crun", "exec_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "runtime: exec, over crun 1.27",
        figure: Figure("runtime", "coffer-runtime", "exec_median_ms"),
        over: Some((Figure("runtime", "crun-1.27", "exec_median_ms"), 1.0)),
        at_most: 2.0 / 3.0,
        unit: "",
    },
    Target {
        what: "runtime: peak memory",
        figure: Figure("runtime", "coffer-runtime", "peak_mb"),
        over: None,
        at_most: 2.0,
        unit: " MB",
    },
    Target {
        what: "runtime: least memory limit of a container",
        figure: Figure("runtime", "coffer-runtime", "least_limit_mib"),
        over: None,
        at_most: 1.0,
        unit: " MiB",
    },
    Target {
        what: "a verdict",
        figure: Figure("decide", "decide", "median_us"),
        over: None,
        at_most: 20.0,
        unit: " us",
    },
    Target {
        what: "verifying 100,000 entries",
        figure: Figure("ledger", "verify_*", "median_us"),
        over: None,
        at_most: 300_000.0,
        unit: " us",
    },
    Target {
        what: "appending, over a start",
        figure: Figure("ledger", "append_flushed_at_100000", "median_us"),
        over: Some((START, 1000.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "the coffer binary",
        figure: Figure("size", "coffer", "mb"),
        over: None,
        at_most: 20.0,
        unit: " MB",
    },
    Target {
        what: "a rebuild of 20 steps without a change, over buildah",
        figure: Figure("build", "coffer", "rebuild_median_ms"),
        over: Some((Figure("build", "buildah", "rebuild_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "a rebuild of 20 steps without a change, over docker",
        figure: Figure("build", "coffer", "rebuild_median_ms"),
        over: Some((Figure("build", "docker", "rebuild_median_ms"), 1.0)),
        at_most: 0.1,
        unit: "",
    },
    Target {
        what: "50,000 files copied, over buildah",
        figure: Figure("build", "coffer", "copy_median_ms"),
        over: Some((Figure("build", "buildah", "copy_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "50,000 files copied, over docker",
        figure: Figure("build", "coffer", "copy_median_ms"),
        over: Some((Figure("build", "docker", "copy_median_ms"), 1.0)),
        at_most: 1.0 / 3.0,
        unit: "",
    },
    Target {
        what: "20 times RUN /bin/true, over buildah",
        figure: Figure("build", "coffer", "run_median_ms"),
        over: Some((Figure("build", "buildah", "run_median_ms"), 1.0)),
        at_most: 0.5,
        unit: "",
    },
    Target {
        what: "20 times RUN /bin/true, over docker",
        figure: Figure("build", "coffer", "run_median_ms"),
        over: Some((Figure("build", "docker", "run_median_ms"), 1.0)),
        at_most: 0.5,
        unit: "",
    },
];

/// How a promise stands.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum State {
    Met,
    Missed,
    Unmeasured,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Unmeasured => "not measured",
        }
    }
}

impl Target {
    fn measured(&self, results: &[Results]) -> Option<f64> {
        let value = self.figure.find(results)?;
        match &self.over {
            None => Some(value),
            Some((figure, factor)) => Some(value / (figure.find(results)? * factor)),
        }
    }

    fn state(&self, measured: Option<f64>) -> State {
        match measured {
            Some(value) if value <= self.at_most => State::Met,
            Some(_) => State::Missed,
            None => State::Unmeasured,
        }
    }
}

impl Figure {
    fn find(&self, results: &[Results]) -> Option<f64> {
        let Self(bench, who, metric) = self;
        let row =
            |row: &&Row| who.strip_suffix('*').map_or(row.who == *who, |start| row.who.starts_with(start));
        results.iter().find(|found| found.bench == *bench)?.rows.iter().find(row)?.value(metric)
    }
}

/// All promises as a Markdown table.
pub(crate) fn table(results: &[Results]) -> String {
    let mut text = String::from("| Promise | at most | measured | |\n| --- | ---: | ---: | --- |\n");
    for target in TARGETS {
        let measured = target.measured(results);
        let shown = measured.map_or_else(|| "-".to_owned(), |value| rounded(value) + target.unit);
        let state = target.state(measured).word();
        let most = rounded(target.at_most);
        let _infallible = writeln!(text, "| {} | {most}{} | {shown} | {state} |", target.what, target.unit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(coffer: f64, crun: f64) -> Vec<Results> {
        let rows = [("coffer", coffer), ("crun", crun)].map(|(who, median)| {
            let mut row = Row::new(who, "");
            row.put("median_ms", median);
            row
        });
        vec![Results { bench: "start".to_owned(), machine: Vec::new(), rows: rows.into(), notes: Vec::new() }]
    }

    #[test]
    fn a_promise_is_met_missed_or_not_measured() {
        let first = &TARGETS[0];
        let state = |results: &[Results]| first.state(first.measured(results));
        assert_eq!(state(&start(10.0, 30.0)), State::Met);
        assert_eq!(state(&start(10.0, 29.0)), State::Missed);
        assert_eq!(state(&[]), State::Unmeasured);
    }

    #[test]
    fn the_table_has_every_promise() {
        let table = table(&start(10.0, 32.0));
        assert_eq!(table.lines().count(), TARGETS.len() + 2);
        assert!(table.contains("| start, over Debian's crun | 0.33 | 0.31 | met |"), "{table}");
        assert!(table.contains("| the coffer binary | 20 MB | - | not measured |"), "{table}");
    }
}
