//! What containers use, as a table with a small graph, and as data.

use std::collections::{BTreeMap, VecDeque};

use engine::resources::Sample;
use serde::Serialize;

use super::style::{Style, Tone};
use super::table::{Cell, Column, Table};
use super::{text, time, units};
use crate::commands::Truncate;
use crate::context::Letters;

/// Samples that the graph shows.
pub(crate) const MOST_BARS: usize = 30;

/// A graph of fewer bars says nothing.
const FEWEST_BARS: usize = 6;

/// Thousandths of a processor that fill the graph at least: below, there is nothing to see.
const LEAST_SCALE: u64 = 100;

/// Thousandths of its memory limit above which a container is close to it.
const CLOSE: u64 = 900;

/// How a table is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) truncate: Truncate,
    pub(crate) style: Style,
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// At most so many bars in each graph; none leaves it out.
    pub(crate) bars: usize,
    pub(crate) letters: Letters,
}

/// Containers that are watched: their latest samples, and processor time of those before.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    samples: Vec<Sample>,
    history: BTreeMap<String, VecDeque<u64>>,
}

/// `--format json` of `coffer stats`: one container at one moment.
#[derive(Debug, Serialize)]
pub(crate) struct SampleJson<'a> {
    id: &'a str,
    name: &'a str,
    time: String,
    cpu_percent: Option<f64>,
    cpu_limit: Option<f64>,
    throttled: Option<u64>,
    memory: Option<u64>,
    memory_limit: Option<u64>,
    memory_percent: Option<f64>,
    memory_peak: Option<u64>,
    oom_kills: Option<u64>,
    pids: Option<u64>,
    pids_limit: Option<u64>,
    network: Option<NetworkJson>,
    block: Option<BlockJson>,
}

#[derive(Debug, Serialize)]
struct NetworkJson {
    received: u64,
    sent: u64,
}

#[derive(Debug, Serialize)]
struct BlockJson {
    read: u64,
    written: u64,
}

impl Watched {
    /// The next samples. What is watched no more is forgotten.
    pub(crate) fn add(&mut self, samples: Vec<Sample>) {
        let mut history = BTreeMap::new();
        for sample in &samples {
            let id = sample.record.id.as_str();
            let mut cpu = self.history.remove(id).unwrap_or_default();
            let earlier = self.samples.iter().find(|earlier| earlier.record.id == sample.record.id);
            match earlier.and_then(|earlier| sample.cpu_since(earlier)) {
                Some(now) => cpu.push_back(now),
                None => cpu.clear(),
            }
            cpu.drain(..cpu.len().saturating_sub(MOST_BARS));
            history.insert(id.to_owned(), cpu);
        }
        (self.samples, self.history) = (samples, history);
    }

    /// Every container's latest sample.
    pub(crate) fn json(&self, now: i64) -> Vec<SampleJson<'_>> {
        self.samples.iter().map(|sample| self.sample_json(sample, now)).collect()
    }

    fn sample_json<'a>(&self, sample: &'a Sample, now: i64) -> SampleJson<'a> {
        let usage = &sample.usage;
        SampleJson {
            id: sample.record.id.as_str(),
            name: &sample.record.name,
            time: time::rfc3339(now),
            cpu_percent: self.cpu(sample).map(units::percent),
            cpu_limit: usage.cpu_limit.map(units::percent),
            throttled: usage.throttled,
            memory: usage.memory,
            memory_limit: usage.memory_limit,
            memory_percent: share(sample).map(units::percent),
            memory_peak: usage.memory_peak,
            oom_kills: usage.oom_kills,
            pids: usage.pids,
            pids_limit: usage.pids_limit,
            network: sample.network.map(|(received, sent)| NetworkJson { received, sent }),
            block: usage.io.map(|(read, written)| BlockJson { read, written }),
        }
    }

    fn cpus(&self, sample: &Sample) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.history.get(sample.record.id.as_str()).into_iter().flatten().copied()
    }

    fn cpu(&self, sample: &Sample) -> Option<u64> {
        self.cpus(sample).next_back()
    }

    /// The table; with a graph where the page has room for one.
    pub(crate) fn table(&self, page: &Page) -> String {
        let bare = self.rows(page, 0);
        let widest = bare.render(Style::Plain, usize::MAX).lines().map(|line| line.chars().count()).max();
        let room = page.width.saturating_sub(widest.unwrap_or(0) + 2).min(page.bars);
        let table = if room < FEWEST_BARS { bare } else { self.rows(page, room) };
        table.render(page.style, page.width)
    }

    fn rows(&self, page: &Page, bars: usize) -> Table {
        let mut columns = vec![
            Column::whole("CONTAINER"),
            Column::gives_way("NAME"),
            Column::whole("CPU"),
            Column::whole("MEMORY / LIMIT"),
            Column::whole("MEM"),
            Column::whole("NET IN / OUT"),
            Column::whole("BLOCK IN / OUT"),
            Column::whole("PIDS"),
        ];
        columns.extend((bars > 0).then(|| Column::whole("LAST CPU")));
        let mut table = Table::new(columns);
        for sample in &self.samples {
            table.row(self.row(sample, page, bars));
        }
        table
    }

    fn row(&self, sample: &Sample, page: &Page, bars: usize) -> Vec<Cell> {
        let usage = &sample.usage;
        let id = match page.truncate {
            Truncate::Short => sample.record.id.short(),
            Truncate::Whole => sample.record.id.as_str(),
        };
        let share = share(sample);
        let tone = if share.is_some_and(|share| share >= CLOSE) { Tone::Warn } else { Tone::Plain };
        let mut cells = vec![
            id.into(),
            sample.record.name.as_str().into(),
            or_dash(self.cpu(sample).map(units::percent_text)),
            or_dash(usage.memory.zip(usage.memory_limit).map(pair)),
            Cell::toned(share.map_or_else(|| "-".to_owned(), units::percent_text), tone),
            or_dash(sample.network.map(pair)),
            or_dash(usage.io.map(pair)),
            or_dash(usage.pids.map(|pids| pids.to_string())),
        ];
        if bars > 0 {
            let cpu: Vec<u64> = self.cpus(sample).rev().take(bars).collect();
            cells.push(graph(cpu.into_iter().rev(), page.letters).into());
        }
        cells
    }
}

fn or_dash(text: Option<String>) -> Cell {
    text.map_or_else(|| "-".into(), Cell::from)
}

fn pair((one, other): (u64, u64)) -> String {
    format!("{} / {}", units::bytes(one), units::bytes(other))
}

/// Thousandths of the memory that it may use.
fn share(sample: &Sample) -> Option<u64> {
    let (used, limit) = (sample.usage.memory?, sample.usage.memory_limit?);
    u64::try_from(u128::from(used) * 1000 / u128::from(limit.max(1))).ok()
}

/// A bar for each value; the highest one fills its cell.
fn graph(values: impl Iterator<Item = u64> + Clone, letters: Letters) -> String {
    let bars: &[char] = match letters {
        Letters::Unicode => &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
        Letters::Ascii => &['.', ':', '-', '=', '+', '*', '%', '#'],
    };
    let scale = values.clone().max().unwrap_or(0).max(LEAST_SCALE);
    let steps = u64::try_from(bars.len()).unwrap_or(1) - 1;
    let bar = |value: u64| {
        let step = usize::try_from(value.saturating_mul(steps).div_ceil(scale)).unwrap_or(usize::MAX);
        bars.get(step).or(bars.last()).copied()
    };
    text::plain(&values.filter_map(bar).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use engine::Usage;
    use engine::state::Record;

    use super::*;

    fn record() -> Record {
        let id = "8f1c2e90ab44".to_owned() + &"0".repeat(52);
        let decision = serde_json::json!({"outcome": "go", "level": "baseline", "applied": 0, "missing": [],
            "exceptions": [], "permit": null});
        let request = serde_json::to_value(model::request::RunRequest::default()).unwrap();
        let image = format!("sha256:{}", "a".repeat(64));
        let record = serde_json::json!({"version": 2, "id": id, "name": "web", "image": image, "image_name": "web",
            "request": request, "command": [], "created": 0, "decision": decision, "range": null, "cgroup": "",
            "status": {"state": "starting"}});
        serde_json::from_value(record).unwrap()
    }

    fn watched(cpus: &[u64]) -> Watched {
        let (mut watched, begun) = (Watched::default(), Instant::now());
        let mut used = 0;
        for (second, cpu) in (0..).zip(cpus) {
            used += cpu * 1000;
            let usage = Usage {
                cpu: Some(used),
                memory: Some(95 << 20),
                memory_limit: Some(100 << 20),
                pids: Some(2),
                io: Some((4096, 0)),
                ..Usage::default()
            };
            let at = begun + Duration::from_secs(second);
            watched.add(vec![Sample { record: record(), at, usage, network: None }]);
        }
        watched
    }

    fn page(width: usize, bars: usize) -> Page {
        Page { truncate: Truncate::Short, style: Style::Plain, width, bars, letters: Letters::Unicode }
    }

    #[test]
    fn a_sample_is_compared_with_the_one_before() {
        assert_eq!(
            watched(&[0, 255]).table(&page(usize::MAX, 0)),
            "CONTAINER     NAME  CPU    MEMORY / LIMIT   MEM    NET IN / OUT  BLOCK IN / OUT  PIDS
8f1c2e90ab44  web   25.5%  100 MB / 105 MB  95.0%  -             4.1 kB / 0 B    2\n"
        );
        assert!(watched(&[0]).table(&page(80, 0)).contains("web   -    100 MB"), "nothing to compare with");
    }

    #[test]
    fn the_graph_is_there_where_there_is_room_for_it() {
        let watched = watched(&[0, 0, 100, 200, 400, 800, 1600]);
        assert!(watched.table(&page(140, MOST_BARS)).ends_with("  2     ▁▂▂▃▅█\n"));
        assert!(!watched.table(&page(90, MOST_BARS)).contains("LAST CPU"));
        let forgotten = {
            let mut watched = watched;
            watched.add(Vec::new());
            watched
        };
        assert!(forgotten.history.is_empty() && forgotten.json(0).is_empty());
    }

    #[test]
    fn what_is_not_known_is_null_for_programs() {
        let watched = watched(&[0, 500]);
        let json = serde_json::to_value(watched.json(0)).unwrap();
        assert_eq!(json[0]["cpu_percent"], 50.0);
        assert_eq!(json[0]["block"]["read"], 4096);
        assert!(json[0]["network"].is_null() && json[0]["cpu_limit"].is_null());
    }

    #[test]
    fn bars_are_plain_where_the_locale_has_no_others() {
        assert_eq!(graph([0, 50, 100].into_iter(), Letters::Ascii), ".+#");
        assert_eq!(graph([0, 0].into_iter(), Letters::Unicode), "▁▁");
    }
}
