//! What somebody else may have written into a ledger's directory: head, tail, bundles, checkpoints.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use ledger::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    let _understood = ledger::fuzz::read_files(bytes);
    if let Ok(note) = std::str::from_utf8(bytes) {
        let _refused = Checkpoint::parse(note);
    }
});
