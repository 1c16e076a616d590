//! What a server has done so far, in the text format of Prometheus. Counting is an atomic addition.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};

/// What a request was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/v2/`
    Base,
    /// A blob.
    Blob,
    /// An upload.
    Upload,
    /// A manifest.
    Manifest,
    /// The tags of a repository.
    Tags,
    /// The referrers of a manifest.
    Referrers,
    /// The list of repositories.
    Catalog,
    /// A bearer token.
    Token,
    /// Anything else.
    Other,
}

const ROUTES: [(Route, &str); 9] = [
    (Route::Base, "base"),
    (Route::Blob, "blob"),
    (Route::Upload, "upload"),
    (Route::Manifest, "manifest"),
    (Route::Tags, "tags"),
    (Route::Referrers, "referrers"),
    (Route::Catalog, "catalog"),
    (Route::Token, "token"),
    (Route::Other, "other"),
];

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];

/// Statuses that a registry gives; the last place is for all others.
const STATUSES: [u16; 19] =
    [200, 201, 202, 204, 206, 304, 307, 400, 401, 403, 404, 405, 409, 413, 416, 429, 500, 503, 0];

/// Upper ends of the histogram's classes, in milliseconds.
const CLASSES: [u64; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000, 30_000, 120_000];

/// Something that is counted or measured and has no further names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Bytes of bodies that came in.
    BytesIn,
    /// Bytes of bodies that went out.
    BytesOut,
    /// Uploads that have begun.
    UploadsBegun,
    /// Uploads that have become blobs or were given up.
    UploadsEnded,
    /// Requests whose credentials did not hold.
    Unauthorized,
    /// Requests that came too soon.
    Limited,
    /// Blobs that garbage collection has removed.
    Collected,
    /// Their bytes.
    CollectedBytes,
}

const COUNTS: [(Count, &str, &str); 8] = [
    (Count::BytesIn, "coffer_registry_received_bytes_total", "Bytes of bodies that came in, as announced."),
    (Count::BytesOut, "coffer_registry_sent_bytes_total", "Bytes of bodies that went out, as announced."),
    (Count::UploadsBegun, "coffer_registry_uploads_begun_total", "Uploads that have begun."),
    (
        Count::UploadsEnded,
        "coffer_registry_uploads_ended_total",
        "Uploads that became blobs or were given up.",
    ),
    (Count::Unauthorized, "coffer_registry_unauthorized_total", "Requests whose credentials did not hold."),
    (Count::Limited, "coffer_registry_limited_total", "Requests that came too soon."),
    (Count::Collected, "coffer_registry_collected_blobs_total", "Blobs that garbage collection has removed."),
    (
        Count::CollectedBytes,
        "coffer_registry_collected_bytes_total",
        "Bytes that garbage collection has freed.",
    ),
];

/// The counts of one server.
#[derive(Debug)]
pub struct Metrics {
    requests: Vec<AtomicU64>,
    classes: Vec<AtomicU64>,
    micros: [AtomicU64; ROUTES.len()],
    counts: [AtomicU64; COUNTS.len()],
}

impl Default for Metrics {
    fn default() -> Self {
        let many = |many: usize| std::iter::repeat_with(AtomicU64::default).take(many).collect();
        Self {
            requests: many(ROUTES.len() * METHODS.len() * STATUSES.len()),
            classes: many(ROUTES.len() * (CLASSES.len() + 1)),
            micros: Default::default(),
            counts: Default::default(),
        }
    }
}

impl Metrics {
    /// A request has been answered.
    pub fn answered(&self, route: Route, method: &Method, status: StatusCode, took: Duration) {
        let route = route as usize;
        let method = METHODS.iter().position(|name| name == method).unwrap_or(METHODS.len() - 1);
        let status =
            STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len() - 1);
        add(self.requests.get((route * METHODS.len() + method) * STATUSES.len() + status), 1);
        let millis = took.as_millis();
        let class = CLASSES.iter().position(|end| millis <= u128::from(*end)).unwrap_or(CLASSES.len());
        add(self.classes.get(route * (CLASSES.len() + 1) + class), 1);
        add(self.micros.get(route), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Something else has happened, so many times.
    pub fn count(&self, what: Count, times: u64) {
        add(self.counts.get(what as usize), times);
    }

    /// All counts, as Prometheus reads them.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = String::with_capacity(8192);
        self.write_requests(&mut page);
        self.write_classes(&mut page);
        for (what, name, help) in COUNTS {
            let value = read(self.counts.get(what as usize));
            let _infallible = write!(page, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n");
        }
        page
    }

    fn write_requests(&self, page: &mut String) {
        let name = "coffer_registry_requests_total";
        let _infallible = write!(page, "# HELP {name} Requests that were answered.\n# TYPE {name} counter\n");
        let mut counts = self.requests.iter();
        for (_, route) in ROUTES {
            for method in METHODS {
                for status in STATUSES {
                    let count = read(counts.next());
                    if count > 0 {
                        let labels =
                            format!("route=\"{route}\",method=\"{method}\",status=\"{}\"", shown(status));
                        let _infallible = writeln!(page, "{name}{{{labels}}} {count}");
                    }
                }
            }
        }
    }

    fn write_classes(&self, page: &mut String) {
        let name = "coffer_registry_request_seconds";
        let help = "How long answers took to begin.";
        let _infallible = write!(page, "# HELP {name} {help}\n# TYPE {name} histogram\n");
        for (route, classes) in ROUTES.iter().zip(self.classes.chunks(CLASSES.len() + 1)) {
            let (route, total) = (route.1, classes.iter().map(|class| read(Some(class))).sum::<u64>());
            if total == 0 {
                continue;
            }
            let mut sum = 0;
            for (end, class) in CLASSES.iter().zip(classes) {
                sum += read(Some(class));
                let end = Duration::from_millis(*end).as_secs_f64();
                let _infallible = writeln!(page, "{name}_bucket{{route=\"{route}\",le=\"{end}\"}} {sum}");
            }
            let _infallible = writeln!(page, "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {total}");
            let position = ROUTES.iter().position(|known| known.1 == route);
            let micros = read(position.and_then(|position| self.micros.get(position)));
            let seconds = Duration::from_micros(micros).as_secs_f64();
            let _infallible = write!(
                page,
                "{name}_sum{{route=\"{route}\"}} {seconds}\n{name}_count{{route=\"{route}\"}} {total}\n"
            );
        }
    }
}

fn shown(status: u16) -> String {
    if status == 0 { "other".to_owned() } else { status.to_string() }
}

fn add(counter: Option<&AtomicU64>, times: u64) {
    if let Some(counter) = counter {
        counter.fetch_add(times, Ordering::Relaxed);
    }
}

fn read(counter: Option<&AtomicU64>) -> u64 {
    counter.map_or(0, |counter| counter.load(Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_tables_are_those_of_their_values() {
        assert!(ROUTES.iter().enumerate().all(|(place, (route, _))| *route as usize == place));
        assert!(COUNTS.iter().enumerate().all(|(place, (count, _, _))| *count as usize == place));
    }

    #[test]
    fn the_page_says_what_happened() {
        let metrics = Metrics::default();
        metrics.answered(Route::Manifest, &Method::GET, StatusCode::OK, Duration::from_millis(7));
        metrics.answered(Route::Manifest, &Method::GET, StatusCode::OK, Duration::from_secs(600));
        metrics.answered(Route::Other, &Method::TRACE, StatusCode::IM_A_TEAPOT, Duration::ZERO);
        metrics.count(Count::BytesOut, 42);
        let page = metrics.page();
        for line in [
            "coffer_registry_requests_total{route=\"manifest\",method=\"GET\",status=\"200\"} 2",
            "coffer_registry_requests_total{route=\"other\",method=\"other\",status=\"other\"} 1",
            "coffer_registry_request_seconds_bucket{route=\"manifest\",le=\"0.005\"} 0",
            "coffer_registry_request_seconds_bucket{route=\"manifest\",le=\"0.01\"} 1",
            "coffer_registry_request_seconds_bucket{route=\"manifest\",le=\"120\"} 1",
            "coffer_registry_request_seconds_bucket{route=\"manifest\",le=\"+Inf\"} 2",
            "coffer_registry_request_seconds_sum{route=\"manifest\"} 600.007",
            "coffer_registry_request_seconds_count{route=\"manifest\"} 2",
            "coffer_registry_sent_bytes_total 42",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
    }
}
