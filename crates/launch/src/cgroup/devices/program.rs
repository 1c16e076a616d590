//! The rules as a program of the kernel's BPF machine, which version 2 asks at every use of a device.
//!
//! It walks from the last rule to the first and crosses off what is allowed; the first that denies what
//! is left ends it, and so does nothing being left.

use sys::bpf::Instruction;

use super::rule::{Answer, Rule, access};

/// Registers: the answer, the kernel's account of the use (`struct bpf_cgroup_dev_ctx`), and its parts.
const ANSWER: u8 = 0;
const USE: u8 = 1;
const KIND: u8 = 2;
const ASKED: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

/// Instructions of 32 bits with a constant (include/uapi/linux/bpf.h), but for the load and the end.
pub(super) mod code {
    pub(in super::super) const LOAD: u8 = 0x61;
    pub(in super::super) const AND: u8 = 0x54;
    pub(in super::super) const SHIFT_RIGHT: u8 = 0x74;
    pub(in super::super) const SET: u8 = 0xb4;
    pub(in super::super) const JUMP_IF_NOT: u8 = 0x56;
    pub(in super::super) const JUMP_IF_IN: u8 = 0x46;
    pub(in super::super) const JUMP: u8 = 0x05;
    pub(in super::super) const END: u8 = 0x95;
}

/// Says 1 for a use that the rules allow, else 0.
pub(super) fn program(rules: &[Rule]) -> Vec<Instruction> {
    let load = |register, offset| Instruction::new(code::LOAD, register, USE, offset, 0);
    let mut program = vec![
        load(KIND, 0),
        with(code::AND, KIND, 0xffff),
        load(ASKED, 0),
        with(code::SHIFT_RIGHT, ASKED, 16),
        load(MAJOR, 4),
        load(MINOR, 8),
    ];
    for rule in rules.iter().rev() {
        let conditions = conditions(rule);
        let consequence = consequence(rule);
        // The kernel refuses instructions that nothing leads to.
        let is_last = conditions.is_empty() && rule.access == access::ALL;
        for (index, (register, constant)) in conditions.iter().enumerate() {
            let left = conditions.len() - index - 1 + consequence.len();
            program.push(Instruction::new(code::JUMP_IF_NOT, *register, 0, left as i16, *constant));
        }
        program.extend(consequence);
        if is_last {
            return program;
        }
    }
    program.extend(answer(Answer::Deny));
    program
}

/// What has to be in which register for the rule to be about the device.
fn conditions(rule: &Rule) -> Vec<(u8, i32)> {
    let parts = [
        (KIND, rule.which.kind.map(|kind| kind as i32)),
        (MAJOR, rule.which.major.map(u32::cast_signed)),
        (MINOR, rule.which.minor.map(u32::cast_signed)),
    ];
    parts.into_iter().filter_map(|(register, part)| Some((register, part?))).collect()
}

fn consequence(rule: &Rule) -> Vec<Instruction> {
    let all = rule.access == access::ALL;
    let [set, end] = answer(rule.answer);
    match rule.answer {
        answer if all => self::answer(answer).to_vec(),
        Answer::Allow => {
            let rest = i32::from(access::ALL & !rule.access);
            let crossed_off = with(code::AND, ASKED, rest);
            vec![crossed_off, Instruction::new(code::JUMP_IF_NOT, ASKED, 0, 2, 0), set, end]
        }
        Answer::Deny => {
            let denied = Instruction::new(code::JUMP_IF_IN, ASKED, 0, 1, i32::from(rule.access));
            vec![denied, Instruction::new(code::JUMP, 0, 0, 2, 0), set, end]
        }
    }
}

fn answer(answer: Answer) -> [Instruction; 2] {
    let allowed = i32::from(answer == Answer::Allow);
    [with(code::SET, ANSWER, allowed), Instruction::new(code::END, 0, 0, 0, 0)]
}

fn with(code: u8, register: u8, constant: i32) -> Instruction {
    Instruction::new(code, register, 0, 0, constant)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cgroup::devices::rule::tests::{all_uses, allowed, any_rules};
    use crate::cgroup::devices::rule::{Kind, Which};

    /// What the kernel's machine does with the few instructions that there are.
    fn run(program: &[Instruction], device: Which, asked: u8) -> u32 {
        let kind = device.kind.unwrap() as u32;
        let of_use = [u32::from(asked) << 16 | kind, device.major.unwrap(), device.minor.unwrap()];
        let mut registers = [0_u32; 6];
        let mut next = 0_usize;
        loop {
            let Instruction { code, offset, immediate, .. } = program[next];
            let register = usize::from(program[next].destination());
            let constant = immediate.cast_unsigned();
            next += 1;
            let jumps = match code {
                code::LOAD => {
                    registers[register] = of_use[offset as usize / 4];
                    false
                }
                code::AND => {
                    registers[register] &= constant;
                    false
                }
                code::SHIFT_RIGHT => {
                    registers[register] >>= constant;
                    false
                }
                code::SET => {
                    registers[register] = constant;
                    false
                }
                code::JUMP_IF_NOT => registers[register] != constant,
                code::JUMP_IF_IN => registers[register] & constant != 0,
                code::JUMP => true,
                code::END => return registers[0],
                other => panic!("no instruction {other:#x}"),
            };
            if jumps {
                next += usize::try_from(offset).unwrap();
            }
        }
    }

    #[test]
    fn without_rules_everything_is_refused() {
        let device = Which { kind: Some(Kind::Character), major: Some(1), minor: Some(3) };
        assert_eq!(run(&program(&[]), device, access::READ), 0);
    }

    proptest! {
        #[test]
        fn the_program_says_what_the_rules_say(rules in any_rules()) {
            let program = program(&rules);
            for (device, asked) in all_uses() {
                let expected = u32::from(allowed(&rules, device, asked));
                prop_assert_eq!(run(&program, device, asked), expected, "{:?} {}", device, asked);
            }
        }
    }
}
