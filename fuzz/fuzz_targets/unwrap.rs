//! What an archive from elsewhere is packed with: never more than the limits let out of it.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use store::Limits;

/// Small, so that a bomb is met often.
const LIMITS: fn() -> Limits = || Limits { layer_bytes: 1 << 20, ratio_floor: 1 << 16, ..Limits::default() };

fuzz_target!(|bytes: &[u8]| {
    let limits = LIMITS();
    if let Ok(unpacked) = store::fuzz::unwrapped(bytes, &limits) {
        let most = limits.ratio_floor.max(bytes.len() as u64 * limits.ratio);
        assert!(unpacked <= most, "{unpacked} of {} bytes", bytes.len());
    }
});
