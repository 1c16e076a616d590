//! What is learned of the trees beneath directories, and how fast: `bench_walk [--packages] DIRECTORY...`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to whoever runs it")]

use std::fs::File;
use std::os::fd::OwnedFd;
use std::time::Instant;

use scan::{Bounds, Guard, Landlock, Limits, Scanner, Scope};
use sys::seccomp::Instruction;

/// A filter that lets everything through (BPF_RET, SECCOMP_RET_ALLOW): the real one is compiled elsewhere.
const ALLOW: Instruction = Instruction { code: 6, jump_true: 0, jump_false: 0, operand: 0x7fff_0000 };

fn main() {
    let is_lean = std::env::args().any(|argument| argument == "--packages");
    let scope = if is_lean { Scope::Packages } else { Scope::Everything };
    let bounds = Bounds { scope, ..Bounds::default() };
    let guard = Guard { filter: vec![ALLOW], identity: None, landlock: Landlock::IfThere };
    let scanner = Scanner::new(guard, Limits { bounds, ..Limits::default() });
    for root in std::env::args().skip(1).filter(|argument| argument != "--packages") {
        let begun = Instant::now();
        let facts = File::open(&root).map(|tree| scanner.scan(&root, OwnedFd::from(tree)));
        let seconds = begun.elapsed().as_secs_f64();
        match facts {
            Ok(Ok(facts)) => {
                let packages: usize = facts.sources.iter().map(|source| source.packages.len()).sum();
                let (secrets, oddities, gaps) = (facts.secrets.len(), facts.oddities.len(), facts.gaps.len());
                println!(
                    "{root}: {packages} packages, {secrets} secrets, {oddities} oddities, {gaps} gaps, {seconds:.3} s"
                );
            }
            Ok(Err(error)) => eprintln!("{root}: {error}"),
            Err(error) => eprintln!("{root}: {error}"),
        }
    }
}
