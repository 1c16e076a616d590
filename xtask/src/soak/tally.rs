//! What a soak has found, and what is said of it at the end.

use std::collections::BTreeMap;

use crate::shell::Outcome;
use crate::soak::bounded::Ended;

/// So many findings of a kind are shown.
const SHOWN: usize = 12;

#[derive(Default)]
pub(crate) struct Tally {
    starts: u64,
    /// How often a kill hit each step.
    killed: BTreeMap<&'static str, u64>,
    hung: Vec<String>,
    /// Starts that nobody harmed, and that failed.
    failed: Vec<String>,
    leaked: Vec<String>,
}

/// A step, how it ended, and the last thing that was said.
pub(crate) type End = (&'static str, Ended, String);

impl Tally {
    pub(crate) fn started(&mut self, number: u64, harm: &str, unharmed: bool, ends: &[End]) {
        self.starts += 1;
        for (step, ended, said) in ends {
            let line = || format!("start {number} ({harm}): {step}: {said}");
            match ended {
                Ended::Hung => self.hung.push(line()),
                Ended::Killed => *self.killed.entry(step).or_default() += 1,
                // The second of two deletions finds nothing, which not every runtime takes for success.
                Ended::Badly if unharmed && *step != "delete --force" => self.failed.push(line()),
                Ended::Badly | Ended::Well => {}
            }
        }
    }

    pub(crate) fn leaked<'a>(&mut self, traces: impl Iterator<Item = &'a String>) {
        self.leaked.extend(traces.map(|trace| format!("before start {}: {trace}", self.starts)));
    }

    pub(crate) fn progress(&self, of: u64) {
        if self.starts.is_multiple_of(1000) || self.starts == of {
            let (hung, failed, leaked) = (self.hung.len(), self.failed.len(), self.leaked.len());
            println!("{} of {of}: {hung} hung, {failed} failed unharmed, {leaked} traces left", self.starts);
        }
    }

    pub(crate) fn report(&self) -> Outcome {
        let killed: Vec<String> = self.killed.iter().map(|(step, times)| format!("{step} {times}")).collect();
        println!(
            "the runtime was killed in {}",
            if killed.is_empty() { "nothing".to_owned() } else { killed.join(", ") }
        );
        for (what, found) in [("hung", &self.hung), ("failed", &self.failed), ("left behind", &self.leaked)] {
            found.iter().take(SHOWN).for_each(|line| println!("{what}: {line}"));
            if found.len() > SHOWN {
                println!("{what}: and {} more", found.len() - SHOWN);
            }
        }
        let found = self.hung.len() + self.failed.len() + self.leaked.len();
        if found == 0 { Ok(()) } else { Err(format!("{found} findings in {} starts", self.starts)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(unharmed: bool, ends: &[(&'static str, Ended)]) -> Outcome {
        let mut tally = Tally::default();
        let ends: Vec<End> = ends.iter().map(|(step, ended)| (*step, *ended, String::new())).collect();
        tally.started(1, "", unharmed, &ends);
        tally.report()
    }

    #[test]
    fn hanging_is_always_a_finding_and_failing_is_one_where_nobody_did_harm() {
        assert!(tally(true, &[("run", Ended::Well), ("delete --force", Ended::Badly)]).is_ok());
        assert!(tally(false, &[("create", Ended::Killed), ("start", Ended::Badly)]).is_ok());
        assert!(tally(true, &[("create", Ended::Badly)]).is_err());
        assert!(tally(false, &[("create", Ended::Hung)]).is_err());
    }

    #[test]
    fn whatever_is_left_is_a_finding() {
        let mut tally = Tally::default();
        tally.leaked(["process 7: sleep".to_owned()].iter());
        assert_eq!(tally.report(), Err("1 findings in 0 starts".to_owned()));
    }
}
