//! What builds keep for later ones: it is listed, it is used, and it goes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::fs;
use std::process::{Child, Stdio};

use conversation::Session;
use harness::{Rootfs, entries, session, until, works, write};
use serde_json::Value;

/// A session with the image `base:1`, which has a shell, and with files of a context.
fn scene(files: &[(&str, &str)]) -> Session {
    let session = session();
    Rootfs::with_shell().import(&session, "base:1");
    write(&session, files);
    session
}

fn json(session: &Session, line: &str) -> Value {
    serde_json::from_str(&works(session, &format!("{} --format json", line.trim_end()))).unwrap()
}

/// Titles of what is kept, sorted.
fn titles(session: &Session, options: &str) -> Vec<String> {
    let kept = json(session, &format!("build cache ls {options}"));
    let title = |entry: &Value| entry["title"].as_str().unwrap().to_owned();
    let mut titles: Vec<String> = kept.as_array().unwrap().iter().map(title).collect();
    titles.sort();
    titles
}

const FILE: &str = "\
FROM base:1 AS tools
RUN --mount=type=cache,id=deps,target=/deps echo x > /deps/x
FROM base:1
RUN --mount=type=bind,source=src,target=/src cat /src/a > /out
COPY --from=tools /bin/sh /copied
";

#[test]
fn privileged_what_builds_leave_is_listed_and_goes() {
    let session = scene(&[("Dockerfile", FILE), ("src/a", "1\n")]);
    works(&session, "build -q -t app:1 .");
    assert_eq!(titles(&session, "--filter type=exec.cachemount"), ["deps"]);
    let shown = format!("src of {}, as RUN --mount shows it", session.work().display());
    assert_eq!(titles(&session, "--filter type=source.local"), [shown.as_str()]);
    let steps = titles(&session, "--filter type=regular");
    assert_eq!(steps.len(), 3, "{steps:?}");
    let (all, internal) = (titles(&session, "--all"), titles(&session, "--filter type=internal"));
    assert!(!internal.is_empty() && all.len() == 5 + internal.len(), "{all:?}");
    assert_eq!(titles(&session, "").len(), 5);
    assert_eq!(titles(&session, "--filter id=deps --filter inuse=false"), ["deps"]);
    assert_eq!(titles(&session, "--filter until=1h"), [""; 0]);
    let kept = json(&session, "build cache ls --filter id=deps");
    let used = kept[0]["last_used"].as_str().unwrap();
    assert!(kept[0]["created"].as_str().unwrap() <= used && kept[0]["bytes"].as_u64().unwrap() > 0, "{kept}");
    let table = works(&session, "build cache ls");
    assert!(table.contains("exec.cachemount") && table.contains("deps"), "{table}");
    let usage = &json(&session, "system df")["build_cache"];
    assert_eq!((usage["total"].as_u64().unwrap() as usize, usage["active"].as_u64()), (all.len(), Some(0)));
    assert_eq!(works(&session, "builder du -q").lines().count(), 5);

    let said = works(&session, "build cache prune --filter type=exec.cachemount");
    assert!(said.starts_with("0 steps, 1 directory of RUN --mount=type=cache, "), "{said}");
    assert_eq!(titles(&session, "").len(), 4);
    let removed = json(&session, "builder prune");
    let is_shared = |entry: &Value| entry["shared"].as_bool().unwrap();
    assert!(!removed["removed"].as_array().unwrap().iter().any(is_shared), "{removed}");
    let left = json(&session, "build cache ls");
    assert!(left.as_array().unwrap().len() == 2 && left.as_array().unwrap().iter().all(is_shared), "{left}");
    works(&session, "build cache prune --all");
    assert_eq!(titles(&session, "--all"), [""; 0]);
    assert_eq!(works(&session, "run --rm app:1 /bin/cat /out"), "1\n", "no image has lost anything");
    works(&session, "image verify");
}

#[test]
fn privileged_what_nothing_is_called_is_no_filter() {
    let session = session();
    for (line, said) in [
        ("build cache ls --filter type=image", "one of regular, source.local, exec.cachemount, internal"),
        ("build cache prune --filter inuse=true", "one of type, id, until"),
        ("build cache prune --filter until=soon", "it is no instant"),
    ] {
        let output = session.coffer(harness::words(line));
        let heard = session.said(&output);
        assert!(output.status.code() == Some(2) && heard.contains(said), "{line}: {heard}");
    }
}

/// A build with a step that has a cache until it is killed.
fn holding(session: &Session) -> Child {
    let file = "FROM base:1\nRUN --mount=type=cache,id=held,target=/c echo begun > /c/begun; sleep 1000\n";
    write(session, &[("Dockerfile", file)]);
    let mut command = session.command(["build", "--progress", "plain", "."]);
    let build = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("the step runs", || titles(session, "--filter inuse=true") == ["held"]);
    build
}

#[test]
fn privileged_a_cache_in_use_stays() {
    let session = scene(&[]);
    let mut build = holding(&session);
    assert!(works(&session, "build cache ls").contains("exec.cachemount  now "));
    works(&session, "build cache prune --all");
    assert_eq!(titles(&session, ""), ["held"]);
    assert_eq!(json(&session, "system df")["build_cache"]["active"], 1);
    build.kill().unwrap();
    build.wait().unwrap();
    until("its end is seen", || titles(&session, "--filter inuse=true").is_empty());
    works(&session, "build cache prune --all");
    assert_eq!(titles(&session, ""), [""; 0]);
    assert!(entries(&session.root().join("caches")).is_empty(), "nothing is left of an id");
}

#[test]
fn privileged_a_context_that_is_mounted_is_one_layer_whatever_becomes_of_it() {
    let file = "\
FROM base:1
RUN --mount=type=bind,target=/src cat /src/a
RUN --mount=type=bind,target=/src test -e /src/a
";
    let session = scene(&[("Dockerfile", file), ("a", "1\n")]);
    let layers = |session: &Session| entries(&session.root().join("images/layers"));
    let before = layers(&session);
    works(&session, "build -q .");
    let first = layers(&session);
    assert_eq!(first.len(), before.len() + 1, "both steps mount the same layer");
    for text in ["2\n", "3\n"] {
        write(&session, &[("a", text)]);
        works(&session, "build -q .");
        assert_eq!(layers(&session).len(), first.len(), "the layer before has gone");
    }
    assert_ne!(layers(&session), first);
    assert_eq!(titles(&session, "--filter type=source.local").len(), 1);
    works(&session, "image verify");
}

/// Whoever clears up while others build takes nothing from them.
#[test]
fn privileged_a_prune_in_the_midst_of_a_build_takes_nothing_away_from_it() {
    let session = scene(&[]);
    let file = "FROM base:1\nRUN echo 1 > /one\nRUN echo 2 > /two\n";
    write(&session, &[("Dockerfile", file)]);
    works(&session, "build -q .");
    let waits = "RUN --mount=type=cache,id=c,target=/c echo x > /c/x; while test -e /c/x; do sleep 1; done\n";
    write(&session, &[("Dockerfile", &format!("{file}{waits}RUN cat /one /two > /three\n"))]);
    let mut command = session.command(["build", "-t", "app:1", "."]);
    let mut build = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("the step runs", || titles(&session, "--filter inuse=true") == ["c"]);
    works(&session, "image prune -a");
    works(&session, "build cache prune --all");
    assert_eq!(titles(&session, "--filter type=regular"), [""; 0]);
    let flag = fs::read_dir(session.root().join("caches")).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(flag.join("0/x")).unwrap();
    assert!(build.wait().unwrap().success());
    assert_eq!(works(&session, "run --rm app:1 /bin/cat /three"), "1\n2\n");
    works(&session, "image verify");
}
