//! The environment of a program: `-e` and `--env-file`.

use std::path::PathBuf;

use clap::Args;

use crate::errors::Failure;
use crate::value::env::{self, Variable};

/// Variables, as asked for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Process")]
pub(crate) struct Variables {
    /// Set a variable; NAME alone passes ours on
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = env::parse)]
    env: Vec<Variable>,
    /// Set variables from a file, one NAME=value a line
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
}

impl Variables {
    /// Files first and options after, as Docker has it: what was typed wins.
    pub(crate) fn resolved(self) -> Result<Vec<String>, Failure> {
        let mut variables: Vec<Variable> = Vec::new();
        for path in &self.env_file {
            let file = env::read_file(path)
                .map_err(|error| Failure::value("--env-file", &path.to_string_lossy(), &error))?;
            variables.extend(file);
        }
        variables.extend(self.env);
        let ours = |name: &str| std::env::var(name).ok();
        Ok(variables.into_iter().filter_map(|variable| variable.resolve(ours)).collect())
    }
}
