//! docs/checks.md has every rule, in the words of the rules.

use std::path::Path;

use build::check::RULES;

const HEAD: &str = "\
# Checks of Dockerfiles

What is wrong with a file that builds. Rules that BuildKit has, too, have its names and speak up where its own do: its
tests judge them (conformance/README.md). `InvalidBaseImagePlatform` needs the image: a build refuses
such a base (`E-build-platform`).

    # check=skip=RULE,RULE;error=true        in the first lines: for the file
    # check=skip=RULE why                    right above an instruction: for that one

`skip=all` silences all rules, `experimental=RULE` wakes one that is quiet (`InvalidDefinitionDescription`), and
`error=true` makes every remark an error. Rules about what stays in the image look at the last stage and at those that it
begins with. Variables of a base image that is not at hand count as set, unless they look misspelt.

| rule | severity | what | why | instead |
|---|---|---|---|---|
";

#[test]
fn every_rule_is_in_the_manual() {
    let rows = RULES.iter().map(|rule| {
        let cell = |text: &str| text.replace('|', "\\|");
        let (what, why, instead) = (cell(rule.what), cell(rule.why), cell(rule.instead));
        format!("| `{}` | {} | {what} | {why} | {instead} |\n", rule.id, rule.severity.name())
    });
    let expected: String = std::iter::once(HEAD.to_owned()).chain(rows).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "docs/checks.md should be:\n{expected}");
}
