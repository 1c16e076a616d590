//! Images from registries, to them, and between them: what is said, what is asked for, and what is left.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod shipping;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use conversation::Session;
use shipping::{Image, Registry, Trick, index, referrer, runnable};

/// As [`Session::holds`], where `REGISTRY` is the registry and words in `known` stand for digests.
#[track_caller]
fn holds(session: &Session, registry: &Registry, known: &[(&str, String)], script: &str) {
    let script = script.trim_matches('\n');
    let mut heard = String::new();
    for line in script.lines().filter_map(|line| line.strip_prefix("$ coffer ")) {
        heard.push_str(&format!("$ coffer {line}\n"));
        heard.push_str(&said(session, registry, known, line));
    }
    assert_eq!(heard.trim_end(), script.trim_end(), "\n--- heard:\n{heard}\n--- written:\n{script}");
}

fn said(session: &Session, registry: &Registry, known: &[(&str, String)], line: &str) -> String {
    let typed = known
        .iter()
        .fold(line.replace("REGISTRY", &registry.address), |line, (word, digest)| line.replace(word, digest));
    let output = session.coffer(typed.split(' '));
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text = text.replace(session.root().parent().unwrap().to_str().unwrap(), "HOME");
    text = text.replace(&registry.address, "REGISTRY");
    for (word, digest) in known {
        text = text.replace(digest, word).replace(digest.get(..19).unwrap(), word);
    }
    match output.status.code() {
        Some(0) => text,
        code => format!("{text}exit {}\n", code.unwrap()),
    }
}

fn files(path: &Path) -> usize {
    std::fs::read_dir(path).map_or(0, Iterator::count)
}

#[test]
fn a_pull_is_pinned_and_asks_for_nothing_twice() {
    let (session, registry) = (Session::new(), Registry::new());
    let image = Image::small("one");
    registry.has("team/app", Some("1"), &image);
    let known = [("APP", image.digest())];
    holds(
        &session,
        &registry,
        &known,
        "
$ coffer pull REGISTRY/team/app:1
REGISTRY/team/app:1  APP  3 B  1 layer
pinned  REGISTRY/team/app@APP
$ coffer pull -q REGISTRY/team/app@APP
REGISTRY/team/app@APP
$ coffer image ls -q
APP
",
    );
    registry.forgets();
    said(&session, &registry, &known, "pull REGISTRY/team/app:1");
    assert_eq!(
        (registry.asked("GET /v2/team/app/manifests/"), registry.asked("GET /v2/team/app/blobs/")),
        (1, 0)
    );
}

#[test]
fn a_name_that_leads_elsewhere_than_before_is_said_and_recorded() {
    let (session, registry) = (Session::new(), Registry::new());
    let (one, two) = (Image::small("one"), Image::small("other"));
    registry.has("team/app", Some("1"), &one);
    let known = [("ONE", one.digest()), ("TWO", two.digest())];
    said(&session, &registry, &known, "pull -q REGISTRY/team/app:1");
    assert_eq!(said(&session, &registry, &known, "pull -q REGISTRY/team/app:1"), "REGISTRY/team/app@ONE\n");
    // Whoever has removed it meanwhile learns of it all the same.
    said(&session, &registry, &known, "image rm -f REGISTRY/team/app:1");
    registry.has("team/app", Some("1"), &two);
    holds(
        &session,
        &registry,
        &known,
        "
$ coffer pull -q REGISTRY/team/app:1
REGISTRY/team/app@TWO
coffer: REGISTRY/team/app:1 led to ONE when it was pulled last, and leads to TWO now
$ coffer pull -q REGISTRY/team/app:1
REGISTRY/team/app@TWO
",
    );
    let shown = said(&session, &registry, &known, "ledger show --filter kind=digest-changed --format json");
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let entries = shown.as_array().unwrap();
    assert_eq!(
        (entries.len(), &entries[0]["attributes"]),
        (1, &serde_json::json!({ "old": "ONE", "new": "TWO" }))
    );
}

#[test]
fn an_index_gives_the_image_for_the_platform_that_is_wanted() {
    let (session, registry) = (Session::new(), Registry::new());
    let (ours, other) = (Image::small("ours"), Image::new("s390x", &[]));
    registry.has("app", None, &ours);
    registry.has("app", None, &other);
    let list = index(&[&other, &ours]);
    registry.has("app", Some("latest"), &list);
    registry.has("app", Some("far"), &index(&[&other]));
    let known = [("LIST", list.digest()), ("OURS", ours.digest()), ("OTHER", other.digest())];
    holds(
        &session,
        &registry,
        &known,
        "
$ coffer pull REGISTRY/app
REGISTRY/app  OURS  4 B  1 layer
pinned  REGISTRY/app@LIST
$ coffer pull --platform linux/s390x REGISTRY/app
REGISTRY/app  OTHER  0 B  0 layers
pinned  REGISTRY/app@LIST
",
    );
    let said = said(&session, &registry, &known, "pull REGISTRY/app:far");
    assert!(said.contains("only for linux/s390x [E-ship-platform]"), "{said}");
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    let (session, registry) = (Session::new(), Registry::new());
    registry.has("app", Some("1.27"), &Image::small("a"));
    let signature = referrer(&Image::small("a"), "signed");
    registry.has("app", Some("signature"), &signature);
    holds(&session, &registry, &[], "
$ coffer pull REGISTRY/app:1.28
coffer: `REGISTRY/app` has no tag `1.28`; did you mean 1.27 or signature? [E-ship-tag]
  coffer search-tags REGISTRY/app
exit 1
$ coffer pull REGISTRY/app:signature
coffer: `REGISTRY/app:signature` is no image but an artifact of type `application/vnd.example.signature` [E-ship-artifact]
  it can be carried, not run: coffer copy docker://REGISTRY/app:signature oci:DIR
exit 1
$ coffer push 0123456789ab
coffer: no image `0123456789ab` [E-store-unknown]
  list the images with `coffer image ls`, or get it from a registry with `coffer pull`
exit 1
");
    registry.misbehaves(Trick::Locked);
    let said = said(&session, &registry, &[], "pull REGISTRY/app:1.27");
    assert!(said.contains("[E-registry-login]") && said.contains("coffer login REGISTRY"), "{said}");
}

#[test]
fn bytes_that_are_not_what_was_claimed_are_kept_as_evidence_and_nothing_else() {
    for longer in [false, true] {
        let (session, registry) = (Session::new(), Registry::new());
        let image = Image::small("true");
        registry.has("app", Some("1"), &image);
        let trick = if longer { Trick::Longer } else { Trick::Lie };
        registry.misbehaves(trick(image.layer()));
        let said = said(&session, &registry, &[("APP", image.digest())], "pull REGISTRY/app:1");
        let code = if longer { "[E-registry-size]" } else { "[E-store-digest]" };
        assert!(said.contains(code) && said.contains("ledger entry"), "{said}");
        let ledger = session.coffer(["ledger", "show", "--format", "json"]);
        let ledger: serde_json::Value = serde_json::from_slice(&ledger.stdout).unwrap();
        let entry = ledger.as_array().unwrap().last().unwrap();
        assert_eq!(entry["kind"], "image-refused");
        if !longer {
            assert_eq!(entry["attributes"]["claimed"], image.layer());
            assert_ne!(entry["attributes"]["came"], image.layer());
            assert_eq!(files(&session.root().join("images/evidence")), 1);
        }
        assert!(session.coffer(["image", "ls", "-q"]).stdout.is_empty());
        registry.behaves();
        assert!(session.coffer(["pull", "-q", &format!("{}/app:1", registry.address)]).status.success());
    }
}

#[test]
fn a_connection_that_breaks_is_replaced_by_one_that_goes_on() {
    let (session, registry) = (Session::new(), Registry::new());
    let image = Image::large(3_000_000);
    registry.has("app", Some("1"), &image);
    registry.misbehaves(Trick::Cut(image.layer(), 1_000_000));
    let said = said(&session, &registry, &[("APP", image.digest())], "pull -q REGISTRY/app:1");
    assert_eq!(said, "REGISTRY/app@APP\n");
    assert_eq!(registry.asked(&format!("GET /v2/app/blobs/{}", image.layer())), 2);
}

#[test]
fn a_killed_pull_goes_on_where_it_was() {
    let (session, registry) = (Session::new(), Registry::new());
    let image = Image::large(8_000_000);
    registry.has("app", Some("1"), &image);
    registry.misbehaves(Trick::Slow(image.layer()));
    let name = format!("{}/app:1", registry.address);
    let mut command = session.command(["pull", &name]);
    let mut pull = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let partial = session.root().join("images/partial");
    let begun = |path: &Path| {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).any(|metadata| metadata.len() > 1_000_000)
    };
    let limit = Instant::now() + Duration::from_secs(60);
    while !begun(&partial) {
        assert!(Instant::now() < limit, "nothing came");
        std::thread::sleep(Duration::from_millis(10));
    }
    pull.kill().unwrap();
    pull.wait().unwrap();
    registry.behaves();
    registry.misbehaves(Trick::Cut(image.layer(), 7_500_000));
    let said = said(&session, &registry, &[("APP", image.digest())], "pull -q REGISTRY/app:1");
    assert_eq!(said, "REGISTRY/app@APP\n");
    // Less than 7.5 MB were missing, so that the connection was never cut: once by each pull.
    assert_eq!(registry.asked(&format!("GET /v2/app/blobs/{}", image.layer())), 2);
}

#[test]
fn many_pulls_of_one_image_fetch_each_blob_once() {
    let (session, registry) = (Session::new(), Registry::new());
    let image = Image::large(2_000_000);
    registry.has("app", Some("1"), &image);
    let name = format!("{}/app:1", registry.address);
    assert!(session.coffer(["image", "ls"]).status.success());
    let pull = |_| {
        let mut command = session.command(["pull", "-q", &name]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let pulls: Vec<_> = (0..200).map(pull).collect();
    for pull in pulls {
        let output = pull.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let asked = registry.requests("GET /v2/app/blobs/");
    assert_eq!(asked.len(), image.blobs.len(), "{asked:?}");
}

#[test]
fn what_the_registry_has_is_not_sent() {
    let (session, registry) = (Session::new(), Registry::new());
    let image = Image::small("pushed");
    registry.has("app", Some("1"), &image);
    let known = [("APP", image.digest())];
    holds(
        &session,
        &registry,
        &known,
        "
$ coffer pull -q REGISTRY/app:1
REGISTRY/app@APP
$ coffer push REGISTRY/app:1
REGISTRY/app:1  APP  it was there
$ coffer push REGISTRY/app:1 REGISTRY/other/app:2
REGISTRY/other/app:2  APP  0 B sent, 2 linked
$ coffer push -q REGISTRY/app:1 REGISTRY/other/app:3
REGISTRY/other/app@APP
$ coffer push REGISTRY/app:1 oci:there
coffer: `oci:there` is no registry's name [E-cli-usage]
  coffer copy REGISTRY/app:1 oci:there
exit 2
",
    );
    assert_eq!(registry.asked("PUT /v2/other/app/blobs/"), 0);
    let there = Registry::new();
    let push = format!("push REGISTRY/app:1 {}/fresh:1", there.address);
    let pushed = said(&session, &registry, &known, &push);
    assert!(pushed.contains("APP") && pushed.contains(" sent"), "{pushed}");
    assert_eq!(there.manifest("fresh", "1"), Some(image.manifest));
}

#[test]
fn a_packed_image_has_another_digest_and_the_same_content() {
    let (session, registry) = (Session::new(), Registry::new());
    let image = Image::small("packed");
    registry.has("app", Some("1"), &image);
    let known = [("APP", image.digest())];
    said(&session, &registry, &known, "pull REGISTRY/app:1");
    for how in ["gzip", "zstd"] {
        let line = format!("push --compress {how} -q REGISTRY/app:1 REGISTRY/{how}:1");
        let pushed = said(&session, &registry, &known, &line);
        assert!(!pushed.contains("APP"), "{pushed}");
        let manifest = String::from_utf8(registry.manifest(how, "1").unwrap()).unwrap();
        assert!(manifest.contains(&format!("tar+{how}")), "{manifest}");
        said(&session, &registry, &known, &format!("pull REGISTRY/{how}:1"));
    }
}

#[test]
fn an_index_goes_everywhere_whole_with_what_refers_to_it() {
    let (session, registry) = (Session::new(), Registry::new());
    let (ours, other) = (Image::small("ours"), Image::new("s390x", &[]));
    let list = index(&[&ours, &other]);
    let (signature, note) = (referrer(&list, "signed"), referrer(&ours, "noted"));
    let over = referrer(&signature, "countersigned");
    for image in [&ours, &other, &signature, &note, &over] {
        registry.has("app", None, image);
    }
    registry.has("app", Some("1"), &list);
    let known = [("LIST", list.digest()), ("OURS", ours.digest())];
    let there = Registry::new();
    for line in [
        "copy --all -q docker://REGISTRY/app:1 oci:dir:1".to_owned(),
        "copy --all -q oci:dir:1 oci-archive:file.tar".to_owned(),
        format!("copy --all -q oci-archive:file.tar {}/back:1", there.address),
        format!("copy --all -q docker://REGISTRY/app:1 {}/straight:1", there.address),
    ] {
        assert_eq!(said(&session, &registry, &known, &line), "LIST\n", "{line}");
    }
    for repository in ["back", "straight"] {
        for image in [&list, &ours, &other, &signature, &note, &over] {
            assert_eq!(
                there.manifest(repository, &image.digest()).as_ref(),
                Some(&image.manifest),
                "{repository}"
            );
        }
    }
    holds(
        &session,
        &registry,
        &known,
        "
$ coffer copy docker://REGISTRY/app:1 REGISTRY/one:1 --without-referrers
REGISTRY/one:1  OURS  0 B sent, 2 linked
$ coffer image import oci:dir:1
dir:1  OURS  4 B  1 layer
",
    );
}

#[test]
fn every_file_gives_back_what_it_was_given() {
    let (session, registry) = (Session::new(), Registry::new());
    let image = Image::small("carried");
    registry.has("app", Some("1"), &image);
    let known = [("APP", image.digest())];
    for place in ["oci:layout", "oci-archive:archive.tar", "dir:flat", "docker-archive:docker.tar"] {
        let out = said(&session, &registry, &known, &format!("copy -q docker://REGISTRY/app:1 {place}"));
        assert_eq!(out, "APP\n", "{place}");
        let back = said(&session, &registry, &known, &format!("copy -q {place} REGISTRY/back:1"));
        // A docker-archive has no manifest that could be kept.
        assert_eq!(back == "APP\n", !place.starts_with("docker-archive"), "{place}: {back}");
    }
}

#[test]
fn a_sync_sends_what_differs() {
    let (session, registry) = (Session::new(), Registry::new());
    let (one, two) = (Image::small("one"), Image::small("two"));
    registry.has("app", Some("1.0"), &one);
    registry.has("app", Some("1.1"), &two);
    registry.has("app", Some("edge"), &two);
    let known = [("ONE", one.digest()), ("TWO", two.digest())];
    let states = |line: &str| {
        let said = said(&session, &registry, &known, line);
        let states = said.lines().skip(1).map(|line| line.rsplit("  ").next().unwrap().to_owned());
        states.collect::<Vec<_>>()
    };
    let line = "sync --tags 1.* REGISTRY/app REGISTRY/mirror";
    assert_eq!(states(&format!("{line} --dry-run")), ["differs", "differs"]);
    assert_eq!(registry.manifest("mirror", "1.0"), None);
    assert_eq!(states(line), ["copied", "copied"]);
    assert_eq!(states(line), ["up to date", "up to date"]);
    registry.has("app", Some("1.0"), &two);
    assert_eq!(states(line), ["copied", "up to date"]);
    // What comes to be known of an image later follows it.
    let signature = referrer(&two, "signed");
    registry.has("app", None, &signature);
    assert_eq!(states(line)[0], "copied");
    assert_eq!(registry.manifest("mirror", &signature.digest()), Some(signature.manifest));
    assert_eq!(states(line), ["up to date", "up to date"]);
    let list = format!("[[repository]]\nfrom = \"{}/app\"\nto = \"oci:mirror\"\n", registry.address);
    std::fs::write(session.work().join("list.toml"), list).unwrap();
    assert_eq!(states("sync list.toml"), ["copied", "copied", "copied"]);
    assert_eq!(states("sync list.toml"), ["up to date", "up to date", "up to date"]);
}

#[test]
fn a_sync_goes_on_after_a_failure_if_it_is_told_to() {
    let (session, registry) = (Session::new(), Registry::new());
    let (bad, good) = (Image::small("bad"), Image::small("good"));
    registry.has("app", Some("1"), &bad);
    registry.has("app", Some("2"), &good);
    registry.misbehaves(Trick::Lie(bad.layer()));
    let known = [("BAD", bad.digest()), ("GOOD", good.digest())];
    let there = Registry::new();
    let line = format!("sync --keep-going REGISTRY/app {}/app", there.address);
    let said = said(&session, &registry, &known, &line);
    assert!(said.contains("failed") && said.contains("copied") && said.ends_with("exit 1\n"), "{said}");
    assert_eq!((there.manifest("app", "1"), there.manifest("app", "2")), (None, Some(good.manifest)));
}

#[test]
fn a_blocked_registry_is_not_asked() {
    let (session, registry) = (Session::new(), Registry::new());
    registry.has("app", Some("1"), &Image::small("a"));
    let home = session.root().parent().unwrap().join(".config/coffer");
    std::fs::create_dir_all(&home).unwrap();
    let rule = format!("[[registry]]\nprefix = \"{}\"\nblocked = true\n", registry.address);
    std::fs::write(home.join("registries.conf"), rule).unwrap();
    for line in ["pull REGISTRY/app:1", "copy docker://REGISTRY/app:1 oci:x", "run REGISTRY/app:1"] {
        let said = said(&session, &registry, &[], line);
        assert!(said.contains("[E-registry-blocked]"), "{said}");
    }
    assert_eq!(registry.asked(""), 0);
}

#[test]
fn privileged_a_container_gets_the_image_that_it_needs() {
    let (session, registry) = (Session::new(), Registry::new());
    let image = runnable();
    registry.has("app", Some("1"), &image);
    let known = [("APP", image.digest())];
    holds(
        &session,
        &registry,
        &known,
        "
$ coffer run --rm --pull never REGISTRY/app:1
coffer: no image `REGISTRY/app:1` [E-store-unknown]
  list the images with `coffer image ls`, or get it from a registry with `coffer pull`
exit 125
$ coffer run --rm REGISTRY/app:1
hello
$ coffer run --rm REGISTRY/app@APP
hello
",
    );
    registry.forgets();
    assert_eq!(said(&session, &registry, &known, "run --rm REGISTRY/app:1"), "hello\n");
    assert_eq!(registry.asked(""), 0);
    assert_eq!(said(&session, &registry, &known, "run --rm --pull always REGISTRY/app:1"), "hello\n");
    assert_eq!(registry.asked("GET /v2/app/manifests/"), 1);
}
