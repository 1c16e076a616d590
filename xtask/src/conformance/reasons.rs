//! `reasons.md` of a suite: why we do not pass what we do not pass. A line for each reason, which begins with
//! the programs that it is about: "- `a`, `b`: why".

use std::collections::BTreeSet;
use std::path::Path;

use crate::conformance::lists::{self, List};
use crate::shell::Outcome;

/// The programs that the page of `suite` gives a reason for.
pub(crate) fn named(suite: &str) -> Outcome<BTreeSet<String>> {
    let file = lists::directory(suite).join("reasons.md");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(parse(&text))
}

fn parse(text: &str) -> BTreeSet<String> {
    let heads = text.lines().filter_map(|line| Some(line.strip_prefix("- `")?.split_once("`: ")?.0));
    heads.flat_map(|head| head.split("`, `")).map(str::to_owned).collect()
}

/// What is wrong with the page: programs that ours does not pass and that have no reason, and reasons for
/// what all of ours pass.
pub(crate) fn complaints(named: &BTreeSet<String>, ours: &[List]) -> Vec<String> {
    let owed = ours.iter().flatten().filter(|(_, verdict)| *verdict != "pass");
    let owed: BTreeSet<String> = owed.map(|(program, _)| program.clone()).collect();
    let missing = owed.difference(named).map(|program| format!("{program}: reasons.md does not say why"));
    let stale =
        named.difference(&owed).map(|program| format!("{program}: reasons.md says why, and it passes"));
    missing.chain(stale).collect()
}

/// Our lists of `suite` on file, for either version of control groups.
pub(crate) fn ours(suite: &str) -> Outcome<Vec<List>> {
    let files = ["ours.txt", "ours-v2.txt"].map(|name| lists::directory(suite).join(name));
    files.iter().filter(|file| Path::exists(file)).map(|file| lists::load(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_about_all_that_it_begins_with() {
        let text = "# Why\n\n- `kill`, `start`: `delete` comes\n  later: `x`\n- `mounts`: no\n- nothing\n";
        assert_eq!(parse(text).into_iter().collect::<Vec<_>>(), ["kill", "mounts", "start"]);
    }

    #[test]
    fn a_reason_is_owed_for_each_failure_and_for_nothing_else() {
        let list = |verdict: &str| List::from([("kill".to_owned(), verdict.to_owned())]);
        let named = BTreeSet::from(["kill".to_owned()]);
        assert_eq!(complaints(&named, &[list("pass"), list("fail")]), Vec::<String>::new());
        assert_eq!(complaints(&named, &[list("pass")]), ["kill: reasons.md says why, and it passes"]);
        assert_eq!(complaints(&BTreeSet::new(), &[list("skip")]), ["kill: reasons.md does not say why"]);
    }
}
