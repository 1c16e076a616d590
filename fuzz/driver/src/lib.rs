//! Who runs a fuzz target: libFuzzer under `cargo fuzz`, and else `cargo xtask fuzz TARGET --minutes N`, which sends it
//! one input after the other and needs no other compiler.

#[cfg(not(fuzzing))]
mod input;
#[cfg(not(fuzzing))]
mod served;

#[cfg(fuzzing)]
pub use libfuzzer_sys::fuzz_target;

#[cfg(not(fuzzing))]
pub use crate::{input::Input, served::run};

/// Makes a program of a target: its input is bytes, text, or a few of them.
#[cfg(not(fuzzing))]
#[macro_export]
macro_rules! fuzz_target {
    (|$input:ident: $kind:ty| $body:block) => {
        fn target(bytes: &[u8]) {
            let $input: $kind = $crate::Input::of(bytes);
            $body
        }

        fn main() {
            $crate::run(target);
        }
    };
}
