use std::thread::JoinHandle;

use super::super::wire::tests::message;
use super::super::{Value, property};
use super::*;

const ANSWER: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;

/// What the other end is to say to each call, in order: any messages, of which `{serial}` is the answer's.
type Script = Vec<fn(u32) -> Vec<Vec<u8>>>;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn answer(serial: u32, body: Body) -> Vec<u8> {
    message(ANSWER, &[(5, "u", Value::U32(serial))], body)
}

fn job_removed(job: &str, result: &str) -> Vec<u8> {
    let body = Body::default().with(&Value::U32(1)).text(job).text("a.scope").text(result);
    message(SIGNAL, &[(2, "s", text(MANAGER)), (3, "s", text("JobRemoved"))], body)
}

/// A systemd that greets as sd-bus does, and then keeps to the script. It returns what it was asked.
fn systemd(script: Script) -> (UnixStream, JoinHandle<Vec<BusMessage>>) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let heard = std::thread::spawn(move || {
        let mut line = [0; 16];
        theirs.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"\0AUTH EXTERNAL\r\n");
        theirs.write_all(b"DATA\r\n").unwrap();
        theirs.read_exact(&mut line[..6]).unwrap();
        theirs.write_all(b"OK 0123\r\n").unwrap();
        theirs.read_exact(&mut line[..7]).unwrap();
        let mut heard = Vec::new();
        for (says, serial) in script.into_iter().zip(1..) {
            let mut fixed = [0; FIXED];
            theirs.read_exact(&mut fixed).unwrap();
            let mut bytes = fixed.to_vec();
            bytes.resize(BusMessage::length(&fixed).unwrap(), 0);
            theirs.read_exact(&mut bytes[FIXED..]).unwrap();
            heard.push(BusMessage::parse(&bytes).unwrap());
            says(serial).iter().for_each(|message| theirs.write_all(message).unwrap());
        }
        heard
    });
    (ours, heard)
}

#[test]
fn a_unit_is_there_when_its_job_is_done() {
    let (socket, heard) =
        systemd(vec![|serial| vec![answer(serial, Body::default().text(":1.7"))], |serial| {
            let job = Body::default().with(&Value::Text("/job/2".into()));
            vec![job_removed("/job/1", "done"), answer(serial, job), job_removed("/job/2", "done")]
        }]);
    let mut client = Client::greet(socket, Route::Bus).unwrap();
    let job = client.start("a.scope", "fail", &[property("Delegate", Value::Bool(true))]).unwrap();
    assert_eq!(job, "/job/2");
    assert_eq!(client.result(&job).unwrap(), "done");
    let heard = heard.join().unwrap();
    assert_eq!(heard[0].member, "Hello");
    assert_eq!(
        (heard[1].member.as_str(), heard[1].words[..2].join(" ")),
        ("StartTransientUnit", "a.scope fail".into())
    );
}

#[test]
fn what_systemd_says_is_the_error() {
    let (socket, _heard) = systemd(vec![|serial| {
        let error = text("org.freedesktop.systemd1.UnitExists");
        let fields = [(4, "s", error), (5, "u", Value::U32(serial))];
        vec![message(ERROR, &fields, Body::default().text("Unit a.scope already exists."))]
    }]);
    // Without a bus nobody says hello.
    let mut client = Client::greet(socket, Route::Systemd).unwrap();
    let refusal = client.start("a.scope", "fail", &[]).unwrap_err();
    assert_eq!(refusal.to_string(), "Unit a.scope already exists.");
    assert!(matches!(refusal, Refusal::Said(name, _) if name.ends_with(".UnitExists")));
}

#[test]
fn one_that_hangs_up_or_does_not_know_us_is_no_success() {
    let (socket, heard) = systemd(Vec::new());
    let mut client = Client::greet(socket, Route::Systemd).unwrap();
    heard.join().unwrap();
    assert!(client.property("Version").is_err());
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"REJECTED EXTERNAL\r\n").unwrap();
    let refusal = Client::greet(ours, Route::Systemd).unwrap_err();
    assert_eq!(refusal.to_string(), "it does not know us");
}

#[test]
fn an_answer_that_is_too_long_is_not_read() {
    let (socket, _heard) = systemd(vec![|_| vec![b"l\x02\0\x01\xff\xff\xff\x7f\x01\0\0\0\0\0\0\0".to_vec()]]);
    let mut client = Client::greet(socket, Route::Systemd).unwrap();
    assert!(matches!(client.property("Version"), Err(Refusal::Lost(_))));
}
