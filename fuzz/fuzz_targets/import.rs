//! Advisories from a stranger, in every format that is published.
#![cfg_attr(fuzzing, no_main)]

use advisories::import::{Format, fuzz};
use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    match Format::ALL.get(usize::from(*first)) {
        Some(format) => {
            let _count = fuzz::document(*format, rest);
        }
        None => {
            let _records = fuzz::anything("fuzz.yaml", rest);
        }
    }
});
