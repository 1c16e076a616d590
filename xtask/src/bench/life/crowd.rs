//! A hundred containers in the background: how the last one starts, how long a list takes, and what their
//! monitors hold in memory.

use std::time::Instant;

use super::engines::Engine;
use crate::bench::measure::{milliseconds, quantile};
use crate::bench::results::Row;
use crate::shell::{self, Outcome};

const CROWD: usize = 100;
/// So many starts at either end are compared.
const FEW: usize = 10;
const LISTS: usize = 20;

pub(super) fn measure(engine: &Engine) -> Outcome<Row> {
    let mut row = Row::new(&format!("{} x {CROWD}", engine.name), &engine.version);
    let names: Vec<String> = (0..CROWD).map(|number| format!("crowd-{number}")).collect();
    let starts = names.iter().map(|name| start(engine, name)).collect::<Outcome<Vec<f64>>>();
    let measured = starts.and_then(|starts| {
        row.put("start_first_ms", median(starts.get(..FEW).unwrap_or_default()));
        row.put("start_last_ms", median(starts.get(CROWD - FEW..).unwrap_or_default()));
        let lists = (0..LISTS).map(|_| time(engine, &["ps", "-a"])).collect::<Outcome<Vec<f64>>>()?;
        row.put("ps_median_ms", median(&lists));
        row.put("monitor_pss_kb", monitors()? / CROWD as f64);
        Ok(())
    });
    let words: Vec<&str> = ["rm", "-f"].into_iter().chain(names.iter().map(String::as_str)).collect();
    shell::capture(&mut engine.command(&words))?;
    measured.map(|()| row)
}

fn start(engine: &Engine, name: &str) -> Outcome<f64> {
    time(engine, &["run", "-d", "--name", name, "bench", "/bin/worker"])
}

fn time(engine: &Engine, words: &[&str]) -> Outcome<f64> {
    let begun = Instant::now();
    shell::capture(&mut engine.command(words))?;
    Ok(milliseconds(begun.elapsed()))
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable_by(f64::total_cmp);
    quantile(&times, 0.5)
}

/// Proportional set size of every monitor on this machine together, in kilobytes (proc_pid_smaps(5)).
fn monitors() -> Outcome<f64> {
    let entries = std::fs::read_dir("/proc").map_err(|error| format!("/proc: {error}"))?;
    let pss = entries.flatten().filter_map(|entry| {
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        if !name.starts_with("coffer-monitor") {
            return None;
        }
        let sizes = std::fs::read_to_string(entry.path().join("smaps_rollup")).ok()?;
        let line = sizes.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()
    });
    Ok(pss.sum())
}
