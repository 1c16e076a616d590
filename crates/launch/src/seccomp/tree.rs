//! The decision tree: comparisons of the call number, then conditions on arguments, then the answer.

use model::spec::SeccompArg;
use sys::seccomp::Instruction;

use super::arguments;
use super::{ENOSYS, RET_ERRNO};

/// What happens to one system call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// The first whose conditions all hold decides.
    pub conditional: Vec<(Vec<SeccompArg>, u32)>,
    /// If none does.
    pub otherwise: u32,
}

impl Decision {
    pub(super) fn plain(answer: u32) -> Self {
        Self { conditional: Vec::new(), otherwise: answer }
    }
}

/// System calls from `start` up to the next range's start.
#[derive(Debug)]
pub(super) struct Range {
    pub start: u32,
    pub decision: Decision,
}

pub(super) const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
pub(super) const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
pub(super) const JUMP_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
pub(super) const JUMP_GREATER_EQUAL: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
pub(super) const JUMP_GREATER: u16 = 0x25; // BPF_JMP | BPF_JGT | BPF_K
const JUMP: u16 = 0x05; // BPF_JMP | BPF_JA
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCHITECTURE: u32 = 4;

#[cfg(target_arch = "x86_64")]
pub(super) const ARCHITECTURE: u32 = 0xc000_003e; // AUDIT_ARCH_X86_64
#[cfg(target_arch = "aarch64")]
pub(super) const ARCHITECTURE: u32 = 0xc000_00b7; // AUDIT_ARCH_AARCH64

/// The x32 ABI is x86-64 with this bit in the call number; elsewhere no number is this large.
const X32_BIT: u32 = 0x4000_0000;

pub(super) fn statement(code: u16, operand: u32) -> Instruction {
    Instruction { code, jump_true: 0, jump_false: 0, operand }
}

pub(super) fn branch(code: u16, operand: u32, jump_true: u8, jump_false: u8) -> Instruction {
    Instruction { code, jump_true, jump_false, operand }
}

/// The whole filter for `ranges`, sorted and covering every number from 0.
pub(super) fn program(ranges: &[Range]) -> Vec<Instruction> {
    let refuse = statement(RETURN, RET_ERRNO | ENOSYS);
    let mut program = vec![
        statement(LOAD, OFFSET_ARCHITECTURE),
        branch(JUMP_EQUAL, ARCHITECTURE, 1, 0),
        refuse,
        statement(LOAD, OFFSET_NUMBER),
        branch(JUMP_GREATER_EQUAL, X32_BIT, 0, 1),
        refuse,
    ];
    program.extend(subtree(ranges));
    program
}

fn subtree(ranges: &[Range]) -> Vec<Instruction> {
    let (left, right) = ranges.split_at(ranges.len() / 2);
    match (left.is_empty(), right.first()) {
        (_, None) => Vec::new(),
        (true, Some(range)) => leaf(&range.decision),
        (false, Some(pivot)) => fork(pivot.start, subtree(left), subtree(right)),
    }
}

/// `number >= pivot ? right : left`. A conditional jump reaches 255 instructions, a plain one any.
fn fork(pivot: u32, left: Vec<Instruction>, right: Vec<Instruction>) -> Vec<Instruction> {
    let mut code = match u8::try_from(left.len()) {
        Ok(distance) => vec![branch(JUMP_GREATER_EQUAL, pivot, distance, 0)],
        Err(_) => {
            vec![branch(JUMP_GREATER_EQUAL, pivot, 0, 1), statement(JUMP, left.len() as u32)]
        }
    };
    code.extend(left);
    code.extend(right);
    code
}

fn leaf(decision: &Decision) -> Vec<Instruction> {
    let mut code = Vec::with_capacity(1 + 8 * decision.conditional.len());
    for (args, answer) in &decision.conditional {
        code.extend(arguments::when_all(args, statement(RETURN, *answer)));
    }
    code.push(statement(RETURN, decision.otherwise));
    code
}
