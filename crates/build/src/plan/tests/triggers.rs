//! `ONBUILD`: of an image, and of a stage.

use super::*;

fn with(triggers: &[&str]) -> Build {
    let on_build = triggers.iter().map(|text| (*text).to_owned()).collect();
    build().base("builder", ImageConfig { on_build, ..ImageConfig::default() })
}

#[test]
fn triggers_are_kept_for_others() {
    let config = config("ONBUILD COPY . /app\nONBUILD RUN make");
    assert_eq!(config.on_build, ["COPY . /app", "RUN make"]);
}

#[test]
fn triggers_come_right_after_from_and_are_gone_then() {
    let plan = with(&["ARG V=1", "ENV W=$V", "RUN trigger"]).plan("FROM builder\nRUN own");
    let arguments: Vec<_> = runs(&plan).iter().map(|run| run.arguments[2].clone()).collect();
    assert_eq!(arguments, ["trigger", "own"]);
    assert_eq!(titles(&plan), ["[1/3] FROM builder", "[2/3] ONBUILD RUN trigger", "[3/3] RUN own"]);
    assert_eq!(variable(&plan, "W").as_deref(), Some("1"));
    assert_eq!(plan.outcome.config.on_build, Vec::<String>::new());
    assert_eq!(plan.steps[1].lines, plan.steps[0].lines, "they stand where FROM does");
}

#[test]
fn a_stage_s_triggers_are_for_those_that_begin_with_it() {
    let text = "FROM base AS a\nONBUILD RUN trigger\nRUN a\nFROM a AS b\nRUN b\nFROM b\nRUN c";
    let plan = plan(text);
    let arguments: Vec<_> = runs(&plan).iter().map(|run| run.arguments[2].clone()).collect();
    assert_eq!(arguments, ["a", "trigger", "b", "c"], "once, and not again two stages on");
    assert_eq!(build().target("a").plan(text).outcome.config.on_build, ["RUN trigger"]);
    assert_eq!(build().target("b").plan(text).outcome.config.on_build, Vec::<String>::new());
}

#[test]
fn triggers_may_need_further_images_and_stages() {
    let text = "FROM base AS a\nRUN a\nFROM builder";
    let build = with(&["COPY --from=a /x /", "COPY --from=late /y /", "RUN --mount=from=later,target=/z x"]);
    let mut without = build.clone();
    without.bases.remove(&("builder".to_owned(), PLATFORM.to_owned()));
    assert_eq!(without.needs(text), ["builder"], "nobody knows of the others yet");
    assert_eq!(build.needs(text), ["late", "later"]);
    let all = build.base("late", ImageConfig::default()).base("later", ImageConfig::default());
    assert_eq!(all.needs(text), Vec::<String>::new());
    assert_eq!(all.plan(text).steps.len(), 8);
}

#[test]
fn a_trigger_with_documents_is_read_again_as_it_was() {
    let kept = config("ONBUILD COPY <<EOF /x\n$a\nEOF");
    let plan = build().base("builder", kept).plan("FROM builder");
    let super::super::Source::Text { content, .. } = &copies(&plan)[0].sources[0] else { panic!() };
    assert_eq!(content, "\n");
}

#[test]
fn triggers_that_are_none_are_refused_with_their_text() {
    for wrong in ["FROM x", "ONBUILD RUN x", "MAINTAINER x", "RUN a\nRUN b", "", "NOTHING x", "COPY a"] {
        let error = with(&[wrong]).error("FROM builder");
        assert!(error.starts_with(&format!("line 1: the base image brings along `{wrong}`")), "{error}");
    }
}

#[test]
fn a_stage_that_takes_from_itself_by_a_trigger_is_refused() {
    let error = with(&["COPY --from=a / /"]).error("FROM builder AS a");
    assert!(error.contains("cannot take files from itself"), "{error}");
}
