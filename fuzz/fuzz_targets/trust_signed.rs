//! Metadata with signatures that hold, so that what is behind them is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = trust::fuzz::signed(bytes);
});
