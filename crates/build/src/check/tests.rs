use proptest::prelude::*;

use super::*;

fn unknown(_: &str) -> Option<Vec<String>> {
    None
}

fn remarks(file: &str, environment: &dyn Fn(&str) -> Option<Vec<String>>) -> Checked {
    let ignore = Ignore::parse(b"ignored\n", &Limits::default()).unwrap();
    let arguments = BTreeMap::new();
    let surroundings =
        Surroundings { ignore: Some(&ignore), arguments: &arguments, environment, options: None };
    check(file.as_bytes(), &surroundings, &Limits::default()).unwrap()
}

/// The lines at which a rule says something.
fn lines_of(rule: &str, file: &str) -> Vec<u32> {
    assert!(find(rule).is_some(), "there is no rule {rule}");
    let checked = remarks(file, &unknown);
    assert_eq!(checked.error, None, "{file}");
    checked.remarks.iter().filter(|remark| remark.rule.id == rule).map(|remark| remark.lines.first).collect()
}

fn check_lines(rule: &str, file: &str, expected: &[u32]) {
    assert_eq!(lines_of(rule, file), expected, "{file}");
}

#[test]
fn examples_are_what_they_say() {
    for rule in RULES {
        assert!(!lines_of(rule.id, rule.bad).is_empty(), "{} says nothing about its bad example", rule.id);
        assert!(lines_of(rule.id, rule.good).is_empty(), "{} does not like its good example", rule.id);
    }
}

#[test]
fn rules_are_told_apart_and_explained() {
    let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), RULES.len());
    assert!(RULES.len() >= 40);
    for rule in RULES {
        for text in [rule.what, rule.why, rule.instead] {
            assert!(text.ends_with('.') && text.len() < 130, "{}: {text}", rule.id);
        }
        assert!(rule.id.chars().all(|c| c.is_ascii_alphabetic()), "{}", rule.id);
    }
}

#[test]
fn rules_can_be_silenced() {
    let rule = "JSONArgsRecommended";
    check_lines(rule, "FROM scratch\nCMD a", &[2]);
    check_lines(rule, "# check=skip=JSONArgsRecommended\nFROM scratch\nCMD a", &[]);
    check_lines(rule, "# check=skip=all\nFROM scratch\nCMD a", &[]);
    check_lines(rule, "FROM scratch\n# check=skip=JSONArgsRecommended // because\nCMD a", &[]);
    check_lines(rule, "FROM scratch\n# check=skip=Other\nCMD a", &[2 + 1]);
    let checked = remarks("# check=error=true\nFROM scratch", &unknown);
    assert_eq!(checked.strictness, Strictness::Strict);
}

#[test]
fn what_stands_before_an_error_is_checked() {
    let checked = remarks("FROM scratch AS A\nMAINTAINER me\nBADCMD\nCMD a", &unknown);
    let ids: Vec<&str> = checked.remarks.iter().map(|remark| remark.rule.id).collect();
    assert!(ids.contains(&"StageNameCasing") && ids.contains(&"MaintainerDeprecated"));
    assert_eq!(checked.error.unwrap().to_string(), "line 3: there is no instruction `BADCMD`");
}

#[test]
fn variables_come_from_stages_images_and_arguments() {
    let rule = "UndefinedVar";
    check_lines(rule, "FROM scratch AS a\nARG x=1\nFROM a\nCOPY $x .", &[]);
    check_lines(rule, "FROM scratch\nCOPY $x .\nARG x=1", &[2]);
    check_lines(rule, "FROM scratch\nARG x\nCOPY a$x .", &[]);
    check_lines(rule, "FROM scratch\nENV PATH=$PAHT:/a", &[2]);
    check_lines(rule, "FROM debian:12\nENV A=$JAVA_HOME", &[]);
    check_lines(rule, "FROM scratch\nCOPY <<EOF /a\n$x\nEOF\nRUN --mount=target=$y true", &[2, 5]);
    check_lines(rule, "FROM scratch\nARG a=$b", &[2]);
    let known = |_: &str| Some(vec!["JAVA_HOME".to_owned()]);
    let message = |file: &str| {
        let found = remarks(file, &known).remarks.into_iter().find(|remark| remark.rule.id == rule);
        found.map(|remark| remark.message)
    };
    assert_eq!(message("FROM java\nENV A=$JAVA_HOME"), None);
    assert_eq!(
        message("FROM java\nENV A=$JAVA_HOMES").as_deref(),
        Some("`$JAVA_HOMES` is not set; did you mean `JAVA_HOME`?")
    );
    assert_eq!(message("FROM java\nENV A=$OTHER").as_deref(), Some("`$OTHER` is not set"));
}

#[test]
fn scripts_are_understood() {
    check_lines("PipeToShell", "FROM a\nRUN curl a | gunzip | sudo bash -s x\nRUN curl a && sh b", &[2]);
    check_lines(
        "AptLists",
        "FROM a\nRUN apt-get update && rm -rf /var/lib/apt/lists/*\nRUN --mount=type=cache,target=/var/lib/apt apt-get update",
        &[],
    );
    check_lines(
        "AptRecommends",
        "FROM a\nRUN <<EOF\napt-get install -y x\nEOF\nRUN [\"apt-get\", \"install\", \"x\"]",
        &[2, 5],
    );
    check_lines("PipefailMissing", "FROM a\nRUN set -o pipefail; a | b\nRUN echo a | b\nRUN a || b", &[]);
    check_lines(
        "DocumentWithoutErrexit",
        "FROM a\nRUN <<EOF\na && \\\nb\nEOF\nRUN bash -e <<EOF\na\nb\nEOF\nRUN <<EOF python\na\nb\nEOF",
        &[],
    );
    check_lines("PipefailMissing", "FROM a\nRUN if a | b; then c; fi; echo x | tee y | tee z", &[]);
    check_lines("AptLists", "FROM a AS x\nRUN apt-get update\nFROM a AS y\nRUN apt-get update\nFROM y", &[4]);
    check_lines("SudoUsed", "FROM a\nRUN echo sudo\nRUN a && sudo -u x b", &[3]);
    check_lines(
        "WorldWritable",
        "FROM a\nRUN chmod 1777 /tmp\nRUN chmod a+rwx x\nCOPY --chmod=666 a b\nRUN chmod u+w x",
        &[3, 4],
    );
    check_lines("NpmInstall", "FROM a\nRUN npm install -g x\nRUN npm i --silent", &[3]);
    check_lines("CertificatesUnchecked", "FROM a\nRUN wget --no-check-certificate a\nRUN curl -fsSL a", &[2]);
}

#[test]
fn secrets_are_found_and_not_repeated() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let checked =
        remarks(&format!("FROM a\nRUN git clone https://{token}@github.com/a\nENV X={token}x_"), &unknown);
    let found: Vec<_> = checked.remarks.iter().filter(|remark| remark.rule.id == "SecretInText").collect();
    assert_eq!(found.len(), 2);
    assert!(checked.remarks.iter().all(|remark| !remark.message.contains(&token)));
    check_lines("SecretInText", "FROM a\nRUN echo https://user:$TOKEN@a https://a:8080/b@c xghp_", &[]);
    check_lines(
        "SecretsUsedInArgOrEnv",
        "FROM a\nENV PUBLIC_KEY= AUTH_MODULE_VERSION=1 password_file=x author=y\nARG git_KEY",
        &[3],
    );
    check_lines(
        "SecretFileCopied",
        "FROM a AS b\nCOPY conf/.env /\nCOPY --from=b /.env /\nCOPY .environment /",
        &[2],
    );
}

#[test]
fn the_last_stage_counts() {
    check_lines("RootUser", "FROM a AS x\nUSER 1\nFROM x", &[]);
    check_lines("RootUser", "FROM a AS x\nUSER 1\nFROM a\nUSER root", &[3]);
    check_lines("HealthcheckMissing", "FROM a AS x\nHEALTHCHECK CMD [\"a\"]\nFROM x", &[]);
    check_lines("BaseLatest", "FROM a:latest AS x\nFROM x\nFROM localhost:5000/a\nFROM a@sha256:0", &[1, 3]);
    check_lines("CopyBeforeDependencies", "FROM a\nCOPY . .\nRUN pip install flask\nFROM b\nRUN npm ci", &[]);
}

#[test]
fn a_crafted_file_is_not_slow() {
    let names: String = (0..2_000)
        .map(|index| format!("ENV NAME_THAT_IS_RATHER_LONG_{index}=$OTHER_NAME_THAT_IS_LONG_{index}\n"))
        .collect();
    let started = std::time::Instant::now();
    let checked = remarks(&format!("FROM scratch\n{names}"), &unknown);
    assert!(checked.remarks.len() <= 1_000);
    assert!(started.elapsed().as_secs() < 60);
}

proptest! {
    #[test]
    fn any_file_has_remarks_or_none(
        lines in proptest::collection::vec("(FROM|RUN|COPY|ENV|USER|ARG|EXPOSE|CMD) [a-z$|&;'\"()<=/. -]{0,20}", 0..8),
    ) {
        let arguments = BTreeMap::new();
        let surroundings = Surroundings { ignore: None, arguments: &arguments, environment: &unknown, options: None };
        let _ = check(format!("FROM a\n{}", lines.join("\n")).as_bytes(), &surroundings, &Limits::default());
    }
}
