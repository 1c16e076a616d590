//! Entry points for fuzzers: hostile bytes in, nothing but an answer out.

use std::collections::BTreeMap;

use model::digest::Digest;
use model::image::ImageConfig;

use crate::check::{Surroundings, check};
use crate::ignore::{Ignore, Pattern};
use crate::instruction::{Instruction, Mount};
use crate::limits::Limits;
use crate::parse::{Tree, parse, parse_trigger};
use crate::plan::{Base, Bases, Key, Options, Plan, key};
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

/// Plans `bytes` up to the first NUL as a Dockerfile, of which all images bring along the lines behind it; returns how
/// many steps it has.
#[must_use]
pub fn plan(bytes: &[u8]) -> usize {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (file, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let on_build = String::from_utf8_lossy(rest).lines().map(str::to_owned).collect();
    let images =
        Anything(Base { config: ImageConfig { on_build, ..ImageConfig::default() }, ..Base::default() });
    let Ok(platform) = "linux/amd64".parse() else { return 0 };
    let mut options = Options::for_platform(platform);
    options.arguments.insert("A".to_owned(), "a $B".to_owned());
    let Ok(file) = parse(file, &options.limits) else { return 0 };
    let Ok(plan) = Plan::make(&file, &options, &images) else { return 0 };
    let mut keys: Vec<Key> = Vec::new();
    for step in &plan.steps {
        let below = step.below.and_then(|below| keys.get(below)).copied();
        let taken: Vec<Digest> = step.takes().iter().map(|_| Digest::of(bytes)).collect();
        keys.push(key(step, below.as_ref(), &taken));
    }
    keys.len()
}

/// Every image is there, and all are the same.
struct Anything(Base);

impl Bases for Anything {
    fn base(&self, _reference: &str, _platform: &str) -> Option<&Base> {
        Some(&self.0)
    }
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
        assert_eq!(plan(b"FROM a\nRUN $A\0WORKDIR /x\nCOPY --from=b / /"), 5);
        assert_eq!((plan(b"FROM a\0FROM b"), plan(b"\0")), (0, 0));
        assert!(ignore(b"a/b\na") && !ignore(b"a/b\nb") && !ignore(b"a\n!"));
    }
}
