//! The files of an image that say who may do what, and the history of how it was made.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use model::image::{HistoryEntry, ImageConfig};
use scan::Candidate;
use scan::misconfiguration::{Subject, inspect, judge};

const PATHS: [&str; 5] = ["etc/passwd", "etc/shadow", "etc/sudoers", "etc/doas.conf", "etc/ssh/sshd_config"];

fuzz_target!(|bytes: &[u8]| {
    for path in PATHS {
        let candidate = Candidate { path, size: bytes.len() as u64, executable: false };
        inspect(&candidate, bytes, &mut Vec::new());
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    let env = vec![text.clone()];
    let config =
        ImageConfig { user: text.clone(), exposed_ports: env.clone(), env, ..ImageConfig::default() };
    let history = [HistoryEntry { created_by: text.clone(), comment: text, ..HistoryEntry::default() }];
    let subject = Subject { config: &config, history: &history, names: &[], created: None, now: 0 };
    let _found = judge(&subject, &[]);
    let _secrets = scan::secrets::search_config(&config, &history);
});
