//! Metadata with signatures that hold, so that what is behind them is reached.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = trust::fuzz::signed(bytes);
});
