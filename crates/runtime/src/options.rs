//! The command line: options as every command declares them, and what was given.

use std::ffi::OsString;

use lexopt::Arg;

use crate::error::Failure;

/// One option of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opt {
    /// Without its dashes.
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// What its value is called; without one it is a switch.
    pub(crate) value: Option<&'static str>,
    pub(crate) about: &'static str,
}

/// A switch.
pub(crate) const fn switch(long: &'static str, short: Option<char>, about: &'static str) -> Opt {
    Opt { long, short, value: None, about }
}

/// An option with a value.
pub(crate) const fn value(
    long: &'static str,
    short: Option<char>,
    value: &'static str,
    about: &'static str,
) -> Opt {
    Opt { long, short, value: Some(value), about }
}

/// What was given of a command's options, and its arguments.
#[derive(Debug, Default)]
pub(crate) struct Given {
    command: &'static str,
    options: Vec<(&'static str, String)>,
    pub(crate) arguments: Vec<String>,
}

/// Where a command's options end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptionsEnd {
    /// With its last argument.
    Nowhere,
    /// With the argument of this position: what follows is another program's.
    After(usize),
}

impl Given {
    /// Takes `arguments` apart. Whether `--help` was among them comes second.
    pub(crate) fn parse(
        command: &'static str,
        options: &[Opt],
        end: OptionsEnd,
        arguments: Vec<OsString>,
    ) -> Result<(Self, bool), Failure> {
        let mut given = Self { command, ..Self::default() };
        let mut parser = lexopt::Parser::from_args(arguments);
        let wrong = |error: lexopt::Error| Failure::Usage(error.to_string(), command);
        while let Some(argument) = parser.next().map_err(wrong)? {
            let option = match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok((given, true)),
                Arg::Long(long) => options.iter().find(|option| option.long == long),
                Arg::Short(short) => options.iter().find(|option| option.short == Some(short)),
                Arg::Value(value) => {
                    given.arguments.push(text(command, value)?);
                    if end == OptionsEnd::After(given.arguments.len()) {
                        let rest = parser.raw_args().map_err(wrong)?;
                        let rest = rest.map(|value| text(command, value));
                        given.arguments.extend(rest.collect::<Result<Vec<_>, _>>()?);
                        return Ok((given, false));
                    }
                    continue;
                }
            };
            let Some(option) = option else { return Err(wrong(argument.unexpected())) };
            let value = match option.value {
                Some(_) => text(command, parser.value().map_err(wrong)?)?,
                None => switched(&mut parser).map_err(wrong)?,
            };
            given.options.push((option.long, value));
        }
        Ok((given, false))
    }

    /// Whether a switch is on; the last one given decides.
    pub(crate) fn is_on(&self, long: &str) -> bool {
        self.value(long).is_some_and(|value| !matches!(value, "false" | "0"))
    }

    /// The last value given.
    pub(crate) fn value(&self, long: &str) -> Option<&str> {
        self.options.iter().rev().find(|(name, _)| *name == long).map(|(_, value)| value.as_str())
    }

    /// All values given, in order.
    pub(crate) fn values<'a>(&'a self, long: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.options.iter().filter(move |(name, _)| *name == long).map(|(_, value)| value.as_str())
    }

    /// A value that is a number.
    pub(crate) fn number<N: std::str::FromStr>(&self, long: &str) -> Result<Option<N>, Failure> {
        let Some(value) = self.value(long) else { return Ok(None) };
        value
            .parse()
            .map(Some)
            .map_err(|_| self.wrong(format!("`--{long}` takes a number in its range, not `{value}`")))
    }

    /// The container that the command is about, its only argument.
    pub(crate) fn only_container(&self) -> Result<&str, Failure> {
        match self.arguments.as_slice() {
            [id] => Ok(id),
            [] => Err(self.wrong("which container?".to_owned())),
            [_, other, ..] => Err(self.wrong(format!("`{other}` is one argument too many"))),
        }
    }

    /// A usage error of this command.
    pub(crate) fn wrong(&self, message: String) -> Failure {
        Failure::Usage(message, self.command)
    }
}

/// Go's switches may carry their value: `--detach=false`.
fn switched(parser: &mut lexopt::Parser) -> Result<String, lexopt::Error> {
    let value =
        parser.optional_value().map_or_else(|| "true".to_owned(), |value| value.to_string_lossy().into());
    match value.as_str() {
        "true" | "1" | "false" | "0" => Ok(value),
        _ => Err(lexopt::Error::Custom(format!("`{value}` is neither true nor false").into())),
    }
}

fn text(command: &'static str, value: OsString) -> Result<String, Failure> {
    value
        .into_string()
        .map_err(|value| Failure::Usage(format!("`{}` is not UTF-8", value.to_string_lossy()), command))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &[Opt] = &[
        switch("detach", Some('d'), ""),
        value("env", Some('e'), "NAME=VALUE", ""),
        value("cwd", None, "DIR", ""),
    ];

    fn parse(arguments: &[&str], end: OptionsEnd) -> Result<(Given, bool), Failure> {
        Given::parse("exec", OPTIONS, end, arguments.iter().map(OsString::from).collect())
    }

    #[test]
    fn what_follows_a_container_is_its_program_s() {
        let line = ["-d", "-e", "A=1", "--env=B=2", "c1", "ls", "-d", "--cwd"];
        let (given, help) = parse(&line, OptionsEnd::After(1)).unwrap();
        assert!(given.is_on("detach") && !help);
        assert_eq!(given.values("env").collect::<Vec<_>>(), ["A=1", "B=2"]);
        assert_eq!(given.arguments, ["c1", "ls", "-d", "--cwd"]);
        assert_eq!(given.value("cwd"), None);
    }

    #[test]
    fn unknown_options_and_missing_values_are_usage_errors() {
        for line in [&["--frobnicate"][..], &["-x"], &["--cwd"], &["--detach=maybe"]] {
            assert!(matches!(parse(line, OptionsEnd::Nowhere), Err(Failure::Usage(_, "exec"))), "{line:?}");
        }
        assert!(parse(&["--help"], OptionsEnd::Nowhere).unwrap().1);
        assert!(!parse(&["--detach=false"], OptionsEnd::Nowhere).unwrap().0.is_on("detach"));
    }
}
