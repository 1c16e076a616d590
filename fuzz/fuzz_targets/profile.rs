//! A seccomp profile of somebody else: what it compiles to is a program that the kernel takes.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use launch::seccomp::compile;
use model::spec::Seccomp;

const RETURN: u16 = 0x06;
const JUMP: u16 = 0x05;
/// Conditional jumps: equal, greater, greater or equal.
const BRANCHES: [u16; 3] = [0x15, 0x25, 0x35];

fuzz_target!(|bytes: &[u8]| {
    let Ok(profile) = serde_json::from_slice::<Seccomp>(bytes) else { return };
    let Ok(filter) = compile(&profile) else { return };
    let program = filter.program();
    assert!(program.len() <= 4096);
    assert_eq!(program.last().map(|last| last.code), Some(RETURN));
    for (at, step) in program.iter().enumerate() {
        let furthest = match step.code {
            JUMP => step.operand as usize,
            code if BRANCHES.contains(&code) => usize::from(step.jump_true.max(step.jump_false)),
            _ => 0,
        };
        assert!(step.code == RETURN || at + 1 + furthest < program.len());
    }
});
