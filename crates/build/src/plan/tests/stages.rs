//! `FROM`, names, targets, and which stages are done at all.

use super::super::{Caching, NoCache, Origin, Source};
use super::*;

#[test]
fn a_target_needs_what_it_begins_with_and_takes() {
    let text = "FROM base AS a\nRUN a\nFROM base AS b\nRUN b\nFROM scratch AS c\nCOPY --from=a /x /\n\
                FROM base AS d\nRUN --mount=from=b,target=/b d\nFROM c";
    let acts = |target: &str| {
        let build = if target.is_empty() { build() } else { build().target(target) };
        let plan = build.plan(text);
        let runs: Vec<String> = runs(&plan).iter().map(|run| run.arguments[2].clone()).collect();
        (runs.join(" "), plan.steps.len())
    };
    assert_eq!(acts(""), ("a".into(), 3));
    assert_eq!(acts("d"), ("b d".into(), 3));
    assert_eq!(acts("B"), ("b".into(), 2), "names have no case");
    assert_eq!(acts("0"), ("a".into(), 2), "and stages have numbers");
}

#[test]
fn images_are_needed_only_by_what_is_done() {
    let text = "FROM one AS a\nFROM two AS b\nCOPY --from=three /x /\nFROM four\nRUN --mount=type=cache,from=five,target=/c x\n\
                COPY --from=b /x /";
    assert_eq!(build().needs(text), ["five", "four", "three", "two"]);
    assert_eq!(build().target("a").needs(text), ["one"]);
    assert_eq!(build().needs("FROM base\nCOPY --from=base /a /b"), Vec::<String>::new());
    let missing = build().make("FROM one").unwrap_err();
    assert!(matches!(missing, PlanError::Missing(needed) if needed.reference == "one"));
}

#[test]
fn a_base_is_got_for_the_platform_of_its_stage() {
    let file = parse(b"FROM --platform=arm64 one\nCOPY --from=two / /", &Limits::default()).unwrap();
    let needed = needs(&file, &build().options, &build().bases).unwrap();
    let needed: Vec<_> = needed.iter().map(|n| (n.reference.as_str(), n.platform.as_str())).collect();
    assert_eq!(needed, [("one", "linux/arm64"), ("two", "linux/amd64")]);
    let error = error("FROM --platform=$NOTHING base");
    assert!(error.contains("is no platform"), "{error}");
}

#[test]
fn a_misspelt_stage_is_an_image_and_what_was_meant_is_said() {
    let file =
        parse(b"FROM base AS builder\nFROM scratch\nCOPY --from=bulider /x /", &Limits::default()).unwrap();
    let needed = needs(&file, &build().options, &build().bases).unwrap();
    assert_eq!((needed[0].reference.as_str(), needed[0].meant.as_deref()), ("bulider", Some("builder")));
}

#[test]
fn stages_are_found_by_name_and_number_among_those_before() {
    let text = "FROM base AS a\nRUN a\nFROM base\nRUN b\nFROM scratch\nCOPY --from=0 /x /0\nCOPY --from=1 /x /1\nCOPY --from=A /x /a";
    let plan = plan(text);
    let origins: Vec<&Origin> = copies(&plan).iter().map(|copy| &copy.origin).collect();
    assert_eq!(origins, [&Origin::Step(1), &Origin::Step(2), &Origin::Step(1)]);
    assert_eq!(
        error("FROM base AS a\nCOPY --from=b / /\nFROM base AS b\nFROM a"),
        "line 2: the stage `b` comes later in the file; move it before this one"
    );
    assert!(error("FROM base AS a\nCOPY --from=a / /").contains("cannot take files from itself"));
    assert_eq!(
        error("FROM base\nCOPY --from=0 / /"),
        "line 2: there is no stage 0 before this one; they are counted from 0"
    );
    assert!(
        error("FROM base AS a\nFROM base\nRUN --mount=from=7,target=/x x").contains("there is no stage 7")
    );
}

#[test]
fn of_two_stages_with_a_name_the_last_one_before_counts() {
    let plan = plan("FROM base AS a\nRUN 1\nFROM base AS a\nRUN 2\nFROM scratch\nCOPY --from=a /x /");
    assert_eq!(runs(&plan).len(), 1);
    assert_eq!(runs(&plan)[0].arguments[2], "2");
}

#[test]
fn from_names_a_stage_before_an_image() {
    let plan = plan("FROM base AS other\nRUN a\nFROM other\nRUN b");
    assert_eq!(plan.steps[2].below, Some(1));
    assert_eq!(build().needs("FROM late\nFROM base AS late"), Vec::<String>::new());
    assert_eq!(build().target("0").needs("FROM late\nFROM base AS late"), ["late"], "a later stage is none");
}

#[test]
fn a_blank_base_says_which_variable_may_be_meant() {
    let error = error("ARG IMAGE=base\nFROM $IMGAE");
    assert!(
        error.starts_with("line 2: `$IMGAE` is empty") && error.contains("did you mean `IMAGE`?"),
        "{error}"
    );
}

#[test]
fn variables_are_not_replaced_in_from_of_copy() {
    for text in ["FROM base\nCOPY --from=$X / /", "FROM base\nARG X=base\nCOPY --from=a${X} / /"] {
        let file = parse(text.as_bytes(), &Limits::default());
        let error = match file {
            Ok(_) => error(text),
            Err(error) => error.to_string(),
        };
        assert!(error.contains("FROM "), "{error}");
    }
}

#[test]
fn nothing_is_an_image_of_nothing() {
    let plan = plan("FROM scratch\nCOPY a /\nENV A=1");
    assert_eq!((plan.steps.len(), plan.steps[0].below), (1, None));
    assert_eq!(
        plan.outcome.config.env[0],
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    );
    assert_eq!(plan.outcome.config.working_dir, "/");
    let empty = build().plan("FROM scratch\nLABEL a=b");
    assert_eq!((empty.outcome.root, empty.steps.len()), (None, 0));
}

#[test]
fn an_unknown_target_says_which_may_be_meant() {
    let error = build().target("tset").error("FROM base AS test\nFROM test AS final");
    assert_eq!(error, "the file has no stage `tset`; did you mean `test`?");
    assert_eq!(build().target("9").error("FROM base"), "the file has no stage `9`");
}

#[test]
fn the_same_step_is_done_once() {
    let text = "FROM base AS a\nRUN x\nRUN a\nFROM base AS b\nRUN x\nRUN b\nFROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /";
    let plan = plan(text);
    assert_eq!(runs(&plan).len(), 3);
    let below: Vec<_> = plan.steps.iter().map(|step| step.below).collect();
    assert_eq!(below, [None, Some(0), Some(1), Some(1), None, Some(4)]);
    assert_eq!(plan.steps[1].title, "[a 2/3] RUN x");
}

#[test]
fn titles_say_stage_and_number() {
    let text = "FROM base AS tools\nRUN make\nFROM base\nWORKDIR /w\nENV X=1\nCOPY --from=tools /a ./$X";
    assert_eq!(
        titles(&plan(text)),
        [
            "[tools 1/2] FROM base",
            "[tools 2/2] RUN make",
            "[stage-1 2/3] WORKDIR /w",
            "[stage-1 3/3] COPY --from=tools /a ./1"
        ]
    );
    assert_eq!(
        titles(&plan("FROM base\nRUN make")),
        ["[1/2] FROM base", "[2/2] RUN make"],
        "one stage needs no name"
    );
    let ten = format!("FROM base\n{}", (0..9).map(|n| format!("RUN {n}\n")).collect::<String>());
    assert_eq!((titles(&plan(&ten))[1], titles(&plan(&ten))[9]), ("[ 2/10] RUN 0", "[10/10] RUN 8"));
}

#[test]
fn a_context_may_stand_for_an_image_or_a_stage() {
    let image = || NamedContext::Image("other".into());
    let text = "FROM base AS a\nRUN a\nFROM a\nCOPY --from=extra /x /\nRUN b";
    let replaced = build().base("other", ImageConfig::default()).context("a", image());
    let plan = replaced.context("extra", NamedContext::Files).plan(text);
    assert_eq!(plan.steps[0].act, Act::Base { reference: "other".into(), platform: PLATFORM.into() });
    assert_eq!(runs(&plan).len(), 1, "the stage's own steps are not done");
    assert_eq!(copies(&plan)[0].origin, Origin::Context(Some("extra".into())));
    for (name, written) in
        [("debian", "docker.io/library/debian:latest"), ("docker.io/library/debian", "debian")]
    {
        let build = build().base("other", ImageConfig::default()).context(name, image());
        assert_eq!(build.needs(&format!("FROM {written}")), Vec::<String>::new(), "{name}");
    }
    assert_eq!(build().context("debian", image()).needs("FROM debian:12"), ["debian:12"]);
}

#[test]
fn files_may_stand_for_an_image() {
    let plan = build().context("base", NamedContext::Files).plan("FROM base\nRUN x");
    let copy = copies(&plan)[0];
    assert_eq!((&copy.origin, copy.destination.as_str()), (&Origin::Context(Some("base".into())), "/"));
    assert_eq!(copy.sources, [Source::Path(".".into())]);
    assert_eq!(plan.steps[1].below, Some(0));
}

#[test]
fn what_is_done_again_is_done_by_stage() {
    let text = "FROM base AS a\nRUN a\nFROM base AS b\nRUN b\nCOPY --from=a / /";
    let caching = |no_cache| {
        let mut build = build();
        build.options.no_cache = no_cache;
        build.plan(text).steps.iter().map(|step| step.caching == Caching::Never).collect::<Vec<_>>()
    };
    assert_eq!(caching(NoCache::Nothing), [false; 4]);
    assert_eq!(caching(NoCache::Everything), [false, true, true, true], "an image has its digest");
    assert_eq!(caching(NoCache::Stages(vec!["A".into()])), [false, true, false, false]);
}

#[test]
fn labels_of_the_command_line_come_last() {
    let mut build = build();
    build.options.labels.insert("a".into(), "said".into());
    assert_eq!(build.plan("FROM base\nLABEL a=file b=file").outcome.config.labels["a"], "said");
}
