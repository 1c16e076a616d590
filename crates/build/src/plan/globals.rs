//! Arguments that hold for a whole file: those before the first `FROM`, platforms, proxies.

use std::collections::BTreeSet;

use super::error::{PlanError, Problem};
use super::options::{EPOCH, Options};
use super::reader::Reader;
use super::variables::Variables;
use crate::instruction::{Argument, Dockerfile, Instruction};

/// What the arguments before the first `FROM` are, and the platforms: they hold in `FROM`, and in a stage that asks.
pub(super) struct Globals {
    values: Variables,
}

impl Globals {
    pub(super) fn of(
        file: &Dockerfile,
        options: &Options,
        target: &str,
        reader: &Reader,
    ) -> Result<Self, PlanError> {
        let mut globals = Self { values: platforms(options, target) };
        for located in &file.arguments {
            globals.declare(&located.what, options, reader).map_err(Problem::at(located.lines))?;
        }
        Ok(globals)
    }

    fn declare(&mut self, argument: &Argument, options: &Options, reader: &Reader) -> Result<(), Problem> {
        let value = match (options.argument(&argument.name), &argument.default) {
            (Some(said), _) => said,
            (None, Some(default)) => reader.scope(&self.values).word(default)?,
            (None, None) => return Ok(()),
        };
        self.values.set(&argument.name, value);
        Ok(())
    }

    pub(super) fn values(&self) -> &Variables {
        &self.values
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| name)
    }

    /// When the build says that it happens.
    pub(super) fn epoch(&self, options: &Options) -> Result<Option<i64>, PlanError> {
        let said = options.argument(EPOCH).or_else(|| self.get(EPOCH).map(str::to_owned));
        let said = said.filter(|said| !said.is_empty());
        said.map(|said| said.parse().map_err(|_| PlanError::Epoch(said))).transpose()
    }
}

/// The predefined arguments about platforms, which `--build-arg` may change.
fn platforms(options: &Options, target: &str) -> Variables {
    let (built, made) = (&options.build_platform, &options.platform);
    let mut variables = Variables::default();
    for (name, value) in [
        ("BUILDPLATFORM", built.to_string()),
        ("BUILDOS", built.os.clone()),
        ("BUILDARCH", built.architecture.clone()),
        ("BUILDVARIANT", built.variant.clone()),
        ("TARGETPLATFORM", made.to_string()),
        ("TARGETOS", made.os.clone()),
        ("TARGETARCH", made.architecture.clone()),
        ("TARGETVARIANT", made.variant.clone()),
        ("TARGETSTAGE", target.to_owned()),
    ] {
        variables.set(name, options.arguments.get(name).cloned().unwrap_or(value));
    }
    variables
}

/// Proxies: arguments that no `ARG` has to name, that reach `RUN`, and that no history and no key knows.
const PROXIES: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/// Whether a build argument is a predefined proxy's.
#[must_use]
pub fn is_proxy(name: &str) -> bool {
    PROXIES.iter().any(|proxy| proxy.eq_ignore_ascii_case(name))
}

/// `NAME=value` of those that were given, in both spellings, since programs read either.
pub(super) fn proxies(options: &Options) -> Vec<String> {
    let mut variables = Variables::default();
    for (name, value) in options.arguments.iter().filter(|(name, _)| is_proxy(name)) {
        variables.set(&name.to_ascii_uppercase(), value);
        variables.set(&name.to_ascii_lowercase(), value);
    }
    variables.lines()
}

/// A remark for each build argument that no stage of the plan asks for.
pub(super) fn unused<'a>(
    options: &Options,
    file: &Dockerfile,
    planned: impl Iterator<Item = &'a Instruction>,
) -> Vec<String> {
    let mut asked: BTreeSet<&str> = file.arguments.iter().map(|located| located.what.name.as_str()).collect();
    for instruction in planned {
        if let Instruction::Arg(arguments) = instruction {
            asked.extend(arguments.iter().map(|argument| argument.name.as_str()));
        }
    }
    let unused =
        options.arguments.keys().filter(|name| !asked.contains(name.as_str()) && !is_predefined(name));
    unused.map(|name| format!("the build argument `{name}` is not used by the file")).collect()
}

fn is_predefined(name: &str) -> bool {
    let platform = ["BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT", "TARGETPLATFORM", "TARGETOS"];
    let target = ["TARGETARCH", "TARGETVARIANT", "TARGETSTAGE", EPOCH];
    is_proxy(name) || name.starts_with("BUILDKIT_") || platform.contains(&name) || target.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_come_in_both_spellings() {
        let mut options = Options::for_platform("linux/amd64".parse().unwrap());
        options.arguments.insert("HTTP_PROXY".into(), "http://proxy:1".into());
        options.arguments.insert("OTHER".into(), "x".into());
        assert_eq!(proxies(&options), ["HTTP_PROXY=http://proxy:1", "http_proxy=http://proxy:1"]);
    }
}
