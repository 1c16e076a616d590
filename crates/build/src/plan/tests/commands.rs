//! `RUN`: documents, mounts, networks.

use super::super::{Mount, Origin, RunNetwork, Script, Sharing};
use super::*;

fn run(instruction: &str) -> Run {
    runs(&plan(&format!("FROM base\nWORKDIR /srv\n{instruction}")))[0].clone()
}

#[test]
fn a_line_is_for_the_shell_and_a_list_is_executed() {
    assert_eq!(run("RUN make  all \\\n  && x").arguments, ["/bin/sh", "-c", "make  all   && x"]);
    assert_eq!(run("RUN [\"make\", \"a b\"]").arguments, ["make", "a b"]);
    let run = run("USER jo:users\nRUN x");
    assert_eq!((run.user.as_str(), run.working_dir.as_str()), ("jo:users", "/srv"));
    assert!(error("FROM base\nRUN []").contains("nothing to execute"));
}

#[test]
fn a_document_alone_is_the_command() {
    assert_eq!(run("RUN <<EOF\na\n$b\nEOF").arguments, ["/bin/sh", "-c", "a\n$b\n"]);
    assert_eq!(run("RUN <<-\"EOF\"\n\ta\n\tEOF").arguments, ["/bin/sh", "-c", "a\n"]);
    let shell = runs(&plan("FROM base\nSHELL [\"/bin/bash\", \"-c\"]\nRUN <<E\nx\nE"))[0].arguments.clone();
    assert_eq!(shell, ["/bin/bash", "-c", "x\n"]);
}

#[test]
fn a_document_with_an_interpreter_is_a_program() {
    let run = run("RUN <<EOF\n#!/usr/bin/python3\nprint(1)\nEOF");
    assert_eq!(run.arguments, ["/bin/sh", "-c", "/dev/pipes/EOF"]);
    let script = Script { path: "/dev/pipes/EOF".into(), content: "#!/usr/bin/python3\nprint(1)\n".into() };
    assert_eq!(run.scripts, [script]);
}

#[test]
fn documents_beside_a_command_are_the_shell_s() {
    let text = "RUN cat <<A > /a && cat 3<<-'B' > /b\n$x\nA\n\ty\nB";
    let line = "cat <<A > /a && cat 3<<-'B' > /b\n$x\nA\n\ty\nB";
    assert_eq!(run(text).arguments, ["/bin/sh", "-c", line]);
    assert_eq!(run("RUN <<E cat\nx\nE").arguments[2], "<<E cat\nx\nE");
}

#[test]
fn titles_show_documents_and_hide_secrets() {
    let plan = plan(
        "FROM base\nARG V=1\nRUN <<EOF\n\nset -e\nmake\nEOF\nRUN echo $V ${V} \"$V\" $W\n\
         RUN --mount=type=secret,id=t,env=V echo $V",
    );
    assert_eq!(titles(&plan)[1], "[2/4] RUN <<EOF (set -e...)");
    assert_eq!(titles(&plan)[2], "[3/4] RUN echo 1 1 \"1\" $W");
    assert!(titles(&plan)[3].ends_with("echo ****"), "{}", titles(&plan)[3]);
}

#[test]
fn mounts_are_replaced_and_sorted() {
    let mounts = runs(&plan(
        "FROM base AS a\nRUN x\nFROM base\nENV D=/b/c\nWORKDIR /srv\n\
         RUN --mount=type=cache,target=$D,sharing=locked,uid=5,mode=0700 \
             --mount=type=bind,from=a,source=/x/../y,target=/b,rw \
             --mount=source=lib --mount=type=tmpfs,target=/tmp,size=1m make",
    ))[1]
        .mounts
        .clone();
    let expected = [
        Mount::Bind { origin: Origin::Step(1), source: "y".into(), target: "/b".into(), writable: true },
        Mount::Cache {
            id: "/b/c".into(),
            origin: Origin::Scratch,
            source: String::new(),
            target: "/b/c".into(),
            readonly: false,
            sharing: Sharing::Locked,
            mode: 0o700,
            owner: (5, 0),
        },
        Mount::Bind {
            origin: Origin::Context(None),
            source: "lib".into(),
            target: "/srv".into(),
            writable: false,
        },
        Mount::Tmpfs { target: "/tmp".into(), size: Some(1 << 20) },
    ];
    assert_eq!(mounts, expected);
}

#[test]
fn a_cache_may_begin_with_what_an_image_has() {
    let build = build().base("other", ImageConfig::default());
    let plan = build.plan("FROM base\nRUN --mount=type=cache,id=go,from=other,source=/go,target=/go,ro x");
    let Mount::Cache { id, origin, source, readonly, .. } = &runs(&plan)[0].mounts[0] else { panic!() };
    assert_eq!((id.as_str(), origin, source.as_str(), *readonly), ("go", &Origin::Step(1), "go", true));
}

#[test]
fn secrets_and_agents_are_named_and_have_no_value() {
    let run = run("RUN --mount=type=secret,id=a --mount=type=secret,target=/x/b,required,mode=0440,gid=7 \
             --mount=type=secret,id=c,env=C --mount=type=ssh --mount=type=ssh,id=work,required x");
    let secret = |id: &str, target: Option<&str>, env: Option<&str>, required, mode, gid| Mount::Secret {
        id: id.into(),
        target: target.map(str::to_owned),
        env: env.map(str::to_owned),
        required,
        mode,
        owner: (0, gid),
    };
    let ssh = |id: &str, target: &str, required| Mount::Ssh {
        id: id.into(),
        target: target.into(),
        required,
        mode: 0o600,
        owner: (0, 0),
    };
    let expected = [
        secret("c", None, Some("C"), false, 0o400, 0),
        ssh("default", "/run/buildkit/ssh_agent.0", false),
        ssh("work", "/run/buildkit/ssh_agent.1", true),
        secret("a", Some("/run/secrets/a"), None, false, 0o400, 0),
        secret("b", Some("/x/b"), None, true, 0o440, 7),
    ];
    assert_eq!(run.mounts, expected);
}

#[test]
fn mounts_that_cannot_be_are_refused() {
    for (mount, reason) in [
        ("type=bind,target=/", "the root cannot be mounted over"),
        ("target=/a --mount=type=cache,target=/a/", "another mount has the target `/a`, too"),
        ("type=cahce,target=/a", "did you mean `cache`?"),
        ("type=$NOTHING,target=/a", "`type` is one of"),
        ("type=tmpfs,target=/a,ro", "leave out `readonly`"),
        ("type=ssh,source=/x", "an agent has no `source`"),
    ] {
        let text = format!("FROM base\nRUN --mount={mount} x");
        let error =
            parse(text.as_bytes(), &Limits::default()).map_or_else(|e| e.to_string(), |_| error(&text));
        assert!(error.starts_with("line 2: ") && error.contains(reason), "{error}");
    }
}

#[test]
fn networks_are_the_build_s_unless_a_step_says() {
    let text = "FROM base\nRUN a\nRUN --network=none b\nRUN --network=host c\nRUN --network=default d";
    let networks = |plan: &Plan| runs(plan).iter().map(|run| run.network).collect::<Vec<_>>();
    use RunNetwork::{Host, None, Outbound};
    assert_eq!(networks(&plan(text)), [Outbound, None, Host, Outbound]);
    let mut build = build();
    build.options.network = None;
    assert_eq!(networks(&build.plan(text)), [None, None, Host, None]);
}

#[test]
fn insecure_has_to_be_said() {
    let plan = plan("FROM base\nRUN a\nRUN --security=sandbox b\nRUN --security=insecure c");
    assert_eq!(runs(&plan).iter().map(|run| run.insecure).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn devices_are_left_out_unless_they_are_required() {
    let made = plan("FROM base\nRUN --device=vendor.example/gpu=all,required=false --device=name=x a");
    assert_eq!(
        made.remarks,
        [
            "line 2: no step has a device, and so not `vendor.example/gpu=all`",
            "line 2: no step has a device, and so not `x`"
        ]
    );
    assert_eq!(runs(&made), runs(&plan("FROM base\nRUN a")), "nothing else of the step changes");
    let required = error("FROM base\nRUN --device=vendor.example/gpu,required a");
    assert!(required.contains("this one requires `vendor.example/gpu`"), "{required}");
}
