//! The decision tree: comparisons of the call number, then conditions on arguments, then the answer.

use model::spec::SeccompArg;
use sys::seccomp::Instruction;

use super::architecture::{Width, X32_BIT};
use super::{ENOSYS, RET_ERRNO, arguments};

/// What happens to one system call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision<'a> {
    /// The first whose conditions all hold decides.
    pub conditional: Vec<Conditional<'a>>,
    /// If none does.
    pub otherwise: u32,
}

/// An answer that arguments decide about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conditional<'a> {
    /// All must hold; none is about the argument of another.
    pub args: &'a [SeccompArg],
    pub width: Width,
    pub answer: u32,
}

impl Decision<'_> {
    pub(super) fn plain(answer: u32) -> Self {
        Self { conditional: Vec::new(), otherwise: answer }
    }
}

/// System calls from `start` up to the next range's start.
#[derive(Debug)]
pub(super) struct Range<'a> {
    pub start: u32,
    pub decision: Decision<'a>,
}

/// The calls that the kernel knows by one architecture.
#[derive(Debug)]
pub(super) struct Space<'a> {
    /// AUDIT_ARCH_...
    pub audit: u32,
    pub x32: X32,
    /// Sorted, and covering every number from 0.
    pub ranges: Vec<Range<'a>>,
}

/// What is done about numbers from [`X32_BIT`] on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum X32 {
    /// They are not implemented.
    Refused,
    /// They are numbers like others.
    Judged,
}

pub(super) const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
pub(super) const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
pub(super) const JUMP_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
pub(super) const JUMP_GREATER_EQUAL: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
pub(super) const JUMP_GREATER: u16 = 0x25; // BPF_JMP | BPF_JGT | BPF_K
const JUMP: u16 = 0x05; // BPF_JMP | BPF_JA
pub(super) const RETURN: u16 = 0x06; // BPF_RET | BPF_K

const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCHITECTURE: u32 = 4;

const REFUSE: Instruction = statement(RETURN, RET_ERRNO | ENOSYS);

pub(super) const fn statement(code: u16, operand: u32) -> Instruction {
    Instruction { code, jump_true: 0, jump_false: 0, operand }
}

pub(super) fn branch(code: u16, operand: u32, jump_true: u8, jump_false: u8) -> Instruction {
    Instruction { code, jump_true, jump_false, operand }
}

/// The whole filter. Architectures that are not among `spaces` are not implemented.
pub(super) fn program(spaces: &[Space<'_>]) -> Vec<Instruction> {
    let mut code = Vec::new();
    choose(spaces, &mut code);
    code.push(statement(LOAD, OFFSET_ARCHITECTURE));
    code.reverse();
    code
}

// From here on code is written from its end, so that how far a jump goes is known when it is written.

fn choose(spaces: &[Space<'_>], code: &mut Vec<Instruction>) {
    let Some((space, others)) = spaces.split_last() else { return code.push(REFUSE) };
    numbers(space, code);
    fork(JUMP_EQUAL, space.audit, code, |code| choose(others, code));
}

fn numbers(space: &Space<'_>, code: &mut Vec<Instruction>) {
    subtree(&space.ranges, code);
    if space.x32 == X32::Refused {
        code.extend([REFUSE, branch(JUMP_GREATER_EQUAL, X32_BIT, 0, 1)]);
    }
    code.push(statement(LOAD, OFFSET_NUMBER));
}

fn subtree(ranges: &[Range<'_>], code: &mut Vec<Instruction>) {
    let (left, right) = ranges.split_at(ranges.len() / 2);
    match (left.is_empty(), right.first()) {
        (_, None) => {}
        (true, Some(range)) => leaf(&range.decision, code),
        (false, Some(pivot)) => {
            subtree(right, code);
            fork(JUMP_GREATER_EQUAL, pivot.start, code, |code| subtree(left, code));
        }
    }
}

/// What is written already if what was loaded compares with `operand`, and `otherwise` if not. A conditional
/// jump reaches 255 instructions, a plain one any.
fn fork(
    compare: u16,
    operand: u32,
    code: &mut Vec<Instruction>,
    otherwise: impl FnOnce(&mut Vec<Instruction>),
) {
    let before = code.len();
    otherwise(code);
    let length = code.len() - before;
    match u8::try_from(length) {
        Ok(distance) => code.push(branch(compare, operand, distance, 0)),
        Err(_) => code.extend([statement(JUMP, length as u32), branch(compare, operand, 0, 1)]),
    }
}

fn leaf(decision: &Decision<'_>, code: &mut Vec<Instruction>) {
    code.push(statement(RETURN, decision.otherwise));
    for conditional in decision.conditional.iter().rev() {
        code.extend(arguments::when_all(conditional).into_iter().rev());
    }
}
