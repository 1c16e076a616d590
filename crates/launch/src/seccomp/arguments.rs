//! Conditions on arguments: 64-bit comparisons on a machine that loads 32 bits at a time.

use model::spec::{SeccompArg, SeccompOp};
use sys::seccomp::Instruction;

use super::architecture::Width;
use super::tree::{
    AND, Conditional, JUMP_EQUAL, JUMP_GREATER, JUMP_GREATER_EQUAL, LOAD, RETURN, branch, statement,
};

/// `seccomp_data.args` starts here; each argument has its low word first (both our architectures are
/// little-endian).
const OFFSET_ARGUMENTS: u32 = 16;

/// Where a comparison leads, before distances are known.
#[derive(Clone, Copy)]
enum To {
    /// The next instruction.
    Next,
    /// The condition holds: past the rest of this comparison.
    Holds,
    /// The condition fails: past `then` as well.
    Fails,
}

enum Step {
    Statement(Instruction),
    Branch(u16, u32, To, To),
}

/// The answer if all conditions hold, else fall through.
///
/// At most six arguments of six steps each lie between a comparison and its target, so every distance
/// fits a conditional jump's eight bits.
pub(super) fn when_all(conditional: &Conditional<'_>) -> Vec<Instruction> {
    let mut code = vec![statement(RETURN, conditional.answer)];
    for arg in conditional.args.iter().rev() {
        let mut checked = place(&steps(arg, conditional.width), code.len());
        checked.append(&mut code);
        code = checked;
    }
    code
}

fn place(steps: &[Step], behind: usize) -> Vec<Instruction> {
    let total = steps.len();
    let resolve = |position: usize, to: To| -> u8 {
        let rest = total - position - 1;
        let distance = match to {
            To::Next => 0,
            To::Holds => rest,
            To::Fails => rest + behind,
        };
        u8::try_from(distance).unwrap_or(u8::MAX)
    };
    let resolved = steps.iter().enumerate().map(|(position, step)| match *step {
        Step::Statement(instruction) => instruction,
        Step::Branch(code, operand, yes, no) => {
            branch(code, operand, resolve(position, yes), resolve(position, no))
        }
    });
    resolved.collect()
}

/// Where the kernel reads the low word only, so do we, of the argument and of what it is compared with:
/// whatever else there is makes no difference to what the call does.
fn steps(arg: &SeccompArg, width: Width) -> Vec<Step> {
    use To::{Fails, Holds};
    let Comparison { high, mut low } = match arg.op {
        SeccompOp::Equal => equal(arg.index, u64::MAX, arg.value),
        // As libseccomp has it: what the mask takes away is not compared.
        SeccompOp::MaskedEqual => equal(arg.index, arg.value, arg.value_two & arg.value),
        SeccompOp::NotEqual => not_equal(arg.index, arg.value),
        SeccompOp::Greater => order(arg.index, arg.value, JUMP_GREATER, Holds, Fails),
        SeccompOp::GreaterOrEqual => order(arg.index, arg.value, JUMP_GREATER_EQUAL, Holds, Fails),
        SeccompOp::LessOrEqual => order(arg.index, arg.value, JUMP_GREATER, Fails, Holds),
        SeccompOp::Less => order(arg.index, arg.value, JUMP_GREATER_EQUAL, Fails, Holds),
    };
    let mut steps = if width == Width::Whole { high } else { Vec::new() };
    steps.append(&mut low);
    steps
}

/// Goes on to the low word where the high one does not decide.
struct Comparison {
    high: Vec<Step>,
    low: Vec<Step>,
}

fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

fn low(value: u64) -> u32 {
    value as u32
}

fn load_low(index: u32) -> Step {
    Step::Statement(statement(LOAD, OFFSET_ARGUMENTS + 8 * index))
}

fn load_high(index: u32) -> Step {
    Step::Statement(statement(LOAD, OFFSET_ARGUMENTS + 8 * index + 4))
}

fn equal(index: u32, mask: u64, value: u64) -> Comparison {
    let half = |load: Step, mask: u32, value: u32| {
        vec![
            load,
            Step::Statement(statement(AND, mask)),
            Step::Branch(JUMP_EQUAL, value, To::Next, To::Fails),
        ]
    };
    Comparison {
        high: half(load_high(index), high(mask), high(value)),
        low: half(load_low(index), low(mask), low(value)),
    }
}

fn not_equal(index: u32, value: u64) -> Comparison {
    Comparison {
        high: vec![load_high(index), Step::Branch(JUMP_EQUAL, high(value), To::Next, To::Holds)],
        low: vec![load_low(index), Step::Branch(JUMP_EQUAL, low(value), To::Fails, To::Next)],
    }
}

/// `greater` where the argument is above `value` (or equal, as `compare` says), `otherwise` elsewhere.
fn order(index: u32, value: u64, compare: u16, greater: To, otherwise: To) -> Comparison {
    Comparison {
        high: vec![
            load_high(index),
            Step::Branch(JUMP_GREATER, high(value), greater, To::Next),
            Step::Branch(JUMP_EQUAL, high(value), To::Next, otherwise),
        ],
        low: vec![load_low(index), Step::Branch(compare, low(value), greater, otherwise)],
    }
}
