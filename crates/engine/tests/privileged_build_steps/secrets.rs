//! What only the step knows: secrets, and an agent that signs.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use build::plan::{Mount, Run};
use coffer_engine as engine;
use engine::building::{Agents, Output, SecretSource, Secrets};
use engine::containers::Which;
use engine::state::Ended;

use crate::scene::{Fixture, Given, SITE, assert_said, fixture, open, secret, step, wait_for, with};

const SECRET: &str = "correct-horse-battery-staple";

#[test]
fn privileged_a_secret_is_seen_by_its_step_and_kept_nowhere() {
    let f = fixture();
    let file = f.root.join("outside");
    std::fs::write(&file, SECRET).unwrap();
    let secrets = || Secrets::from([("token".into(), SecretSource::File(file.clone()))]);
    let mounts = || vec![secret(Some("/run/secrets/token"), Some("TOKEN"))];
    let things = [
        "read /run/secrets/token",
        "stat /run/secrets/token",
        "write /run/secrets/token x",
        "variable TOKEN",
        "limit core",
        "write /proof x",
    ];
    let given = Given { secrets: secrets(), ..Given::on(&f.base) };
    let (layer, printed) = f.succeed(&with(mounts(), &things), &given);
    let (read, variable) =
        (format!("read /run/secrets/token = {SECRET}"), format!("variable TOKEN = {SECRET}"));
    let expected = [&read, "stat /run/secrets/token = 440 1000:0", &variable, "limit core = Some(1) Some(1)"];
    assert_said(&printed, &expected);
    assert!(printed.contains("write /run/secrets/token x ! "), "{printed}");
    assert_eq!(f.paths(&layer.unwrap()), ["proof"]);
    assert_kept_nowhere(&f.root);
    // While it runs, nothing of it is written down either; and under a mount it is still there.
    let (output, stdout) = std::io::pipe().unwrap();
    let (root, base, secrets) = (f.root.to_owned(), f.base.clone(), secrets());
    let running = std::thread::spawn(move || {
        let tmpfs = Mount::Tmpfs { target: "/run".into(), size: None };
        let mounts = vec![tmpfs, secret(Some("/run/secrets/token"), Some("TOKEN"))];
        let given = Given { secrets, ..Given::on(&base) };
        let stderr = tempfile::tempfile().unwrap().into();
        let output = Output { stdout: stdout.into(), stderr };
        step(&open(&root), &with(mounts, &["stat /run/secrets/token", "wait"]), &given, output)
    });
    wait_for(output, "waiting");
    let id = f.engine.containers(Which::Running).unwrap()[0].id.to_string();
    let inspected = serde_json::to_string(&f.engine.inspect(&id).unwrap()).unwrap();
    assert!(inspected.contains("/run/secrets/token") && !inspected.contains(SECRET));
    assert_kept_nowhere(&f.root);
    f.engine.stop(&id, Some(engine::Grace::Seconds(0))).unwrap();
    assert!(matches!(running.join().unwrap().unwrap().ended, Ended::Signal { .. }));
    let (missing, _) = f.step(&with(mounts(), &[]), &Given::on(&f.base));
    assert_eq!(missing.unwrap_err().to_string(), "the step needs the secret `token`, and none was given");
    f.assert_empty();
}

/// No file of the site has the secret in it.
fn assert_kept_nowhere(root: &Path) {
    let mut waiting = vec![root.join("state"), root.join("run")];
    while let Some(path) = waiting.pop() {
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() {
            waiting
                .extend(std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        } else if meta.is_file() {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let is_program = meta.len() > 1 << 20;
            // This program has the text in itself, and so have layers that hold it.
            let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(is_program || !found, "{}", path.display());
        }
    }
}

fn ssh(required: bool) -> Mount {
    Mount::Ssh {
        id: "default".into(),
        target: "/run/agent".into(),
        required,
        mode: 0o600,
        owner: (1000, 1000),
    }
}

/// Not a test but a command: a step with an agent, in a process that has no other thread.
#[test]
fn outside_agent() {
    let Some(root) = std::env::var_os(SITE).map(PathBuf::from) else { return };
    let f = Fixture::at(root.clone());
    let agents = Agents::from([("default".into(), root.join("agent.sock"))]);
    let things = ["ask /run/agent 11", "ask /run/agent 17", "ask /run/agent 13", "stat /run/agent"];
    let as_user = Run { user: "app".into(), ..with(vec![ssh(true)], &things) };
    let (layer, printed) = f.succeed(&as_user, &Given { agents, ..Given::on(&f.base) });
    println!("{printed}layer {layer:?}");
}

#[test]
fn privileged_an_agent_signs_and_does_nothing_else() {
    let f = fixture();
    let listener = UnixListener::bind(f.root.join("agent.sock")).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut request) = (client.unwrap(), [0; 5]);
            while client.read_exact(&mut request).is_ok() {
                // What is no request to sign is told from the others by its answer.
                let answer = if [11, 13].contains(&request[4]) { 12 } else { 6 };
                client.write_all(&[0, 0, 0, 1, answer]).unwrap();
            }
        }
    });
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "secrets::outside_agent", "--nocapture", "--test-threads=1"]);
    let output = command.env(SITE, &f.root).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = [
        "ask /run/agent 11 = 12",
        "ask /run/agent 17 = 5",
        "ask /run/agent 13 = 12",
        "stat /run/agent = 600 1000:1000",
        "layer None",
    ];
    assert_said(&printed, &expected);
    let permit = f.engine.ledger_lines(None).unwrap().swap_remove(1).entry;
    assert!(permit.exceptions.iter().any(|exception| exception.id == "agent"), "{permit:?}");
    let (missing, _) = f.step(&with(vec![ssh(true)], &[]), &Given::on(&f.base));
    assert_eq!(missing.unwrap_err().code(), "E-build-agent");
    let (_, printed) = f.succeed(&with(vec![ssh(false)], &["stat /run/agent"]), &Given::on(&f.base));
    assert_said(&printed, &["stat /run/agent ! NotFound"]);
    f.assert_empty();
}
