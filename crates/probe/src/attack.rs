//! The subcommand `attack`: what was asked for, run, and told as text or JSON.

use std::str::FromStr;

use crate::attacks::{all, find, run_apart};
use crate::json::{Json, plain};
use crate::outcome::{Attack, Options, Outcome};
use crate::{Ended, Failure, print};

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    /// One line for the process that asked; the attack runs in this one.
    Here,
}

#[derive(Debug, PartialEq, Eq)]
enum Target {
    One(String),
    All,
    List,
}

#[derive(Debug)]
struct Asked {
    target: Target,
    format: Format,
    options: Options,
    /// The options as typed, for the process that runs the attack.
    typed: Vec<String>,
}

/// `attack NAME|all|--list [OPTIONS]`.
pub(crate) fn attack(arguments: &[String]) -> Ended {
    let asked = parse(arguments).map_err(Failure::Usage)?;
    match &asked.target {
        Target::List => list(asked.format),
        Target::All => run_all(&asked),
        Target::One(name) => match find(name) {
            Some(attack) => run_one(attack, &asked),
            None => {
                Err(Failure::Usage(format!("no attack is called `{name}`; `attack --list` names them all")))
            }
        },
    }
}

/// What a program executed in spite of everything says: `landed DETAIL`.
pub(crate) fn landed(arguments: &[String]) -> Ended {
    print(&Outcome::succeeded(arguments.join(" ")).to_line())
}

fn parse(arguments: &[String]) -> Result<Asked, String> {
    let mut target = None;
    let mut format = Format::Text;
    let (mut options, mut typed) = (Options::default(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--json" => format = Format::Json,
            "--here" => format = Format::Here,
            "--list" => target = Some(Target::List),
            "all" => target = Some(Target::All),
            option if option.starts_with("--") => {
                let value = rest.next().ok_or_else(|| format!("`{option}` needs a value"))?;
                set(&mut options, option, value)?;
                typed.extend([argument.clone(), value.clone()]);
            }
            name => target = Some(Target::One(name.to_owned())),
        }
    }
    let target = target.ok_or("say which attack, or `all`, or `--list`")?;
    Ok(Asked { target, format, options, typed })
}

fn set(options: &mut Options, option: &str, value: &str) -> Result<(), String> {
    match option {
        "--marker" => options.marker = Some(value.into()),
        "--connect" => options.connect = Some(value_of(option, value)?),
        "--socket" => options.socket = Some(value.to_owned()),
        "--count" => options.count = value_of(option, value)?,
        "--bytes" => options.bytes = Some(value_of(option, value)?),
        _ => return Err(format!("`{option}` is no option of attack")),
    }
    Ok(())
}

fn value_of<T: FromStr>(option: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("`{value}` is no value for `{option}`"))
}

fn list(format: Format) -> Ended {
    let attacks = || all().map(describe);
    match format {
        Format::Json => {
            let attacks = attacks().map(Json::Object).collect();
            print(&format!("{}\n", Json::Object(vec![("attacks", Json::List(attacks))])))
        }
        Format::Text | Format::Here => {
            let lines = all().map(|attack| {
                format!("{:22}  {:14}  {}\n", attack.name, attack.class.anchor(), attack.tries)
            });
            print(&lines.collect::<String>())
        }
    }
}

fn describe(attack: &Attack) -> Vec<(&'static str, Json)> {
    vec![
        ("name", Json::text(attack.name)),
        ("class", Json::text(attack.class.anchor())),
        ("tries", Json::text(attack.tries)),
    ]
}

fn told(attack: &Attack, outcome: &Outcome) -> Json {
    let mut fields = describe(attack);
    fields.push(("outcome", Json::text(outcome.word())));
    fields.push(("detail", Json::text(outcome.detail())));
    Json::Object(fields)
}

/// Symbol and word, as everywhere in Cofferdam: never by colour alone.
fn line(attack: &Attack, outcome: &Outcome) -> String {
    let (symbol, word) = match outcome {
        Outcome::Stopped(_) => ("✓", "stopped"),
        Outcome::Succeeded(_) => ("✗", "succeeded"),
        Outcome::NotApplicable(_) => ("-", "n/a"),
    };
    format!("{symbol} {word:9}  {:22}  {}\n", attack.name, plain(outcome.detail()))
}

fn run_one(attack: &Attack, asked: &Asked) -> Ended {
    let outcome = match asked.format {
        Format::Here => (attack.run)(&asked.options),
        Format::Text | Format::Json => run_apart(attack, &asked.options, &asked.typed),
    };
    match asked.format {
        Format::Here => print(&outcome.to_line())?,
        Format::Text => print(&line(attack, &outcome))?,
        Format::Json => print(&format!("{}\n", told(attack, &outcome)))?,
    };
    Ok(code(&outcome))
}

fn code(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Stopped(_) => 0,
        Outcome::Succeeded(_) => 1,
        Outcome::NotApplicable(_) => 3,
    }
}

/// Every attack in turn; lines come as they are known. Exit code 1 if any succeeded.
fn run_all(asked: &Asked) -> Ended {
    let mut tally = Tally::default();
    let mut results = Vec::new();
    for attack in all() {
        let outcome = run_apart(attack, &asked.options, &asked.typed);
        tally.add(&outcome);
        if asked.format == Format::Json {
            results.push(told(attack, &outcome));
        } else {
            print(&line(attack, &outcome))?;
        }
    }
    let counts = tally.counts();
    if asked.format == Format::Json {
        let attacks = [("attacks", Json::List(results))];
        let all = attacks.into_iter().chain(counts.map(|(name, count)| (name, Json::count(count))));
        print(&format!("{}\n", Json::Object(all.collect())))?;
    } else {
        let [(_, stopped), (_, succeeded), (_, moot)] = counts;
        print(&format!("{stopped} stopped, {succeeded} succeeded, {moot} not applicable\n"))?;
    }
    Ok(u8::from(tally.succeeded > 0))
}

#[derive(Debug, Default)]
struct Tally {
    stopped: usize,
    succeeded: usize,
    not_applicable: usize,
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Stopped(_) => self.stopped += 1,
            Outcome::Succeeded(_) => self.succeeded += 1,
            Outcome::NotApplicable(_) => self.not_applicable += 1,
        }
    }

    fn counts(&self) -> [(&'static str, usize); 3] {
        [("stopped", self.stopped), ("succeeded", self.succeeded), ("not_applicable", self.not_applicable)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Asked, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_handed_on_as_typed() {
        let asked = parsed("fork-bomb --json --count 9 --connect 127.0.0.1:80").unwrap();
        assert_eq!(asked.target, Target::One("fork-bomb".to_owned()));
        assert_eq!(asked.format, Format::Json);
        assert_eq!(asked.options.count, 9);
        assert_eq!(asked.typed.join(" "), "--count 9 --connect 127.0.0.1:80");
    }

    #[test]
    fn what_is_no_option_or_no_value_is_refused() {
        assert_eq!(parsed("all --sudo x").unwrap_err(), "`--sudo` is no option of attack");
        assert_eq!(parsed("all --count many").unwrap_err(), "`many` is no value for `--count`");
        assert_eq!(parsed("all --count").unwrap_err(), "`--count` needs a value");
        assert!(parsed("--json").is_err());
    }

    #[test]
    fn an_unknown_attack_is_no_success_of_the_confinement() {
        assert!(matches!(attack(&["nonesuch".to_owned()]), Err(Failure::Usage(_))));
    }

    #[test]
    fn the_exit_code_tells_the_outcomes_apart() {
        let codes =
            [Outcome::stopped(""), Outcome::succeeded(""), Outcome::not_applicable("")].map(|o| code(&o));
        assert_eq!(codes, [0, 1, 3]);
    }
}
