//! A shard of the advisories, as it is and with a header that holds.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = advisories::fuzz::shard(bytes);
    let _understood = advisories::fuzz::mended_shard(bytes);
});
