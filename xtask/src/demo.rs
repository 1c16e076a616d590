//! `cargo xtask demo`: README's first command.

use crate::shell::{self, Outcome};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let coffer = shell::build("coffer", "release")?;
    shell::show(shell::program(coffer, ["demo"]).args(arguments))
}
