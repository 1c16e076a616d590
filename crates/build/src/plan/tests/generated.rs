//! Files that nobody wrote: whatever stands in them, plans keep their promises.

use proptest::prelude::*;

use super::*;

/// A line that is right by itself.
fn line() -> impl Strategy<Value = String> {
    let word = "[a-c]{1,2}";
    prop_oneof![
        word.prop_map(|w| format!("RUN {w}")),
        (word, word).prop_map(|(n, v)| format!("ENV {n}={v}$a")),
        (word, word).prop_map(|(n, v)| format!("ARG {n}={v}")),
        word.prop_map(|n| format!("ARG {n}")),
        (word, word).prop_map(|(s, d)| format!("COPY {s} {d}")),
        (0..4_usize, word).prop_map(|(s, d)| format!("COPY --from=s{s} /x /{d}")),
        (0..4_usize, word).prop_map(|(s, c)| format!("RUN --mount=from=s{s},target=/m {c}")),
        word.prop_map(|w| format!("WORKDIR {w}")),
        word.prop_map(|w| format!("LABEL {w}=$b")),
        word.prop_map(|w| format!("CMD {w}")),
        word.prop_map(|w| format!("USER {w}")),
        word.prop_map(|w| format!("ONBUILD RUN {w}")),
    ]
}

/// Up to four stages, each beginning with the base or one before it.
fn file() -> impl Strategy<Value = String> {
    let stage = (0..4_usize, prop::collection::vec(line(), 0..8));
    prop::collection::vec(stage, 1..5).prop_map(|stages| {
        let stages = stages.iter().enumerate().map(|(index, (base, lines))| {
            let base = if *base < index { format!("s{base}") } else { "base".to_owned() };
            format!("FROM {base} AS s{index}\n{}\n", lines.join("\n"))
        });
        stages.collect()
    })
}

/// The images that files may name for want of a stage.
fn images() -> Build {
    (0..4).fold(build(), |build, index| build.base(&format!("s{index}"), ImageConfig::default()))
}

/// The same with comments, empty lines and continuations in between.
fn spread(text: &str) -> String {
    text.lines().map(|line| format!("# comment\n\n{}\n", line.replacen(' ', " \\\n# within\n ", 1))).collect()
}

proptest! {
    #[test]
    fn steps_use_only_those_before_them(text in file()) {
        let Ok(plan) = images().make(&text) else { return Ok(()) };
        for (id, step) in plan.steps.iter().enumerate() {
            prop_assert!(step.below.is_none_or(|below| below < id));
            let origins = match &step.act {
                Act::Copy(copy) => vec![copy.origin.clone()],
                Act::Run(run) => run.mounts.iter().filter_map(|mount| match mount {
                    super::super::Mount::Bind { origin, .. } => Some(origin.clone()),
                    _ => None,
                }).collect(),
                _ => Vec::new(),
            };
            for origin in origins {
                let is_before = !matches!(origin, super::super::Origin::Step(step) if step >= id);
                prop_assert!(is_before);
            }
        }
        let last = plan.steps.len();
        prop_assert!(plan.outcome.root.is_none_or(|root| root < last));
        prop_assert!(plan.outcome.history.iter().all(|line| line.step.is_none_or(|step| step < last)));
    }

    #[test]
    fn every_step_is_needed(text in file()) {
        let Ok(plan) = images().make(&text) else { return Ok(()) };
        let mut needed = vec![false; plan.steps.len()];
        if let Some(root) = plan.outcome.root {
            needed[root] = true;
        }
        for (id, step) in plan.steps.iter().enumerate().rev().filter(|(_, _)| true) {
            if !needed[id] {
                continue;
            }
            let mut uses: Vec<usize> = step.below.into_iter().collect();
            match &step.act {
                Act::Copy(Copy { origin: super::super::Origin::Step(from), .. }) => uses.push(*from),
                Act::Run(run) => uses.extend(run.mounts.iter().filter_map(|mount| match mount {
                    super::super::Mount::Bind { origin: super::super::Origin::Step(from), .. } => Some(*from),
                    _ => None,
                })),
                _ => {}
            }
            uses.into_iter().for_each(|id| needed[id] = true);
        }
        // A stage that is taken from is done to its end, which is what is taken.
        prop_assert!(needed.into_iter().all(|needed| needed));
    }

    #[test]
    fn the_same_text_makes_the_same_plan(text in file()) {
        let [one, other] = [images().make(&text), images().make(&text)];
        prop_assert_eq!(one.ok(), other.ok());
    }

    #[test]
    fn comments_and_breaks_make_the_same_steps(text in file()) {
        let (Ok(plain), Ok(spread)) = (images().make(&text), images().make(&spread(&text))) else { return Ok(()) };
        let acts = |plan: &Plan| plan.steps.iter().map(|s| (s.below, s.act.clone())).collect::<Vec<_>>();
        prop_assert_eq!(acts(&plain), acts(&spread));
        prop_assert_eq!(history(&plain), history(&spread));
    }

    #[test]
    fn no_two_steps_are_the_same(text in file()) {
        let Ok(plan) = images().make(&text) else { return Ok(()) };
        for (id, step) in plan.steps.iter().enumerate() {
            let twice = plan.steps.iter().take(id).any(|other| other.act == step.act && other.below == step.below);
            prop_assert!(!twice);
        }
    }

    #[test]
    fn any_text_is_a_plan_or_an_error(text in "(FROM|RUN|COPY|ARG|ENV|ADD|WORKDIR|[ -~\n$\\\\{}<=]){0,60}") {
        if let Ok(file) = parse(format!("FROM base\n{text}").as_bytes(), &Limits::default()) {
            let images = images();
            let _either = Plan::make(&file, &images.options, &images.bases);
        }
    }
}
