//! Files that were written to be too much.

use std::time::{Duration, Instant};

use super::*;

/// Hangs are found, and slow machines are not.
const LONG: Duration = Duration::from_secs(60);

/// A sixteenth of what a plan may have, so that spending it takes no time.
fn error(text: &str) -> String {
    let mut build = build();
    build.options.limits.plan_bytes = 4 << 20;
    build.error(text)
}

fn quickly<T>(work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    assert!(began.elapsed() < LONG, "took {:?}", began.elapsed());
    result
}

#[test]
fn variables_made_of_themselves_come_to_an_end() {
    let text = format!("FROM base\nENV A=0123456789\n{}", "ENV A=$A$A$A$A\n".repeat(40));
    let said = quickly(|| super::error(&text));
    assert!(said.contains("longer than"), "{said}");
    let globals = format!("ARG A=0123456789\n{}FROM base", "ARG A=$A$A$A$A\n".repeat(40));
    assert!(quickly(|| super::error(&globals)).contains("longer than"));
}

#[test]
fn many_large_values_come_to_an_end() {
    let large = "x".repeat(60_000);
    let lines: String = (0..200).map(|n| format!("ENV V{n}=$A\n")).collect();
    let said = quickly(|| error(&format!("FROM base\nENV A={large}\n{lines}")));
    assert!(said.contains("come to more than"), "{said}");
}

#[test]
fn a_large_environment_is_not_copied_for_ever() {
    let large = "x".repeat(60_000);
    let said = quickly(|| error(&format!("FROM base\nENV A={large}\n{}", "RUN x\n".repeat(9_000))));
    assert!(said.contains("come to more than"), "{said}");
    let stages: String = (0..900).map(|n| format!("FROM s{n} AS s{}\n", n + 1)).collect();
    let said = quickly(|| error(&format!("FROM base AS s0\nENV A={large}\n{stages}")));
    assert!(said.contains("come to more than"), "{said}");
}

#[test]
fn one_instruction_is_not_too_much_either() {
    let large = format!("ENV A={}", "x".repeat(60_000));
    for many in [
        format!("COPY{} /to/", " $A".repeat(20_000)),
        format!("ENV{}", " B=$A".repeat(20_000)),
        format!("LABEL{}", " b=${A:+}".repeat(20_000)),
        format!("VOLUME{}", " $A".repeat(20_000)),
        format!("EXPOSE{}", " $A".repeat(20_000)),
        format!("ARG{}", " B=${A#y}".repeat(20_000)),
        format!("RUN --mount=target=/x{} x", ",id=$A".repeat(20_000)),
        format!("COPY <<E /x\n{}\nE", "${A:+}".repeat(20_000)),
    ] {
        let said = quickly(|| error(&format!("FROM base\n{large}\n{many}")));
        let is_bounded = said.contains("come to more than") || said.contains("longer than");
        assert!(is_bounded || said.contains("too much work"), "{said}");
    }
}

#[test]
fn what_every_step_has_is_counted() {
    let large = "x".repeat(60_000);
    let chain: String = (0..900).map(|n| format!("FROM s{n} AS s{}\n", n + 1)).collect();
    for text in [
        format!("FROM base\nWORKDIR /{large}\n{}", "COPY a b\n".repeat(9_000)),
        format!("FROM base\nUSER {large}\n{}", "WORKDIR x\n".repeat(9_000)),
        format!("FROM base\nARG A={large}\n{}", "RUN x\n".repeat(9_000)),
        format!("FROM base\nSHELL [\"{large}\"]\n{}", "CMD x\n".repeat(9_000)),
        format!("FROM base AS s0\nMAINTAINER {large}\n{chain}"),
        format!("FROM base AS s0\nHEALTHCHECK CMD {large}\n{chain}"),
        format!(
            "FROM base AS s\nONBUILD RUN {large}\n{}FROM base\n{}",
            "FROM s\n".repeat(900),
            (1..900).map(|n| format!("COPY --from={n} / /\n")).collect::<String>()
        ),
    ] {
        let said = quickly(|| error(&text));
        assert!(said.contains("come to more than"), "{said}");
    }
}

#[test]
fn a_name_that_is_no_name_is_not_kept() {
    let said = error(&format!("ARG A={}\nFROM $A", "x".repeat(60_000)));
    assert_eq!(said, "line 2: an image's name has at most 1024 bytes");
    let said = error(&format!("ARG A={}\nFROM --platform=linux/$A base", "x".repeat(60_000)));
    assert!(said.len() < 300 && said.contains("is no platform"), "{said}");
}

#[test]
fn many_images_are_not_compared_for_ever() {
    let stages: String = (0..400).map(|n| format!("FROM base AS {}{n}\n", "s".repeat(60))).collect();
    let copies: String = (0..4_000).map(|n| format!("COPY --from={}{n} / /\n", "x".repeat(58))).collect();
    let needed = quickly(|| build().needs(&format!("{stages}FROM base\n{copies}")));
    assert_eq!(needed.len(), 4_000);
}

#[test]
fn many_names_are_found_at_once() {
    let names: String = (0..20_000).map(|n| format!(" V{n}=1")).collect();
    let uses = "ENV X=$V1$V2$V19999\n".repeat(1_000);
    let plan = quickly(|| plan(&format!("FROM base\nENV{names}\n{uses}")));
    assert_eq!(plan.outcome.config.env.len(), 20_002);
}

#[test]
fn a_thousand_stages_are_a_thousand_stages() {
    let chain: String =
        (1..1_000).map(|n| format!("FROM s{} AS s{n}\nCOPY --from=s0 /a /b{n}\n", n - 1)).collect();
    let plan = quickly(|| plan(&format!("FROM base AS s0\n{chain}")));
    assert_eq!(plan.steps.len(), 1_000);
    let same: String = "FROM base AS s\nRUN x\n".repeat(1_000);
    assert_eq!(quickly(|| super::plan(&same)).steps.len(), 2);
}

#[test]
fn bases_may_not_bring_along_everything() {
    let on_build = vec!["ENV A=1".to_owned(); 6_000];
    let build = build().base("builder", ImageConfig { on_build, ..ImageConfig::default() });
    let said = quickly(|| build.error("FROM builder AS a\nFROM builder\nCOPY --from=a / /"));
    assert_eq!(said, "line 1: the base images bring along more than 10000 instructions");
}

#[test]
fn ports_again_and_again_come_to_an_end() {
    let text = format!("FROM base\n{}", "EXPOSE 0-65535\n".repeat(5_000));
    let said = quickly(|| error(&text));
    assert!(said.contains("more"), "{said}");
}

#[test]
fn a_step_has_no_end_of_mounts() {
    let mounts = |count: usize| (0..count).map(|n| format!("--mount=target=/m{n} ")).collect::<String>();
    let said = error(&format!("FROM base\nRUN {}true", mounts(257)));
    assert!(said.contains("at most 256 mounts"), "{said}");
    assert_eq!(build().plan(&format!("FROM base\nRUN {}true", mounts(256))).steps.len(), 2);
}
