//! Entry points for fuzzers: hostile bytes in, nothing but an answer out.

use std::collections::BTreeMap;

use crate::check::{Surroundings, check};
use crate::ignore::{Ignore, Pattern};
use crate::instruction::{Instruction, Mount};
use crate::limits::Limits;
use crate::parse::{Tree, parse, parse_trigger};
use crate::words::Words;

/// Reads `bytes` as a Dockerfile, replaces its variables, and checks it; returns how many instructions it has.
#[must_use]
pub fn dockerfile(bytes: &[u8]) -> usize {
    let limits = Limits::default();
    let arguments = BTreeMap::new();
    let surroundings =
        Surroundings { ignore: None, arguments: &arguments, environment: &|_| None, options: None };
    // An error is an answer, too.
    let _checked = check(bytes, &surroundings, &limits);
    let _dump = Tree::read(bytes, &limits).map(|tree| tree.dump());
    let Ok(file) = parse(bytes, &limits) else { return 0 };
    let words = Words::new(file.directives.escape, &limits);
    let instructions = file.stages.iter().flat_map(|stage| &stage.instructions);
    let read = |found: &crate::instruction::Located<Instruction>| {
        let _word = words.word(&found.text, &value);
        let _shown = words.shown(&found.text, &value);
        match &found.what {
            Instruction::OnBuild(_, text) => drop(parse_trigger(text, &limits)),
            Instruction::Run(run) => run.mounts.iter().for_each(|mount| {
                let _mount =
                    Mount::read(mount, &mut |text| words.word(text, &value).map(|expanded| expanded.text));
            }),
            _ => {}
        }
    };
    instructions.map(read).count()
}

/// Reads the first line of `bytes` as a path, and the rest as `.dockerignore`; returns whether the path is excluded.
#[must_use]
pub fn ignore(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (path, rules) = text.split_once('\n').unwrap_or((&text, ""));
    let _pattern =
        Pattern::parse(rules).map(|pattern| (pattern.matches(path), pattern.may_match_below(path)));
    let Ok(ignore) = Ignore::parse(rules.as_bytes(), &Limits::default()) else { return false };
    let _fate = ignore.directory(path, &ignore.top());
    ignore.excludes(path)
}

/// Half of all names have a value.
fn value(name: &str) -> Option<String> {
    name.len().is_multiple_of(2).then(|| format!("{name} *?/\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_answers() {
        assert_eq!(dockerfile(b"FROM a\nRUN --mount=target=$x ${y:-z}\nONBUILD RUN x"), 2);
        assert_eq!(dockerfile(b"\xff"), 0);
        assert!(ignore(b"a/b\na") && !ignore(b"a/b\nb") && !ignore(b"a\n!"));
    }
}
