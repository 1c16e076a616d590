//! The Test Anything Protocol, as far as verdicts need it: <https://testanything.org/tap-version-13-specification.html>.

/// What a program's output says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Skip,
    /// And what failed first.
    Fail(String),
}

impl Verdict {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Fail(_) => "fail",
        }
    }
}

/// What is counted between one `TAP version` line and the next.
#[derive(Default)]
struct Document {
    planned: Option<usize>,
    run: usize,
    skipped: usize,
    failed: Vec<String>,
    /// The first diagnostic `"error": ...`. Programs that count no test say what went wrong only there.
    error: Option<String>,
}

/// Judges all documents that a program printed one after another; none at all is a failure.
pub(crate) fn judge(text: &str) -> Verdict {
    let mut documents: Vec<Document> = Vec::new();
    for line in text.lines() {
        if line.starts_with("TAP version ") || documents.is_empty() {
            documents.push(Document::default());
        }
        if let Some(document) = documents.last_mut() {
            document.read(line);
        }
    }
    let verdicts: Vec<Verdict> = documents.iter().map(Document::verdict).collect();
    let passes = verdicts.contains(&Verdict::Pass);
    let silent = verdicts.is_empty().then(|| Verdict::Fail("it printed nothing".to_owned()));
    let failure = verdicts.into_iter().find(|verdict| matches!(verdict, Verdict::Fail(_)));
    failure.or(silent).unwrap_or(if passes { Verdict::Pass } else { Verdict::Skip })
}

impl Document {
    fn read(&mut self, line: &str) {
        if let Some(count) = line.strip_prefix("1..") {
            self.planned = count.split_whitespace().next().and_then(|count| count.parse().ok());
        } else if let Some(rest) = line.strip_prefix("not ok") {
            self.run += 1;
            if !has_directive(rest, "TODO") {
                self.failed.push(line.to_owned());
            }
        } else if let Some(rest) = line.strip_prefix("ok") {
            self.run += 1;
            self.skipped += usize::from(has_directive(rest, "SKIP"));
        } else if line.starts_with("Bail out!") {
            self.failed.push(line.to_owned());
        } else if let Some(error) = line.trim_start().strip_prefix("\"error\": ") {
            self.error.get_or_insert_with(|| error.trim_end_matches(',').to_owned());
        }
    }

    fn verdict(&self) -> Verdict {
        let failed = |why: String| Verdict::Fail(why);
        match (self.planned, self.failed.first(), &self.error) {
            (_, Some(first), _) => failed(format!("{} of {}: {first}", self.failed.len(), self.run)),
            (None, ..) => failed("it ended before its plan".to_owned()),
            (Some(planned), ..) if planned != self.run => failed(format!("{} of {planned} ran", self.run)),
            (Some(0), None, Some(error)) => failed(error.clone()),
            (Some(planned), ..) if planned > 0 && self.skipped == planned => Verdict::Skip,
            _ => Verdict::Pass,
        }
    }
}

/// `# SKIP why` or `# TODO why`, in any case, after the description.
fn has_directive(rest: &str, directive: &str) -> bool {
    let after = rest.split_once('#').map(|(_, after)| after.trim_start().to_ascii_uppercase());
    after.is_some_and(|after| after.starts_with(directive))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> &'static str {
        judge(text).word()
    }

    #[test]
    fn a_program_passes_when_all_that_it_planned_is_ok() {
        assert_eq!(word("TAP version 13\nok 1 - a\nok 2 - b\n1..2\n"), "pass");
        assert_eq!(word("TAP version 13\n1..2\nok 1\nok 2 # SKIP no such kernel\n"), "pass");
        assert_eq!(word("1..1\nnot ok 1 # TODO some day\n"), "pass");
    }

    #[test]
    fn what_failed_first_is_named() {
        let text = "TAP version 13\nok 1\nnot ok 2 - pids limit\nnot ok 3\n1..3\n";
        assert_eq!(judge(text), Verdict::Fail("2 of 3: not ok 2 - pids limit".to_owned()));
        assert_eq!(word("1..1\nBail out! no disk\n"), "fail");
    }

    #[test]
    fn silence_and_half_an_answer_are_failures() {
        for text in
            ["", "TAP version 13\n", "TAP version 13\nok 1\n", "1..2\nok 1\n", "1..1\nok 1\nok 2\n", "1..x\n"]
        {
            assert_eq!(word(text), "fail", "{text:?}");
        }
    }

    #[test]
    fn a_program_of_no_tests_fails_by_its_diagnostic_alone() {
        assert_eq!(word("TAP version 13\n1..0\n"), "pass");
        let text = "TAP version 13\n  ---\n  {\n    \"error\": \"hooks MUST be called\",\n  }\n  ...\n1..0\n";
        assert_eq!(judge(text), Verdict::Fail("\"hooks MUST be called\"".to_owned()));
        let passed = "TAP version 13\nok 1\n  {\n    \"error\": \"exit status 1\"\n  }\n1..1\n";
        assert_eq!(word(passed), "pass", "an error that was expected");
    }

    #[test]
    fn each_of_several_documents_counts() {
        assert_eq!(word("TAP version 13\nok 1\n1..1\nTAP version 13\n1..0\n"), "pass");
        assert_eq!(word("TAP version 13\nnot ok 1\n1..1\nTAP version 13\nok 1\n1..1\n"), "fail");
    }

    #[test]
    fn a_suite_that_skips_everything_is_skipped() {
        assert_eq!(word("TAP version 13\n1..1\nok 1 # SKIP linux only\n"), "skip");
    }
}
