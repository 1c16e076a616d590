//! How long the client waits for others, and how often it asks again.

use std::time::Duration;

/// Waits and tries. The defaults are for people; tests have less time.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until there is a connection, names, proxies and TLS included.
    pub connect: Duration,
    /// From the request's last byte to the whole head of the answer.
    pub answer: Duration,
    /// Bytes for each second that a transfer has to have ...
    pub least: u64,
    /// ... in any stretch of waiting as long as this.
    pub over: Duration,
    /// How often a request is made before its failure is the answer.
    pub tries: u32,
    /// Before the second try; each further pause is twice as long.
    pub pause: Duration,
    /// The longest pause, and the longest that a registry may ask for.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            least: 1000,
            over: Duration::from_secs(60),
            tries: 5,
            pause: Duration::from_millis(250),
            longest: Duration::from_secs(60),
        }
    }
}

impl Patience {
    /// How long to wait after the try with this number, from 1: what the registry asked for, or a pause of
    /// ours, shortened by up to a half so that many clients do not come back together. `None`: no longer.
    pub(crate) fn pause_after(&self, failed: u32, asked: Option<Duration>) -> Option<Duration> {
        if failed >= self.tries || asked.is_some_and(|asked| asked > self.longest) {
            return None;
        }
        let doubled = self.pause.saturating_mul(1 << failed.saturating_sub(1).min(16));
        let ours = doubled.min(self.longest).mul_f64(1.0 - chance() / 2.0);
        Some(asked.map_or(ours, |asked| asked.max(ours)))
    }

    /// The longest that so many bytes may take.
    pub(crate) fn transfer(&self, bytes: u64) -> Duration {
        self.over.saturating_mul(2).saturating_add(Duration::from_secs(bytes / self.least.max(1)))
    }
}

/// Evenly between 0 and 1. Without random numbers clients merely come back together.
fn chance() -> f64 {
    let mut byte = [0; 1];
    let _without = getrandom::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let patience = Patience::default();
        let pauses: Vec<Duration> = (1..5).map(|n| patience.pause_after(n, None).unwrap()).collect();
        for (number, pause) in pauses.iter().enumerate() {
            let whole = Duration::from_millis(250 << number);
            assert!((whole / 2..=whole).contains(pause), "{pause:?}");
        }
        assert_eq!(patience.pause_after(5, None), None);
    }

    #[test]
    fn a_registry_may_ask_for_a_minute_and_not_for_a_day() {
        let patience = Patience::default();
        assert_eq!(patience.pause_after(1, Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(patience.pause_after(1, Some(Duration::from_secs(86_400))), None);
    }
}
