use proptest::prelude::*;

use super::*;
use crate::instruction::*;
use crate::limits::Limits;

fn read(text: &str) -> Result<Dockerfile, ParseError> {
    parse(text.as_bytes(), &Limits::default())
}

/// The instructions of the only stage.
fn instructions(text: &str) -> Vec<Instruction> {
    let file = read(&format!("FROM scratch\n{text}")).unwrap();
    file.stages.into_iter().flat_map(|stage| stage.instructions).map(|located| located.what).collect()
}

fn one(text: &str) -> Instruction {
    let mut found = instructions(text);
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

/// What is said against the second line.
fn check_fault(text: &str, expected: &str) {
    let error = read(&format!("FROM scratch\n{text}")).unwrap_err();
    assert_eq!(error.to_string(), expected, "{text}");
}

fn shell(line: &str) -> Command {
    Command::Shell(line.to_owned(), Vec::new())
}

fn exec(words: &[&str]) -> Command {
    Command::Exec(words.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn devices_have_a_name_and_may_be_required() {
    let devices = |flag: &str| match one(&format!("RUN --device={flag} make")) {
        Instruction::Run(run) => run.devices,
        other => panic!("{other:?}"),
    };
    for (flag, name, required) in [
        ("vendor.example/gpu", "vendor.example/gpu", false),
        ("vendor.example/gpu=all", "vendor.example/gpu=all", false),
        ("vendor.example/gpu=all,required", "vendor.example/gpu=all", true),
        ("name=gpu=0,required=true", "gpu=0", true),
        ("required=false,name=gpu", "gpu", false),
    ] {
        assert_eq!(devices(flag), [Device { name: name.to_owned(), required }], "{flag}");
    }
    for wrong in ["", "required", "a,b", "name=a,name=b", "a,required=perhaps"] {
        let text = format!("FROM x\nRUN --device={wrong} make");
        assert!(parse(text.as_bytes(), &Limits::default()).is_err(), "{wrong}");
    }
}

#[test]
fn stages_have_bases_names_and_platforms() {
    let file = read("ARG A=1 B\nfrom --platform=$P a:$A as Build\nRUN x\nFROM b").unwrap();
    let arguments: Vec<_> =
        file.arguments.iter().map(|found| (&*found.what.name, found.what.default.as_deref())).collect();
    assert_eq!(arguments, [("A", Some("1")), ("B", None)]);
    let stages: Vec<_> = file
        .stages
        .iter()
        .map(|stage| (&*stage.base, stage.name.as_deref(), stage.platform.as_deref()))
        .collect();
    assert_eq!(stages, [("a:$A", Some("build"), Some("$P")), ("b", None, None)]);
    assert_eq!(file.stages[0].text, "from --platform=$P a:$A as Build");
    assert_eq!(file.stages[0].instructions.len(), 1);
}

#[test]
fn lines_go_on_behind_escapes_comments_and_gaps() {
    let text = "FROM a\nRUN one \\\n  # comment\n\n  two \\  \n# other\n  three\\\\\nUSER x\\\n";
    let file = read(text).unwrap();
    let found: Vec<_> = file.stages[0].instructions.iter().map(|found| (&*found.text, found.lines)).collect();
    let lines = |first, last| Lines { first, last };
    assert_eq!(found, [("RUN one   two   three\\\\", lines(2, 7)), ("USER x", lines(8, 8))]);
    assert_eq!(Tree::read(text.as_bytes(), &Limits::default()).unwrap().gaps, [lines(2, 7)]);
}

#[test]
fn the_escape_character_may_be_a_backtick() {
    let file = read("# escape=`\nFROM a\nRUN dir C:\\ `\n  x\n").unwrap();
    assert_eq!(file.directives.escape, '`');
    assert_eq!(file.stages[0].instructions[0].text, "RUN dir C:\\   x");
    assert_eq!(
        read("# escape=x\nFROM a").unwrap_err().to_string(),
        "line 1: the escape character is `\\` or a backtick, and not `x`"
    );
    assert_eq!(
        read("#syntax=a\n#syntax=b\nFROM a").unwrap_err().to_string(),
        "line 2: the directive `syntax` is written twice; remove one of the lines"
    );
}

#[test]
fn windows_wrote_the_file() {
    let file = read("\u{feff}FROM a\r\nRUN <<EOF\r\nx\r\nEOF\r\nRUN y \\\r\n  z\r\n").unwrap();
    let Instruction::Run(run) = &file.stages[0].instructions[0].what else { panic!("no RUN") };
    let Command::Shell(_, documents) = &run.command else { panic!("no shell") };
    assert_eq!(documents[0].content, "x\r\n");
    assert_eq!(file.stages[0].instructions[1].text, "RUN y   z");
}

#[test]
fn commands_have_two_forms() {
    assert_eq!(one("CMD [\"a\", \"b c\"]"), Instruction::Cmd(exec(&["a", "b c"])));
    assert_eq!(one("CMD ['a']"), Instruction::Cmd(shell("['a']")));
    assert_eq!(one("ENTRYPOINT []"), Instruction::Entrypoint(exec(&[])));
    assert_eq!(one("CMD"), Instruction::Cmd(shell("")));
    check_fault(
        "CMD [\"a\", [\"b\"]]",
        "line 2: in the JSON form every element is a string in double quotes",
    );
}

#[test]
fn run_has_mounts_network_and_security() {
    let Instruction::Run(run) =
        one("RUN --mount=type=cache,target=/x --network=none --security=insecure --mount=target=$y make")
    else {
        panic!("no RUN")
    };
    assert_eq!(run.command, shell("make"));
    assert_eq!(run.mounts, ["type=cache,target=/x", "target=$y"]);
    assert_eq!((run.network.as_deref(), run.security.as_deref()), (Some("none"), Some("insecure")));
    check_fault(
        "RUN --network=nowhere x",
        "line 2: `--network` is one of default, none and host, and not `nowhere`",
    );
    check_fault(
        "RUN --mount=tpye=cache x",
        "line 2: `--mount`: there is no option `tpye`; did you mean `type`?",
    );
    check_fault("RUN --mout=type=cache x", "line 2: `RUN` has no flag `--mout`; did you mean `--mount`?");
}

#[test]
fn transfers_have_sources_documents_and_flags() {
    let Instruction::Copy(copy) =
        one("COPY --from=a --chown=1:2 --chmod=755 --link --parents --exclude=x --exclude=y a b/ /c/")
    else {
        panic!("no COPY")
    };
    assert_eq!((copy.sources, &*copy.destination), (vec!["a".to_owned(), "b/".to_owned()], "/c/"));
    assert_eq!(
        (copy.from.as_deref(), copy.owner.as_deref(), copy.mode.as_deref()),
        (Some("a"), Some("1:2"), Some("755"))
    );
    assert!(copy.link && copy.parents);
    assert_eq!(copy.exclude, ["x", "y"]);
    let Instruction::Add(add) =
        one("ADD --unpack=false --keep-git-dir --checksum=sha256:0 [\"a b\", \"/c\"]")
    else {
        panic!("no ADD")
    };
    assert_eq!(
        (add.unpack, add.keep_git_dir, add.checksum.as_deref()),
        (Some(false), true, Some("sha256:0"))
    );
    assert_eq!(add.sources, ["a b"]);
    let Instruction::Copy(copy) = one("COPY <<A x <<-'B' /d\n1\nA\n\t2\n\tB\n") else { panic!("no COPY") };
    assert_eq!(copy.sources, ["x"]);
    let documents: Vec<_> =
        copy.documents.iter().map(|found| (&*found.name, &*found.content, found.expansion)).collect();
    assert_eq!(documents, [("A", "1\n", Expansion::Done), ("B", "\t2\n", Expansion::Never)]);
    check_fault("COPY a", "line 2: `COPY` needs a source and a destination");
    check_fault(
        "COPY a <<EOF\nEOF",
        "line 2: `COPY` cannot write to a document; the last argument is the destination",
    );
    check_fault("ADD --from=a b c", "line 2: `ADD` has no flag `--from`");
}

#[test]
fn documents_end_with_their_name() {
    let Instruction::Run(run) = one("RUN <<EOF cat\n# no comment\\\n\nRUN x\nEOF") else { panic!("no RUN") };
    let Command::Shell(line, documents) = run.command else { panic!("no shell") };
    assert_eq!((&*line, &*documents[0].content), ("<<EOF cat", "# no comment\\\n\nRUN x\n"));
    check_fault(
        "RUN <<EOF\nx\nEOFF\n",
        "line 2: the document `EOF` does not end; a line that is only `EOF` ends it",
    );
    assert_eq!(instructions("USER <<EOF\nRUN x"), [Instruction::User("<<EOF".into()), one("RUN x")]);
}

#[test]
fn pairs_have_two_forms() {
    let pair = |name: &str, value: &str, form| Pair { name: name.into(), value: value.into(), form };
    assert_eq!(
        one("ENV a=b c='d e' f=\"g\"\\ h"),
        Instruction::Env(vec![
            pair("a", "b", PairForm::Sign),
            pair("c", "'d e'", PairForm::Sign),
            pair("f", "\"g\"\\ h", PairForm::Sign),
        ])
    );
    assert_eq!(one("LABEL a  b c"), Instruction::Label(vec![pair("a", "b c", PairForm::Space)]));
    check_fault("ENV PATH", "line 2: `ENV PATH` needs a value: `ENV PATH=...`");
    check_fault("ENV a=b c", "line 2: `c` has no `=`; a value with spaces stands in quotes");
    check_fault("ENV =b", "line 2: `ENV` needs a name before `=`");
    check_fault("ARG =b", "line 2: `ARG` needs a name before `=`");
    check_fault("LABEL", "line 2: `LABEL` needs at least one argument");
}

#[test]
fn triggers_keep_their_text() {
    let Instruction::OnBuild(inner, text) = one("ONBUILD  RUN <<EOF\nx\nEOF") else { panic!("no ONBUILD") };
    assert_eq!(text, "RUN <<EOF\nx\nEOF");
    let again = parse_trigger(&text, &Limits::default()).unwrap();
    assert_eq!(again.what, *inner);
    check_fault("ONBUILD ONBUILD RUN x", "line 2: `ONBUILD` cannot have `ONBUILD`");
    check_fault("ONBUILD FROM x", "line 2: `ONBUILD` cannot have `FROM`");
    check_fault("ONBUILD maintainer x", "line 2: `ONBUILD` cannot have `MAINTAINER`");
    check_fault("ONBUILD RNU x", "line 2: there is no instruction `RNU`; did you mean `RUN`?");
    for wrong in ["RUN a\nRUN b", "FROM x", "ONBUILD RUN x", ""] {
        assert!(parse_trigger(wrong, &Limits::default()).is_err(), "{wrong}");
    }
}

#[test]
fn health_is_checked_or_not() {
    let expected = Healthcheck::Command {
        command: shell("curl x"),
        interval: 5_000_000_000,
        timeout: 0,
        start_period: 60_000_000_000,
        start_interval: 0,
        retries: 3,
    };
    let text = "HEALTHCHECK --interval=5s --timeout=0s --start-period=1m --retries=3 CMD curl x";
    assert_eq!(one(text), Instruction::Healthcheck(expected));
    assert_eq!(one("HEALTHCHECK none"), Instruction::Healthcheck(Healthcheck::None));
    check_fault("HEALTHCHECK", "line 2: `HEALTHCHECK` needs at least one argument");
    check_fault("HEALTHCHECK CMD", "line 2: `HEALTHCHECK CMD` needs a command");
    check_fault("HEALTHCHECK NONE x", "line 2: `HEALTHCHECK NONE` has no arguments");
    check_fault(
        "HEALTHCHECK curl x",
        "line 2: `HEALTHCHECK` is followed by `CMD` or `NONE`, and not by `curl`",
    );
    check_fault(
        "HEALTHCHECK --interval=50ns CMD x",
        "line 2: `--interval` is a time of at least a millisecond, such as `30s` or `1m30s`, and not `50ns`",
    );
    check_fault("HEALTHCHECK --retries=-1 CMD x", "line 2: `--retries` is a number from 0 on, and not `-1`");
}

#[test]
fn others_have_one_argument_or_some() {
    let strings = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(one("WORKDIR /a b"), Instruction::Workdir("/a b".into()));
    assert_eq!(one("expose 80  443/udp"), Instruction::Expose(strings(&["80", "443/udp"])));
    assert_eq!(one("VOLUME [\"/a\", \"/b\"]"), Instruction::Volume(strings(&["/a", "/b"])));
    assert_eq!(one("SHELL [\"sh\", \"-c\"]"), Instruction::Shell(strings(&["sh", "-c"])));
    assert_eq!(one("STOPSIGNAL 9"), Instruction::StopSignal("9".into()));
    check_fault("SHELL sh", "line 2: `SHELL` needs the JSON form: `SHELL [\"/bin/sh\", \"-c\"]`");
    check_fault("SHELL []", "line 2: `SHELL` needs at least one argument");
    check_fault("VOLUME [\"\"]", "line 2: `VOLUME` needs paths that are not empty");
    check_fault("USER", "line 2: `USER` needs exactly one argument");
    check_fault("MAINTAINER --boo x", "line 2: `MAINTAINER` has no flag `--boo`");
}

#[test]
fn a_file_begins_with_a_stage() {
    let text = |file: &str| read(file).unwrap_err().to_string();
    assert_eq!(text("RUN x"), "line 1: `RUN` stands before the first `FROM`, where only `ARG` may be");
    assert_eq!(text("ARG a"), "the file has no stage; add `FROM image`");
    assert_eq!(text("\n# x\n"), "the file has no instructions; the first one is `FROM`");
    assert_eq!(text("FROM a b"), "line 1: `FROM` is `FROM image` or `FROM image AS name`");
    assert_eq!(
        text("FROM a AS 1b"),
        "line 1: `1b` is no name of a stage: it begins with a letter, and has letters, digits, `-`, `_` and `.`"
    );
    assert_eq!(text("FORM a"), "line 1: there is no instruction `FORM`; did you mean `FROM`?");
    assert_eq!(text("\\\n"), "line 1: the line has no instruction; remove the escape character at its end");
}

#[test]
fn text_is_utf8_but_for_comments() {
    let limits = Limits::default();
    assert!(parse(b"# \xff\nFROM a\nRUN x \\\n# \xff\n y", &limits).is_ok());
    let error = parse(b"FROM a\nRUN \xff", &limits).unwrap_err();
    assert_eq!(error.to_string(), "line 2: the line is not UTF-8");
}

#[test]
fn everything_has_a_limit() {
    let limits = Limits { file_bytes: 200, line_bytes: 40, instructions: 5, stages: 2, ..Limits::default() };
    let fault = |text: &str| parse(text.as_bytes(), &limits).unwrap_err().fault;
    assert_eq!(fault(&"#".repeat(201)), Fault::FileSize(200));
    assert_eq!(fault(&format!("FROM a\nRUN {}", "x \\\n".repeat(30))), Fault::LineSize(40));
    assert_eq!(fault(&format!("FROM a\nRUN <<E\n{}E", "xx\n".repeat(30))), Fault::LineSize(40));
    assert_eq!(fault(&"FROM a\n".repeat(3)), Fault::Stages(2));
    assert_eq!(fault(&format!("FROM a\n{}", "USER x\n".repeat(5))), Fault::Instructions(5));
}

proptest! {
    #[test]
    fn any_text_is_a_file_or_an_error(text in "(FROM|RUN|COPY|ENV|ONBUILD|HEALTHCHECK|VOLUME|[ \\\\\n\"'<=\\[\\]$#a-z-]|<<E\n){0,40}") {
        let limits = Limits::default();
        if let Ok(tree) = Tree::read(text.as_bytes(), &limits) {
            let _ = tree.dump();
        }
        if let Err(error) = read(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn any_bytes_are_a_file_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &Limits::default());
    }

    #[test]
    fn where_a_line_breaks_does_not_matter(words in proptest::collection::vec("[a-z]{1,5}", 1..8)) {
        let joined = read(&format!("FROM a\nRUN {}", words.join(" "))).unwrap();
        let broken = read(&format!("FROM a\nRUN {}", words.join(" \\\n# x\n"))).unwrap();
        prop_assert_eq!(&joined.stages[0].instructions[0].what, &broken.stages[0].instructions[0].what);
    }
}
