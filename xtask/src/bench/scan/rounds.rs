//! Cold and warm scans of one image, interleaved.

use std::process::Command;

use crate::bench::measure;
use crate::bench::results::Row;
use crate::bench::scan::scanners::Scanner;
use crate::bench::scan::{BETTER, peak};
use crate::shell::{self, Outcome};

/// Every scanner on one image.
pub(crate) struct Rounds {
    pub(crate) image: &'static str,
    pub(crate) count: usize,
}

/// What one scanner took.
#[derive(Default)]
struct Figures {
    cold: Vec<f64>,
    warm: Vec<f64>,
    peak: f64,
}

impl Rounds {
    /// A row for each scanner, and one for the better of the peers.
    pub(crate) fn all(&self, scanners: &[Scanner<'_>]) -> Outcome<Vec<Row>> {
        let mut figures: Vec<Figures> = scanners.iter().map(|_| Figures::default()).collect();
        // The round before the first brings the archive and the database into the page cache, and has time to
        // watch the memory.
        for (scanner, figures) in scanners.iter().zip(&mut figures) {
            (scanner.forget)()?;
            figures.peak = peak::of(&(scanner.image)(self.image))?;
        }
        for _ in 0..self.count {
            for (scanner, figures) in scanners.iter().zip(&mut figures) {
                (scanner.forget)()?;
                // Nobody pays for what somebody else left to be written.
                shell::capture(&mut Command::new("sync"))?;
                figures.cold.push(self.once(scanner)?);
                figures.warm.push(self.once(scanner)?);
                println!(
                    "{}: {} {:.0} ms",
                    self.image,
                    scanner.name,
                    figures.cold.last().unwrap_or(&f64::NAN)
                );
            }
        }
        let mut rows: Vec<Row> =
            scanners.iter().zip(figures).map(|(scanner, figures)| self.row(scanner, figures)).collect();
        rows.extend(self.better(&rows));
        Ok(rows)
    }

    fn once(&self, scanner: &Scanner<'_>) -> Outcome<f64> {
        let mut command = (scanner.image)(self.image);
        let time = measure::timed(&mut command)?;
        let failed = || format!("{}: `{}` failed", scanner.name, shell::line(&command));
        time.map(measure::milliseconds).ok_or_else(failed)
    }

    fn row(&self, scanner: &Scanner<'_>, mut figures: Figures) -> Row {
        let mut row = Row::new(&format!("{}: {}", self.image, scanner.name), &scanner.version);
        figures.cold.sort_unstable_by(f64::total_cmp);
        figures.warm.sort_unstable_by(f64::total_cmp);
        row.put("cold_median_ms", measure::quantile(&figures.cold, 0.5));
        row.put("cold_p95_ms", measure::quantile(&figures.cold, 0.95));
        row.put("warm_median_ms", measure::quantile(&figures.warm, 0.5));
        row.put("peak_mb", figures.peak);
        row
    }

    /// The least of each figure among those who are not us.
    fn better(&self, rows: &[Row]) -> Option<Row> {
        let peers: Vec<&Row> = rows.iter().filter(|row| !row.who.contains("coffer")).collect();
        let mut better = Row::new(&format!("{}: {BETTER}", self.image), "");
        for metric in peers.first()?.values.keys() {
            let values = peers.iter().filter_map(|row| row.value(metric));
            better.put(metric, values.fold(f64::INFINITY, f64::min));
        }
        Some(better)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(who: &str, cold: f64, peak: f64) -> Row {
        let mut row = Row::new(who, "1");
        row.put("cold_median_ms", cold);
        row.put("peak_mb", peak);
        row
    }

    #[test]
    fn the_better_peer_has_the_best_of_each() {
        let rounds = Rounds { image: "nginx", count: 1 };
        let rows = [
            row("nginx: coffer", 1.0, 2.0),
            row("nginx: trivy", 900.0, 300.0),
            row("nginx: grype", 1000.0, 200.0),
        ];
        let better = rounds.better(&rows).unwrap();
        assert_eq!(better.who, "nginx: better peer");
        assert_eq!((better.value("cold_median_ms"), better.value("peak_mb")), (Some(900.0), Some(200.0)));
        assert_eq!(rounds.better(&rows[..1]), None);
    }
}
