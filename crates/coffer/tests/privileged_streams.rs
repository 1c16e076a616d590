//! Input and output without a terminal: every byte, in order, whatever the readers and writers do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::time::Duration;

use conversation::Session;
use harness::{Traces, session, text, words};

fn piped(session: &Session, line: &str) -> Child {
    let mut command = session.command(words(line));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn privileged_standard_input_arrives_whole_and_ends_when_ours_does() {
    let session = session();
    let sent: Vec<u8> = (0..3_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let mut child = piped(&session, "run --rm -i probe:1 /bin/probe cat /dev/stdin");
    let mut keyboard = child.stdin.take().unwrap();
    let copy = sent.clone();
    let writer = std::thread::spawn(move || keyboard.write_all(&copy).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{}", session.said(&output));
    assert!(output.stdout == sent, "{} of {} bytes", output.stdout.len(), sent.len());
}

#[test]
fn privileged_without_i_standard_input_is_empty_and_ours_stays_unread() {
    let session = session();
    let mut child = piped(&session, "run --rm probe:1 /bin/probe cat /dev/stdin");
    let _open = child.stdin.take().unwrap();
    let mut heard = String::new();
    child.stdout.take().unwrap().read_to_string(&mut heard).unwrap();
    assert_eq!((heard.as_str(), child.wait().unwrap().code()), ("", Some(0)));
}

#[test]
fn privileged_a_program_that_does_not_read_its_input_ends_all_the_same() {
    let session = session();
    let mut child = piped(&session, "run --rm -i probe:1 /bin/probe true");
    let mut keyboard = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || keyboard.write_all(&[7; 1 << 20]));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(writer.join().unwrap().is_err(), "nobody was left to read it");
}

#[test]
fn privileged_a_hundred_megabytes_reach_a_slow_reader_to_the_last_byte() {
    const BYTES: usize = 100_000_000;
    let session = session();
    let mut child = piped(&session, &format!("run --rm probe:1 /bin/probe flood {BYTES}"));
    let mut output = child.stdout.take().unwrap();
    let (mut piece, mut count, mut pauses) = (vec![0; 1 << 20], 0, 0);
    loop {
        let length = output.read(&mut piece).unwrap();
        if length == 0 {
            break;
        }
        for (place, byte) in piece.iter().take(length).enumerate() {
            let expected = if (count + place) % 64 == 63 { b'\n' } else { b'x' };
            assert_eq!(*byte, expected, "at {}", count + place);
        }
        count += length;
        if count / (BYTES / 20) > pauses {
            pauses += 1;
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    assert_eq!((count, child.wait().unwrap().code()), (BYTES, Some(0)));
}

#[test]
fn privileged_what_is_printed_last_is_not_lost_when_the_container_has_ended() {
    let session = session();
    let mut child = piped(&session, "run --rm probe:1 /bin/probe flood 60000");
    std::thread::sleep(Duration::from_millis(500));
    let mut output = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
    assert_eq!((output.len(), child.wait().unwrap().code()), (60000, Some(0)));
}

#[test]
fn privileged_a_reader_that_leaves_early_ends_neither_the_run_nor_the_record() {
    let session = session();
    let mut child = piped(&session, "run --rm probe:1 /bin/probe flood 50000000");
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0; 1000]).unwrap();
    drop(output);
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(1 | 141)), "the program heard of it: {code:?}");
    assert!(text(&session.coffer(words("ledger show"))).contains("exit"));
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_output_and_errors_are_kept_apart() {
    let session = session();
    let output = session.coffer(words("run --rm probe:1 /bin/probe cat /proc/version /missing"));
    assert!(text(&output).starts_with("Linux version"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("/missing: ENOENT") && !errors.contains("Linux version"), "{errors}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn privileged_all_streams_may_be_closed_before_we_start() {
    let session = session();
    let script = "exec \"$0\" run --rm probe:1 /bin/probe report <&- >&- 2>&-";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_coffer")]).env("COFFER_ROOT", session.root());
    assert_eq!(command.status().unwrap().code(), Some(0));
    Traces::of(&session).are_gone();
}
