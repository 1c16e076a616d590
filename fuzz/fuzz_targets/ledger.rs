//! What somebody else may have written into a ledger's directory: head, tail, bundles, checkpoints.
#![no_main]

use ledger::Checkpoint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = ledger::fuzz::read_files(bytes);
    if let Ok(note) = std::str::from_utf8(bytes) {
        let _refused = Checkpoint::parse(note);
    }
});
