//! What is masked or read-only in /proc and /sys, seen from the other side.

use crate::outcome::{Attack, Class, Outcome};
use crate::report::masks::{MASKED, READ_ONLY, State, masked, read_only};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "masked-paths",
        class: Class::Masks,
        tries: "read what should be masked",
        run: |_| Outcome::worst(MASKED.map(|path| judge(path, masked(path)))),
    },
    Attack {
        name: "read-only-paths",
        class: Class::Masks,
        tries: "write to what should be read-only",
        run: |_| Outcome::worst(READ_ONLY.map(|path| judge(path, read_only(path)))),
    },
];

fn judge(path: &str, state: State) -> Outcome {
    match state {
        State::Open => Outcome::succeeded(path),
        State::Closed => Outcome::stopped("all of them closed"),
        State::Absent => Outcome::not_applicable("none of them is here"),
    }
}
