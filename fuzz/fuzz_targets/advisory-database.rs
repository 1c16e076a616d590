//! A shard of the advisories, as it is and with a header that holds.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = advisories::fuzz::shard(bytes);
    let _understood = advisories::fuzz::mended_shard(bytes);
});
