//! `cargo xtask check`: everything that can be said about a change without running the product's tests.

use crate::readme;
use crate::shell::{self, Outcome};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    shell::no_arguments(arguments)?;
    shell::show(&mut shell::cargo(["fmt", "--all", "--check"]))?;
    shell::show(&mut shell::cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    shell::show(
        shell::cargo(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    shell::show(&mut shell::cargo(["test", "--package", "xtask"]))?;
    readme::commands_exist()
}
