//! Keys: the same for the same step anywhere, another for any other.

use std::collections::BTreeSet;

use model::digest::Digest;
use proptest::prelude::*;

use super::super::{Caching, Key, Mount, Origin, RunNetwork, Script, Sharing, Source, Step, key};
use super::*;
use crate::instruction::Lines;

/// The keys of all steps, if what each takes were the text of what it names.
fn keys(plan: &Plan) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for step in &plan.steps {
        let below = step.below.map(|below| keys[below]);
        let taken: Vec<Digest> = step.takes().iter().map(|_| Digest::of(b"taken")).collect();
        keys.push(key(step, below.as_ref(), &taken));
    }
    keys
}

fn last(plan: &Plan) -> Key {
    *keys(plan).last().unwrap()
}

#[test]
fn where_a_step_stands_does_not_matter() {
    let plain = "FROM base\nRUN make\nCOPY a /b";
    let same = [
        "# comment\n\nFROM   base\nRUN make\nCOPY a   /b",
        "from base AS named\nrun make\n# between\ncopy a \\\n# within\n  /b\n",
        "FROM base AS other\nRUN other\nFROM base\nRUN make\nCOPY a /b",
        "ARG UNUSED=1\nFROM base\nLABEL a=b\nRUN make\nEXPOSE 80\nCOPY a /b\nCMD x",
        "ARG B=base\nARG X=a\nFROM $B\nRUN make\nCOPY ${NOTHING:-a} /b",
    ];
    let wanted = last(&plan(plain));
    for text in same {
        assert_eq!(last(&plan(text)), wanted, "{text}");
    }
}

#[test]
fn names_with_addresses_are_in_keys_of_what_runs_and_of_nothing_else() {
    let with = |names: &[&str]| {
        let mut build = build();
        build.options.hosts = names.iter().map(|name| (*name).to_owned()).collect();
        keys(&build.plan("FROM base\nCOPY a /b\nRUN make"))
    };
    let (none, one, same) = (with(&[]), with(&["mirror.test"]), with(&["mirror.test", "mirror.test"]));
    assert_eq!(none.get(..2), one.get(..2));
    assert_ne!(none.last(), one.last());
    assert_eq!(one, same);
    assert_ne!(one.last(), with(&["mirror.test", "other.test"]).last());
}

#[test]
fn what_a_step_does_matters() {
    let lines = [
        "RUN a",
        "RUN a ",
        "RUN  [\"a\"]",
        "RUN b",
        "RUN --network=none a",
        "RUN --network=host a",
        "RUN --security=insecure a",
        "RUN --mount=type=cache,target=/c a",
        "RUN --mount=type=cache,target=/d a",
        "RUN --mount=type=cache,target=/c,id=x a",
        "RUN --mount=type=cache,target=/c,sharing=private a",
        "RUN --mount=type=cache,target=/c,sharing=locked a",
        "RUN --mount=type=cache,target=/c,ro a",
        "RUN --mount=type=cache,target=/c,mode=0700 a",
        "RUN --mount=type=cache,target=/c,uid=1 a",
        "RUN --mount=type=cache,target=/c,gid=1 a",
        "RUN --mount=target=/c a",
        "RUN --mount=target=/c,rw a",
        "RUN --mount=target=/c,source=x a",
        "RUN --mount=type=tmpfs,target=/c a",
        "RUN --mount=type=tmpfs,target=/c,size=1 a",
        "RUN --mount=type=secret,id=c a",
        "RUN --mount=type=secret,id=c,env=C a",
        "RUN --mount=type=secret,id=c,required a",
        "RUN --mount=type=secret,id=c,target=/c a",
        "RUN --mount=type=ssh a",
        "RUN --mount=type=ssh,id=c a",
        "RUN <<E\n#!/bin/a\nE",
        "RUN <<E\n#!/bin/b\nE",
        "ENV A=1\nRUN a",
        "ARG A=2\nRUN a",
        "USER u\nRUN a",
        "SHELL [\"x\"]\nRUN a",
        "WORKDIR /a",
        "WORKDIR /b",
        "USER u\nWORKDIR /a",
        "COPY a /a",
        "COPY a /a/",
        "COPY a b /a/",
        "COPY --chown=1 a /a",
        "COPY --chmod=644 a /a",
        "COPY --link a /a",
        "COPY --parents a /a",
        "COPY --exclude=x a /a",
        "COPY <<E /a\na\nE",
        "COPY <<E /a\nb\nE",
        "COPY <<F /a\na\nF",
        "ADD a /a",
        "ADD https://example.org/a /a",
        "ADD --unpack https://example.org/a /a",
        "ADD https://example.org/a.git /a",
        "ADD https://example.org/a.git#b /a",
        "ADD https://example.org/a.git#:b /a",
        "ADD https://example.org/a.git?submodules=0 /a",
        "ADD --keep-git-dir=true https://example.org/a.git /a",
        "ADD --checksum=0123456789 https://example.org/a.git /a",
    ];
    let keys: BTreeSet<Key> = lines.iter().map(|line| last(&plan(&format!("FROM base\n{line}")))).collect();
    // `RUN a ` is `RUN a`: spaces at the end of a line are nothing.
    assert_eq!(keys.len(), lines.len() - 1);
}

#[test]
fn what_lies_below_matters_unless_it_is_linked() {
    let one = plan("FROM base\nRUN a\nCOPY a /a\nCOPY --link a /a");
    let other = plan("FROM base\nRUN b\nCOPY a /a\nCOPY --link a /a");
    assert_ne!(keys(&one)[2], keys(&other)[2]);
    assert_eq!(keys(&one)[3], keys(&other)[3]);
}

#[test]
fn what_is_taken_matters_and_not_what_it_is_called() {
    let text = |stage: &str| format!("FROM base AS {stage}\nRUN x\nFROM base\nCOPY --from={stage} /a /a");
    assert_eq!(last(&plan(&text("one"))), last(&plan(&text("two"))));
    let plan = plan(&text("one"));
    let step = plan.steps.last().unwrap();
    let of = |content: &[u8]| key(step, None, &[Digest::of(content)]);
    assert_ne!(of(b"1"), of(b"2"));
    let base = |reference: &str| {
        let build = build().base(reference, ImageConfig::default());
        let step = build.plan(&format!("FROM {reference}")).steps.remove(0);
        (key(&step, None, &[Digest::of(b"image")]), key(&step, None, &[]))
    };
    let (tag, pinned) = (base("debian:12"), base("docker.io/library/debian:12"));
    assert_eq!(tag.0, pinned.0, "an image is its digest");
    assert_ne!(tag.1, pinned.1, "and its name if nobody knows that");
}

#[test]
fn proxies_are_in_no_key_and_part_two_steps_of_a_plan() {
    let text = "FROM base\nRUN x";
    let proxied = build().argument("HTTPS_PROXY", "http://me:secret@proxy").plan(text);
    assert_ne!(runs(&proxied)[0].proxies, runs(&plan(text))[0].proxies);
    assert_eq!(last(&proxied), last(&plan(text)));
}

#[test]
fn arguments_are_in_keys_once_they_hold() {
    let text = "FROM base\nRUN before\nARG V\nRUN after";
    let [one, other] = ["1", "2"].map(|value| keys(&build().argument("V", value).plan(text)));
    assert_eq!(one[1], other[1]);
    assert_ne!(one[2], other[2]);
}

/// A key is stored on disk and in registries: changing the form is a new version, and not an accident.
#[test]
fn the_form_is_stable() {
    let plan = plan("FROM base\nRUN --mount=type=cache,target=/c make\nCOPY --chmod=644 a /b");
    let hex: Vec<String> = keys(&plan).iter().map(Key::hex).collect();
    assert_eq!(
        hex,
        [
            "e93c53004f3100a96f3db00f5fbc0ab085442abc809b4912ff14e07b57afbbce",
            "0a28d4577c24cc718e60b9dcb066f9095b8c660f7e1aae90c34bfb14b601fdce",
            "59a2574f645357da7a893b7ed4ae0b62c11fc8f599c1a100a5e2301cb083734d",
        ]
    );
}

/// A step that does nothing but this.
fn step(act: Act) -> Step {
    let lines = Lines::default();
    Step { title: String::new(), lines, below: None, caching: Caching::Allowed, act }
}

fn word() -> impl Strategy<Value = String> {
    "[ab]{0,2}"
}

fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(word(), 0..3)
}

fn mount() -> impl Strategy<Value = Mount> {
    let owner = (0..2_u32, 0..2_u32);
    let sharing = prop_oneof![Just(Sharing::Shared), Just(Sharing::Private), Just(Sharing::Locked)];
    prop_oneof![
        (word(), word(), any::<bool>()).prop_map(|(source, target, writable)| Mount::Bind {
            origin: Origin::Context(None),
            source,
            target,
            writable
        }),
        (word(), word(), word(), any::<bool>(), sharing, 0..2_u32, owner.clone()).prop_map(
            |(id, source, target, readonly, sharing, mode, owner)| Mount::Cache {
                id,
                origin: Origin::Scratch,
                source,
                target,
                readonly,
                sharing,
                mode,
                owner
            }
        ),
        (word(), prop::option::of(0..2_u64)).prop_map(|(target, size)| Mount::Tmpfs { target, size }),
        (word(), prop::option::of(word()), prop::option::of(word()), any::<bool>(), 0..2_u32, owner.clone())
            .prop_map(|(id, target, env, required, mode, owner)| Mount::Secret {
                id,
                target,
                env,
                required,
                mode,
                owner
            }),
        (word(), word(), any::<bool>(), 0..2_u32, owner).prop_map(|(id, target, required, mode, owner)| {
            Mount::Ssh { id, target, required, mode, owner }
        }),
    ]
}

fn run_act() -> impl Strategy<Value = Act> {
    let network = prop_oneof![Just(RunNetwork::Outbound), Just(RunNetwork::None), Just(RunNetwork::Host)];
    let script = (word(), word()).prop_map(|(path, content)| Script { path, content });
    let scripts = prop::collection::vec(script, 0..2);
    let mounts = prop::collection::vec(mount(), 0..2);
    let parts = (words(), scripts, words(), (word(), word()), mounts, network, words(), any::<bool>());
    parts.prop_map(|(arguments, scripts, env, (user, working_dir), mounts, network, hosts, insecure)| {
        let proxies = Vec::new();
        Act::Run(Run {
            arguments,
            scripts,
            env,
            proxies,
            user,
            working_dir,
            mounts,
            network,
            hosts,
            insecure,
        })
    })
}

fn source() -> impl Strategy<Value = Source> {
    let optional = || prop::option::of(word());
    prop_oneof![
        word().prop_map(Source::Path),
        (word(), word()).prop_map(|(name, content)| Source::Text { name, content }),
        (word(), optional(), any::<bool>()).prop_map(|(url, checksum, unpack)| Source::Address {
            url,
            checksum,
            unpack
        }),
        (word(), optional(), optional(), any::<bool>(), optional(), any::<bool>()).prop_map(
            |(remote, reference, subdirectory, keep_git_dir, checksum, submodules)| Source::Git {
                remote,
                reference,
                subdirectory,
                keep_git_dir,
                checksum,
                submodules
            }
        ),
    ]
}

fn copy_act() -> impl Strategy<Value = Act> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let origin = prop_oneof![Just(Origin::Context(None)), Just(Origin::Scratch)];
    let sources = prop::collection::vec(source(), 0..3);
    let parts = (origin, sources, word(), word(), prop::option::of(word()), flags, words());
    parts.prop_map(|(origin, sources, destination, owner, mode, (link, parents, unpack), exclude)| {
        Act::Copy(Copy { origin, sources, destination, owner, mode, link, parents, exclude, unpack })
    })
}

fn act() -> impl Strategy<Value = Act> {
    let directory = (word(), word()).prop_map(|(path, owner)| Act::Directory(Directory { path, owner }));
    let base = (word(), word()).prop_map(|(reference, platform)| Act::Base { reference, platform });
    prop_oneof![run_act(), copy_act(), directory, base]
}

proptest! {
    /// No two acts are written the same way, whatever their texts and lists run into each other.
    #[test]
    fn keys_are_equal_where_acts_are(one in act(), other in act()) {
        let keys = [&one, &other].map(|act| key(&step(act.clone()), None, &[]));
        prop_assert_eq!(keys[0] == keys[1], one == other);
    }

    #[test]
    fn words_of_a_list_do_not_run_into_each_other(one in words(), other in words(), env in words()) {
        let run = |arguments: &[String]| {
            let Act::Run(run) = plan("FROM base\nRUN x").steps.remove(1).act else { unreachable!() };
            key(&step(Act::Run(Run { arguments: arguments.to_vec(), env: env.clone(), ..run })), None, &[])
        };
        prop_assert_eq!(run(&one) == run(&other), one == other);
    }

    #[test]
    fn what_is_taken_is_told_apart(one in prop::collection::vec(0..3_u8, 0..3), other in prop::collection::vec(0..3_u8, 0..3)) {
        let of = |taken: &[u8]| {
            let taken: Vec<Digest> = taken.iter().map(|byte| Digest::of(&[*byte])).collect();
            key(&plan("FROM base\nCOPY a /a").steps[1], None, &taken)
        };
        prop_assert_eq!(of(&one) == of(&other), one == other);
    }
}
