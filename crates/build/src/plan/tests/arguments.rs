//! `ARG`, `ENV`, and where variables are replaced.

use super::*;

#[test]
fn arguments_before_the_first_stage_hold_in_from() {
    let text = "ARG NAME=base\nARG FULL=${NAME}\nFROM $FULL\nRUN x";
    assert_eq!(titles(&plan(text))[0], "[1/2] FROM base");
    let other = build().base("other", ImageConfig::default()).argument("NAME", "other");
    assert_eq!(titles(&other.plan(text))[0], "[1/2] FROM other");
}

#[test]
fn arguments_before_the_first_stage_hold_in_a_stage_that_asks() {
    let asks = plan("ARG V=1\nFROM base\nARG V\nRUN x");
    assert_eq!(variable(&asks, "V").as_deref(), Some("1"));
    let does_not = plan("ARG V=1\nFROM base\nRUN x");
    assert_eq!(variable(&does_not, "V"), None);
    let changes = plan("ARG V=1\nFROM base\nARG V=2\nRUN x");
    assert_eq!(variable(&changes, "V").as_deref(), Some("2"));
    let said = build().argument("V", "3").plan("ARG V=1\nFROM base\nARG V=2\nRUN x");
    assert_eq!(variable(&said, "V").as_deref(), Some("3"));
}

#[test]
fn an_argument_holds_from_its_line_to_the_end_of_its_stage() {
    let text = "FROM base AS a\nENV BEFORE=x$V\nARG V=1\nENV AFTER=x$V\nFROM base\nENV NEXT=x$V\nRUN x";
    assert_eq!(variable(&plan(text), "NEXT").as_deref(), Some("x"));
    let a = build().target("a").plan(text);
    assert_eq!(a.outcome.config.env, ["PATH=/bin", "BEFORE=x", "AFTER=x1"]);
}

#[test]
fn a_stage_inherits_the_arguments_of_the_stage_that_it_begins_with() {
    let plan = plan("FROM base AS a\nARG V=1\nFROM a\nRUN x");
    assert_eq!(variable(&plan, "V").as_deref(), Some("1"));
    assert_eq!(history(&plan), ["ARG V", "RUN |1 V /bin/sh -c x"]);
    assert_eq!(plan.outcome.config.env, ["PATH=/bin"], "and the image has none of them");
}

#[test]
fn an_argument_without_a_value_is_not_set() {
    let plan = plan(
        "FROM base\nARG V\nENV A=${V-unset} B=${V:-empty}\nARG W=\nENV C=${W-unset} D=${W:-empty}\nRUN x",
    );
    let seen = ["A", "B", "C", "D"].map(|name| variable(&plan, name).unwrap());
    assert_eq!(seen, ["unset", "empty", "", "empty"]);
    assert_eq!(variable(&plan, "V"), None);
}

#[test]
fn arguments_of_one_line_see_those_before_them() {
    let plan = plan("FROM base\nARG A=1 B=${A}2 C=\"$B 3\"\nRUN x");
    assert_eq!(variable(&plan, "C").as_deref(), Some("12 3"));
}

#[test]
fn the_last_of_env_and_arg_counts() {
    let env = build().argument("V", "said").plan("FROM base\nARG V=1\nENV V=env-$V\nRUN x");
    assert_eq!(variable(&env, "V").as_deref(), Some("env-said"));
    let arg = plan("FROM base\nENV V=env\nARG V=arg\nRUN x");
    assert_eq!(variable(&arg, "V").as_deref(), Some("arg"), "as BuildKit does, whatever the reference says");
    assert_eq!(arg.outcome.config.env, ["PATH=/bin", "V=env"]);
}

#[test]
fn env_replaces_with_what_was_before_it() {
    let config = config("ENV a=1\nENV a=2 b=$a c=${a:+set}\nENV d=$a");
    assert_eq!(config.env, ["PATH=/bin", "a=2", "b=1", "c=set", "d=2"]);
}

#[test]
fn env_keeps_quotes_and_escapes_out() {
    let config = config("ENV A=\"a b\" B=c\\ d C='$A'\nENV D e  f\nENV E=\\$A");
    assert_eq!(config.env, ["PATH=/bin", "A=a b", "B=c d", "C=$A", "D=e  f", "E=$A"]);
}

#[test]
fn modifiers_are_those_of_the_reference() {
    let text = "FROM base\nENV v=a.tar.gz e=\nENV A=${v%.*} B=${v%%.*} C=${v#*.} D=${v##*.} E=${v/tar/zip} \
                F=${e:-x} G=${e-x} H=${none:+x} I=${v:+x} J=${v//a/b}\nRUN x";
    let plan = plan(text);
    let seen: Vec<String> = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]
        .iter()
        .map(|n| variable(&plan, n).unwrap())
        .collect();
    assert_eq!(seen, ["a.tar", "a", "tar.gz", "gz", "a.zip.gz", "x", "", "", "x", "b.tbr.gz"]);
    let required = error("FROM base\nENV A=\"${B:?say B}\"");
    assert!(required.starts_with("line 2: ") && required.contains("say B"), "{required}");
}

#[test]
fn variables_are_replaced_where_the_reference_says() {
    let config = config(
        "ENV v=1\nLABEL l$v=x$v\nEXPOSE 8$v\nUSER u$v\nVOLUME /v$v\nWORKDIR /w$v\nSTOPSIGNAL $v\n\
         CMD echo $v\nENTRYPOINT [\"echo\", \"$v\"]\nHEALTHCHECK CMD echo $v\nSHELL [\"/bin/$v\"]\nONBUILD ENV x=$v",
    );
    assert_eq!(config.labels["l1"], "x1");
    assert_eq!((config.exposed_ports[0].as_str(), config.user.as_str()), ("81/tcp", "u1"));
    assert_eq!((config.volumes[0].as_str(), config.working_dir.as_str()), ("/v1", "/w1"));
    assert_eq!(config.stop_signal, "1");
    let kept = [&config.cmd[2], &config.entrypoint[1], &config.shell[0], &config.on_build[0]];
    assert_eq!(kept, ["echo $v", "$v", "/bin/$v", "ENV x=$v"], "and nowhere else");
    let plan = plan("FROM base\nARG v=1\nRUN echo $v\nRUN [\"echo\", \"$v\"]");
    assert_eq!(runs(&plan)[0].arguments, ["/bin/sh", "-c", "echo $v"]);
    assert_eq!(runs(&plan)[1].arguments, ["echo", "$v"]);
}

#[test]
fn platforms_are_arguments_that_a_stage_asks_for() {
    let mut build = build();
    build.options.platform = "linux/arm/v7".parse().unwrap();
    build.bases.insert(("base".into(), "linux/arm/v7".into()), Base::default());
    let text = "FROM --platform=$BUILDPLATFORM base\nARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT \
                BUILDPLATFORM BUILDOS BUILDARCH BUILDVARIANT TARGETSTAGE\nRUN x";
    let made = build.plan(text);
    let seen = ["TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM", "TARGETSTAGE"];
    let seen = seen.map(|name| variable(&made, name).unwrap());
    assert_eq!(seen, ["linux/arm/v7", "linux", "arm", "v7", "linux/amd64", "default"]);
    assert_eq!(variable(&made, "BUILDVARIANT").as_deref(), Some(""));
    assert_eq!(variable(&build.plan("FROM base\nRUN x"), "TARGETARCH"), None);
    assert_eq!(
        made.outcome.config.architecture, "arm",
        "the image is for its platform, whatever it began with"
    );
    let said = build.argument("TARGETARCH", "mine").plan("FROM base\nARG TARGETARCH\nRUN x");
    assert_eq!(variable(&said, "TARGETARCH").as_deref(), Some("mine"));
}

#[test]
fn proxies_reach_run_and_nothing_else() {
    let proxied = build().argument("HTTP_PROXY", "http://me:secret@proxy").argument("no_proxy", "local");
    let plan = proxied.plan("FROM base\nRUN x\nENV A=x$HTTP_PROXY");
    let run = runs(&plan)[0];
    let proxies = [
        "HTTP_PROXY=http://me:secret@proxy",
        "http_proxy=http://me:secret@proxy",
        "NO_PROXY=local",
        "no_proxy=local",
    ];
    assert_eq!(run.proxies, proxies);
    assert_eq!(run.env, ["PATH=/bin"]);
    assert_eq!(history(&plan), ["RUN /bin/sh -c x", "ENV A=x"]);
    assert_eq!(plan.remarks, Vec::<String>::new());
    let asked = proxied.plan("FROM base\nARG HTTP_PROXY\nRUN x");
    assert_eq!(variable(&asked, "HTTP_PROXY").as_deref(), Some("http://me:secret@proxy"), "a file may ask");
}

#[test]
fn values_of_arguments_are_in_no_history() {
    let plan =
        build().argument("TOKEN", "hunter2").plan("FROM base\nARG TOKEN OTHER=x\nRUN make\nCOPY a /$OTHER");
    assert_eq!(history(&plan), ["ARG TOKEN OTHER", "RUN |2 TOKEN OTHER /bin/sh -c make", "COPY a /x"]);
    assert!(!format!("{:?}", plan.outcome).contains("hunter2"));
}

#[test]
fn arguments_that_nobody_asks_for_are_told() {
    let build = build()
        .argument("USED", "1")
        .argument("GLOBAL", "1")
        .argument("TYPO", "1")
        .argument("UNPLANNED", "1");
    let plan = build.plan("ARG GLOBAL\nFROM base AS other\nARG UNPLANNED\nFROM base\nARG USED");
    let remarks =
        ["TYPO", "UNPLANNED"].map(|name| format!("the build argument `{name}` is not used by the file"));
    assert_eq!(plan.remarks, remarks);
}

#[test]
fn the_epoch_is_an_argument() {
    let mut build = build();
    assert_eq!(build.plan("FROM base").epoch, None);
    build.options.epoch = Some(5);
    let plan = build.plan("FROM base\nARG SOURCE_DATE_EPOCH\nRUN x");
    assert_eq!((plan.epoch, variable(&plan, "SOURCE_DATE_EPOCH").as_deref()), (Some(5), Some("5")));
    assert_eq!(build.clone().argument("SOURCE_DATE_EPOCH", "7").plan("FROM base").epoch, Some(7));
    build.options.epoch = None;
    assert_eq!(build.plan("ARG SOURCE_DATE_EPOCH=9\nFROM base").epoch, Some(9));
    let error = build.argument("SOURCE_DATE_EPOCH", "yesterday").error("FROM base");
    assert_eq!(error, "`SOURCE_DATE_EPOCH=yesterday` is no time: it is the number of seconds since 1970");
}

#[test]
fn another_escape_character_holds_for_words_and_not_for_documents() {
    let plan = plan("# escape=`\nFROM base\nENV A=a` b B=c:\\d\nCOPY <<E /x\n\\$A $A\nE\n");
    assert_eq!(plan.outcome.config.env, ["PATH=/bin", "A=a b", "B=c:\\d"]);
    let super::super::Source::Text { content, .. } = &copies(&plan)[0].sources[0] else {
        panic!("no document")
    };
    assert_eq!(content, "$A a b\n");
}
