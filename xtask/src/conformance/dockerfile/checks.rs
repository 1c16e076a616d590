//! `dockerfile_check_test.go`: files, and the rules that speak up at which lines.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::case::Case;
use super::read;
use crate::conformance::go::{self, Step, steps, table};
use crate::shell::Outcome;

/// What is checked against images that the tests build.
const WITH_IMAGES: &[&str] = &["testBaseImagePlatformMismatch"];

pub(super) fn cases(language: &Path) -> Outcome<Vec<Case>> {
    let source = read(&language.join("dockerfile_check_test.go"))?;
    let catalogue = read(&language.join("linter/ruleset.go"))?;
    let rules = rules(&catalogue);
    let tests = table(&source, "", "lintTests")?;
    let go::Value::Call(_, tests) = tests else { return Err("`lintTests` is another list".to_owned()) };
    let mut cases = Vec::new();
    for test in &tests {
        let go::Value::Word(test) = test else { continue };
        if !WITH_IMAGES.contains(&test.as_str()) {
            cases.extend(test_cases(&source, test, &rules)?);
        }
    }
    Ok(cases)
}

/// The names of BuildKit's rules: ours are not judged by its tests.
fn rules(source: &str) -> Vec<&str> {
    let names = source.lines().filter_map(|line| line.trim().strip_prefix("Name:"));
    names.map(|name| name.trim().trim_end_matches(',').trim_matches('"')).collect()
}

fn test_cases(source: &str, test: &str, rules: &[&str]) -> Outcome<Vec<Case>> {
    let mut given = BTreeMap::new();
    let mut cases = Vec::new();
    for step in steps(source, test, "checkLinterWarnings")? {
        match step {
            Step::Given(name, value) => drop(given.insert(name, value)),
            Step::Called(_, arguments) => {
                let parameters = arguments.last().ok_or("`checkLinterWarnings` has no arguments")?;
                let name = format!("checks/{}/{}", test.trim_start_matches("test"), cases.len());
                cases.push(case(name, parameters, &given, rules)?);
            }
        }
    }
    Ok(cases)
}

fn case(
    name: String,
    parameters: &go::Value,
    given: &BTreeMap<String, go::Value>,
    rules: &[&str],
) -> Outcome<Case> {
    let field = |name| parameters.field(name, usize::MAX);
    // A name stands for what it was given last.
    let text = |name| match field(name) {
        Some(go::Value::Word(word)) => given.get(word).and_then(go::Value::text),
        value => value.and_then(go::Value::text),
    };
    let file = text("Dockerfile").ok_or_else(|| format!("{name} has no file"))?;
    // Files that are formatted have the name of an image in them.
    let file = file.replace("%s", "busybox");
    let attributes = field("FrontendAttrs").map(go::Value::list).unwrap_or_default();
    let attribute = |(key, value): &(Option<go::Value>, go::Value)| {
        let name = key.as_ref()?.text()?.strip_prefix("build-arg:")?;
        Some((name.to_owned(), value.text()?.to_owned()))
    };
    let mut arguments: BTreeMap<String, String> = attributes.iter().filter_map(attribute).collect();
    let options = arguments.remove("BUILDKIT_DOCKERFILE_CHECK");
    let arguments: Vec<(String, String)> = arguments.into_iter().collect();
    // Of a whole file more is told than of one target; there the tests do not look at lines, and some are wrong.
    let (whole, target) = (field("UnmarshalWarnings"), field("Warnings"));
    let places = if whole.is_some() { Places::Unknown } else { Places::Known };
    let expected = whole.or(target).map(go::Value::list).unwrap_or_default();
    let mut expected =
        expected.iter().map(|(_, warning)| remark(warning, places)).collect::<Outcome<Vec<_>>>()?;
    let question = json!({
        "ask": "check",
        "lines": places == Places::Known,
        "file": file,
        "ignore": text("DockerIgnore").unwrap_or_default(),
        "arguments": arguments,
        "options": options,
        "rules": rules,
    });
    expected.sort_unstable();
    Ok(Case::answer(name, question, expected.into()))
}

/// Whether a test says where.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    Known,
    Unknown,
}

/// The rule that speaks up, and where.
fn remark(warning: &go::Value, places: Places) -> Outcome<String> {
    let rule = match warning {
        go::Value::Call(name, _) if name == "makeLintWarning" => Some("MultipleInstructionsDisallowed"),
        _ => warning.field("RuleName", usize::MAX).and_then(go::Value::text),
    };
    let line = match warning {
        go::Value::Call(_, arguments) => arguments.last(),
        _ => warning.field("Line", usize::MAX),
    };
    match (rule, line) {
        (Some(rule), _) if places == Places::Unknown => Ok(rule.to_owned()),
        (Some(rule), Some(go::Value::Word(line))) => Ok(format!("{rule} {line}")),
        _ => Err(format!("{warning:?} is no warning")),
    }
}
