//! `coffer build`: from a Dockerfile to an image that runs, and what a build must never do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use conversation::Session;
use harness::{Rootfs, Traces, done, session, text, until, works, write};

/// A session with the image `base:1`, which has a shell.
fn shelled() -> Session {
    let session = session();
    Rootfs::with_shell().import(&session, "base:1");
    session
}

/// What a build says that has to fail.
#[track_caller]
fn fails(session: &Session, line: &str) -> String {
    let output = session.coffer(harness::words(line));
    let said = session.said(&output);
    assert_eq!(output.status.code(), Some(1), "{line}: {said}");
    said
}

const HELLO: &str = "\
FROM base:1 AS tools
RUN echo built > /made && mkdir -p /deep/er && echo x > /deep/er/file
FROM base:1 AS unneeded
RUN exit 7
FROM base:1
WORKDIR /srv
ENV GREETING=hello NAME=world
COPY --from=tools /made /deep/ ./
COPY --chown=app:app --chmod=640 data /data
RUN echo \"$GREETING $NAME\" > greeting
USER app
CMD [\"/bin/cat\", \"/srv/greeting\", \"/srv/made\"]
";

#[test]
fn privileged_what_is_built_runs_and_is_not_built_twice() {
    let session = shelled();
    write(&session, &[("Dockerfile", HELLO), ("data/a", "1\n"), ("data/b", "2\n")]);
    let first = session.said(&session.coffer(["build", "-t", "app:1", "."]));
    assert!(first.contains("RUN echo \"hello world\" > greeting"), "{first}");
    assert!(!first.contains("exit 7"), "a stage that nobody needs was built: {first}");
    assert_eq!(works(&session, "run --rm app:1"), "hello world\nbuilt\n");
    let listed = works(&session, "run --rm app:1 /bin/stat -c %u:%g:%a /data/a /srv/er/file");
    assert_eq!(listed, "1000:1000:640\n0:0:644\n");
    let second = works(&session, "build -t app:1 . --format json");
    let second: serde_json::Value = serde_json::from_str(&second).unwrap();
    assert_eq!(second["cached"], second["steps"], "{second}");
    assert_eq!(second["already"], true);
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_only_what_depends_on_a_change_is_done_again() {
    let session = shelled();
    let file = "FROM base:1\nRUN echo 1 > /one\nCOPY a /a\nRUN cat /a > /two\nCOPY b /b\n";
    write(&session, &[("Dockerfile", file), ("a", "1"), ("b", "1")]);
    works(&session, "build -q -t app:1 .");
    let cached = |session: &Session| {
        let built: serde_json::Value =
            serde_json::from_str(&works(session, "build -q -t app:1 . --format json")).unwrap();
        built["cached"].as_u64().unwrap()
    };
    write(&session, &[("b", "2")]);
    assert_eq!(cached(&session), 3);
    write(&session, &[("a", "2")]);
    assert_eq!(cached(&session), 1);
    // The time of a file is nothing that a build takes.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(100);
    fs::File::open(session.work().join("a")).unwrap().set_modified(later).unwrap();
    assert_eq!(cached(&session), 4);
}

#[test]
fn privileged_secrets_are_there_while_a_step_runs_and_nowhere_afterwards() {
    const VALUE: &str = "correct-horse-battery-staple-8471";
    let session = shelled();
    let file = "\
FROM base:1
RUN --mount=type=secret,id=token test \"$(cat /run/secrets/token)\" = correct-horse-battery-staple-8471 || cat /run/secrets/token > /dev/null
RUN --mount=type=secret,id=token,env=TOKEN,target=/t wc -c < /t > /length
RUN test ! -e /run/secrets/token && test ! -e /t && test -z \"$TOKEN\"
";
    let file = file.replace(VALUE, "$(cat /run/secrets/token)");
    write(&session, &[("Dockerfile", &file), ("token", VALUE)]);
    works(&session, "build -t app:1 --secret id=token,src=token --provenance=max .");
    assert_eq!(works(&session, "run --rm app:1 /bin/cat /length").trim(), VALUE.len().to_string());
    fs::remove_file(session.work().join("token")).unwrap();
    let found = Command::new("grep").args(["-rla", VALUE]).arg(session.root()).output().unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap(), "", "the secret was kept");
}

/// A secret that is printed in two pieces, and by a step that only finds what another has left.
const PRINTED: &str = "\
FROM base:1
RUN --mount=type=secret,id=token --mount=type=cache,target=/c cat /run/secrets/token > /c/left; cat /c/left; \\
    all=$(cat /c/left); printf %s \"${all%????????}\"; sleep 0.3; tail -c +7 /c/left
RUN --mount=type=cache,target=/c echo left: $(cat /c/left) >&2; exit 3
";

#[test]
fn privileged_what_steps_print_of_a_secret_is_not_shown() {
    const VALUE: &str = "zebra-crossing";
    let session = shelled();
    write(&session, &[("Dockerfile", PRINTED), ("token", "zebra-crossing\n")]);
    for progress in ["plain", "rawjson", "tty"] {
        let line = format!("build --no-cache --progress {progress} --secret id=token,src=token .");
        let said = fails(&session, &line);
        assert!(!said.contains(VALUE) && !said.contains("crossing"), "{progress}: {said}");
        assert!(said.contains("left: ***"), "{progress}: {said}");
    }
}

#[test]
fn privileged_a_step_that_writes_a_secret_down_fails_and_leaves_none_of_it() {
    const VALUE: &str = "correct-horse-battery-staple-8471";
    let session = shelled();
    let mount = "--mount=type=secret,id=token,env=TOKEN,target=/t";
    let built = |command: &str| {
        let file = format!("FROM base:1\nRUN {mount} --mount=type=tmpfs,target=/m {command}\n");
        write(&session, &[("Dockerfile", &file), ("token", VALUE)]);
        session.coffer(harness::words("build --progress plain --secret id=token,src=token ."))
    };
    let hidden =
        ["mkdir /d && cat /t > /d/env", "ln -s $TOKEN /d", "touch /d-$TOKEN", "echo key=$TOKEN > /d"];
    for command in hidden {
        let output = built(command);
        let said = session.said(&output);
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains("the step wrote the secret `token` into `/d"), "{command}: {said}");
        assert!(said.contains("[E-build-written-secret]") && !said.contains(VALUE), "{command}: {said}");
    }
    for command in ["cat /t > /d && rm /d", "cat /t > /m/d", "wc -c < /t > /d"] {
        let output = built(command);
        assert!(output.status.success(), "{command}: {}", session.said(&output));
    }
    fs::remove_file(session.work().join("token")).unwrap();
    let found = Command::new("grep").args(["-rla", VALUE]).arg(session.root()).output().unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap(), "", "the secret was kept");
}

#[test]
fn privileged_steps_know_the_names_that_they_were_given_and_are_found_again_by_them() {
    let session = shelled();
    let file = "FROM base:1\nRUN cat /etc/hosts > /hosts\n";
    write(&session, &[("Dockerfile", file)]);
    let built = |hosts: &str| {
        let json = works(&session, &format!("build -q -t app:1{hosts} --format json ."));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        (json["cached"].as_u64().unwrap(), works(&session, "run --rm app:1 /bin/cat /hosts"))
    };
    let (cached, plain) = built("");
    assert_eq!(cached, 0);
    assert_eq!(
        built(" --add-host mirror.test:192.0.2.7 --add-host six=[2001:db8::7]"),
        (0, { format!("{plain}192.0.2.7\tmirror.test\n2001:db8::7\tsix\n") })
    );
    // As with BuildKit: another address is no other step.
    assert_eq!(built(" --add-host six=::1 --add-host mirror.test=192.0.2.8").0, 1);
    assert_eq!(built(" --add-host mirror.test=192.0.2.7").0, 0);
}

const CROSS: &str = "\
FROM --platform=$BUILDPLATFORM base:1 AS tools
RUN echo shared >> /said && cat /said
FROM --platform=$BUILDPLATFORM tools AS cross
ARG TARGETPLATFORM TARGETARCH BUILDPLATFORM
RUN echo $BUILDPLATFORM makes $TARGETPLATFORM > /made && cat /said >> /made
FROM scratch
COPY --from=cross /made /made
";

#[test]
fn privileged_several_platforms_are_one_image_where_they_go() {
    let session = shelled();
    write(&session, &[("Dockerfile", CROSS)]);
    let host = engine_platform();
    let line = format!(
        "build --no-cache --progress plain -t app:1 --platform linux/s390x,{host} \
         -o type=oci,dest=app.tar --metadata-file made.json ."
    );
    let said = session.said(&session.coffer(harness::words(&line)));
    assert_eq!(said.matches("shared\n").count(), 1, "what is the same for all is done once: {said}");
    assert!(said.contains("linux/s390x [cross") && said.contains("2 platforms"), "{said}");
    let made: serde_json::Value =
        serde_json::from_slice(&fs::read(session.work().join("made.json")).unwrap()).unwrap();
    let listed = made["platforms"].as_array().unwrap();
    assert_eq!(listed[0]["platform"], "linux/s390x");
    assert_eq!((&listed[1]["platform"], &listed[1]["digest"]), (&host.as_str().into(), &made["digest"]));
    for (index, platform) in ["linux/s390x", &host].into_iter().enumerate() {
        let line = format!("copy --platform {platform} oci-archive:app.tar oci:one-{index} --format json");
        let copied: serde_json::Value = serde_json::from_str(&works(&session, &line)).unwrap();
        assert_eq!(copied["digest"], listed[index]["digest"], "{copied}");
        works(&session, &format!("build -q --platform {platform} -o files-{index} ."));
        let text = fs::read_to_string(session.work().join(format!("files-{index}/made"))).unwrap();
        assert_eq!(text, format!("{host} makes {platform}\nshared\n"));
    }
    let listed = works(&session, "image ls");
    let count = |name: &str| listed.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!((count("app:1"), count("<none>")), (1, 1), "one for each platform: {listed}");
}

/// As Go calls what this machine runs.
fn engine_platform() -> String {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("linux/{architecture}")
}

#[test]
fn privileged_what_this_host_cannot_run_is_told_with_the_remedy() {
    let session = shelled();
    // No kernel has an interpreter registered for it.
    write(&session, &[("Dockerfile", "FROM scratch\nCOPY Dockerfile /\nRUN [\"/Dockerfile\"]\n")]);
    let said = fails(&session, "build --platform linux/mips .");
    assert!(said.contains("the step runs programs for linux/mips, which this host cannot run"), "{said}");
    assert!(said.contains("$BUILDPLATFORM") && said.contains("3 | RUN"), "{said}");
    write(&session, &[("Dockerfile", "FROM base:1\n")]);
    let said = fails(&session, "build --pull=never --platform linux/mips .");
    assert!(said.contains("[E-build-platform]"), "{said}");
}

#[test]
fn privileged_a_step_that_fails_says_where_and_what() {
    let session = shelled();
    write(&session, &[("Dockerfile", "FROM base:1\nRUN true\nRUN echo going wrong; exit 3\nRUN true\n")]);
    let said = fails(&session, "build -t app:1 .");
    assert!(said.contains("going wrong"), "{said}");
    assert!(said.contains("3 | RUN echo going wrong; exit 3"), "{said}");
    assert!(said.contains("exit code 3") && said.contains("[E-build-step]"), "{said}");
    Traces::of(&session).are_gone();
    write(&session, &[("Dockerfile", "FROM base:1\nRUN true\nRUN echo going right\n")]);
    works(&session, "build -t app:1 .");
}

#[test]
fn privileged_two_places_two_times_one_digest() {
    let session = shelled();
    let file =
        "FROM base:1\nCOPY . /src\nRUN cat /src/a /src/d/b > /out && mkdir /made && echo 1 > /made/one\n";
    let digest = |place: &str, age: u64| {
        let files = [("Dockerfile", file), ("a", "1\n"), ("d/b", "2\n")];
        for (path, text) in files {
            let path = session.work().join(place).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let then = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
            fs::File::open(&path).unwrap().set_modified(then).unwrap();
        }
        works(&session, &format!("build -q --no-cache --reproducible {place}"))
    };
    let first = digest("here", 10);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(first, digest("there/deeper", 100_000));
}

#[test]
fn privileged_a_killed_build_leaves_nothing_that_disturbs_the_next() {
    let session = shelled();
    // Nobody else's step sleeps as long.
    let long = format!("sleep 1000.{}", std::process::id());
    write(&session, &[("Dockerfile", &format!("FROM base:1\nRUN echo 1 > /one\nRUN {long}\n"))]);
    let mut build = session.command(["build", "-t", "app:1", "--progress", "plain", "."]);
    let mut build = build.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let sleeps = || {
        let found = Command::new("pgrep").args(["-f", &format!("^{long}$")]).output().unwrap();
        !found.stdout.is_empty()
    };
    until("the step runs", sleeps);
    build.kill().unwrap();
    build.wait().unwrap();
    until("the step is gone with its build", || !sleeps());
    write(&session, &[("Dockerfile", "FROM base:1\nRUN echo 1 > /one\nRUN cat /one\n")]);
    works(&session, "build -t app:1 .");
    works(&session, "image verify");
    works(&session, "ps -a");
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_step_that_runs_is_looked_into_like_any_container() {
    let session = shelled();
    let file = "FROM base:1\nRUN echo 1 > /below\nRUN --mount=type=secret,id=t echo 2 > /own; sleep 1003\n";
    write(&session, &[("Dockerfile", file), ("t", "secret")]);
    let build = ["build", "-t", "app:1", "--secret", "id=t,src=t", "."];
    let mut build = session.command(build).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut step = String::new();
    until("the step runs", || {
        step = works(&session, "ps -q").trim().to_owned();
        // One before it may have ended by now.
        !step.is_empty() && text(&session.coffer(["diff", &step])).contains("/own")
    });
    assert_eq!(works(&session, &format!("diff {step}")), "A /own\n");
    works(&session, &format!("cp {step}:/own copied"));
    assert_eq!(fs::read_to_string(session.work().join("copied")).unwrap(), "2\n");
    works(&session, &format!("commit {step} seen:1"));
    build.kill().unwrap();
    build.wait().unwrap();
    assert_eq!(works(&session, "run --rm seen:1 /bin/cat /below /own"), "1\n2\n");
    works(&session, "ps -a");
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_rules_beside_a_dockerfile_elsewhere_go_before_those_of_the_context() {
    let session = shelled();
    let file = "FROM base:1\nCOPY . /all\n";
    let files = [("app/.dockerignore", "a"), ("app/a", "1"), ("app/b", "2"), ("deploy/Dockerfile", file)];
    write(&session, &files);
    let all = |session: &Session| works(session, "run --rm app:1 /bin/ls /all");
    works(&session, "build -q -t app:1 -f deploy/Dockerfile app");
    assert_eq!(all(&session), "b\n");
    write(&session, &[("deploy/Dockerfile.dockerignore", "b")]);
    works(&session, "build -q -t app:1 -f deploy/Dockerfile app");
    assert_eq!(all(&session), "a\n");
}

#[test]
fn privileged_links_of_a_context_lead_nowhere_outside() {
    let session = shelled();
    let outside = session.work().parent().unwrap().join("outside");
    fs::write(&outside, "secret of the host").unwrap();
    write(&session, &[("Dockerfile", "FROM base:1\nCOPY link /copied\n")]);
    std::os::unix::fs::symlink(&outside, session.work().join("link")).unwrap();
    let said = fails(&session, "build -t app:1 .");
    assert!(said.contains("link"), "{said}");
    // As one of many it is copied as the link that it is.
    write(&session, &[("Dockerfile", "FROM base:1\nCOPY . /copied/\n")]);
    works(&session, "build -t app:1 .");
    let tar = works(&session, "run --rm app:1 /bin/ls -l /copied");
    assert!(tar.contains("link ->"), "{tar}");
}

#[test]
fn privileged_results_are_written_where_they_are_wanted() {
    let session = shelled();
    write(&session, &[("Dockerfile", "FROM scratch\nCOPY a /x/a\n"), ("a", "1\n")]);
    works(&session, "build -o out .");
    assert_eq!(fs::read_to_string(session.work().join("out/x/a")).unwrap(), "1\n");
    works(&session, "build -q -t app:1 --iidfile id --metadata-file meta -o type=oci,dest=app.tar .");
    let id = fs::read_to_string(session.work().join("id")).unwrap();
    let meta: serde_json::Value =
        serde_json::from_slice(&fs::read(session.work().join("meta")).unwrap()).unwrap();
    assert_eq!(meta["digest"], id);
    assert_eq!(meta["evidence"].as_array().unwrap().len(), 2, "{meta}");
    works(&session, "image rm app:1");
    works(&session, "image import -q oci-archive:app.tar app:1");
    let tar = session.coffer(["build", "-o", "-", "."]);
    assert!(tar.stdout.windows(3).any(|window| window == b"x/a"));
}

#[test]
fn privileged_what_cannot_be_built_is_told_before_anything_is_done() {
    let session = shelled();
    let cases = [
        ("", "E-build-no-dockerfile"),
        ("FRM base:1\n", "E-build-dockerfile"),
        ("RUN true\n", "E-build-dockerfile"),
        ("FROM base:1\nCOPY --from=nobody a /a\n", "E-"),
        ("FROM base:1\nCOPY missing /a\n", "missing"),
        ("FROM base:1\nADD --checksum=sha256:1 x /\n", "E-"),
    ];
    for (text, expected) in cases {
        let file = session.work().join("Dockerfile");
        if text.is_empty() {
            drop(fs::remove_file(&file))
        } else {
            fs::write(&file, text).unwrap()
        }
        let said = fails(&session, "build --pull=never -t app:1 .");
        assert!(said.contains(expected), "{text}: {said}");
    }
    assert!(!Path::new("/missing").exists());
}

#[test]
fn privileged_a_repository_of_this_host_is_a_context_for_whoever_builds_alone() {
    let session = shelled();
    let file = "FROM base:1\nCOPY file /file\n";
    write(
        &session,
        &[("app/sub/Dockerfile", file), ("app/sub/file", "one"), ("Dockerfile", "FROM base:1\n")],
    );
    let app = session.work().join("app");
    let git = |words: &[&str]| {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        done(Command::new("git").current_dir(&app).args(who).args(words));
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    git(&["tag", "v1"]);
    write(&session, &[("app/sub/file", "two")]);
    git(&["commit", "-q", "-a", "-m", "two"]);
    let place = format!("file://{}#v1:sub", app.display());
    works(&session, &format!("build -q -t app:1 {place}"));
    assert_eq!(works(&session, "run --rm app:1 /bin/cat /file"), "one");
    write(&session, &[("Dockerfile", &format!("FROM base:1\nADD {place} /app\n"))]);
    let said = fails(&session, "build .");
    assert!(said.contains("is not in the context"), "{said}");
}
