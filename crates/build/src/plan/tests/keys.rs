//! Keys: the same for the same step anywhere, another for any other.

use std::collections::BTreeSet;

use model::digest::Digest;

use super::super::{Key, key};
use super::*;

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
            "f9e307eae0566d2dedce8a3e9061230403c16e42343cd94bfc8bd78b065397c7",
            "283e172c36f1e068566f0fd61ed44efd3ab988dea5e3d6dd50d9b8e4dd8e2ffc",
            "624cd37cc172e80289305dcc793fa2b9887f3f33af56156d882dc2ef1cf8dab9",
        ]
    );
}
