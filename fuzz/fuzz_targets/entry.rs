//! An entry of a ledger, in whatever version: it is shown, and what was understood is understood again.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use engine::book::line;

fuzz_target!(|bytes: &[u8]| {
    let read = line(7, bytes);
    assert_eq!(read.index, 7);
    let written = serde_json::to_vec(&read.entry).expect("an entry can be written");
    assert_eq!(line(7, &written), read);
});
