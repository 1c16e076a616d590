//! README shows commands; this asks the binary whether it has them.

use std::path::Path;

use crate::shell::{self, Outcome};

/// Fails on a `coffer` command of README's examples that the binary does not know.
pub(crate) fn commands_exist() -> Outcome {
    let text = std::fs::read_to_string(shell::top().join("README.md"))
        .map_err(|error| format!("cannot read README.md: {error}"))?;
    let coffer = shell::build("coffer", "dev")?;
    for words in commands(&text) {
        knows(&coffer, &words)
            .map_err(|error| format!("README.md shows `coffer {}`: {error}", words.join(" ")))?;
    }
    Ok(())
}

fn knows(coffer: &Path, words: &[&str]) -> Outcome {
    shell::capture(shell::program(coffer, words).arg("--help")).map(drop)
}

/// The words after `coffer` in indented examples, up to the first that is no command name; a group of
/// commands (`coffer image`) is followed by one more.
fn commands(text: &str) -> Vec<Vec<&str>> {
    let examples = text.lines().filter_map(|line| line.strip_prefix("    coffer "));
    let mut found: Vec<Vec<&str>> = examples.map(command).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn command(example: &str) -> Vec<&str> {
    let mut words = example.split_whitespace();
    let first = words.next();
    let group = matches!(first, Some("image" | "ledger" | "system" | "volume"));
    first.into_iter().chain(words.take(usize::from(group))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_cut_to_its_command() {
        let text = "Text coffer no\n    coffer run --rm x sh   # y\n    coffer image ls\n    coffer run y\n";
        assert_eq!(commands(text), [vec!["image", "ls"], vec!["run"]]);
    }
}
