//! What people type out of habit, from other tools, and what does the same here.

/// Spellings, and what to do instead.
struct Habit {
    typed: &'static [&'static str],
    instead: &'static str,
}

/// What to do instead of a command that is not there: `search`, `build`.
pub(crate) fn instead_of_command(typed: &str) -> Option<&'static str> {
    find(&COMMANDS, typed)
}

/// What to do instead of an option of `run` that is not there: `--init`, `--gpus`.
pub(crate) fn instead_of_option(typed: &str) -> Option<&'static str> {
    find(&RUN_OPTIONS, typed.split_once('=').map_or(typed, |(name, _)| name))
}

fn find(habits: &[Habit], typed: &str) -> Option<&'static str> {
    habits.iter().find(|habit| habit.typed.contains(&typed)).map(|habit| habit.instead)
}

const COMMANDS: [Habit; 2] = [
    Habit {
        typed: &["search"],
        instead: "no registry is searched by words; `coffer search-tags NAME` lists what a repository has",
    },
    Habit {
        typed: &["network", "network ls", "network create"],
        instead: "containers have no networks with each other in this version; `coffer run --network outbound` lets connections out",
    },
];

const RUN_OPTIONS: [Habit; 7] = [
    Habit {
        typed: &["--expose", "--link", "--ip", "--dns"],
        instead: "it has no network but loopback, into which `-p` leads; `--network outbound` lets connections out, and is recorded",
    },
    Habit {
        typed: &["--init"],
        instead: "its program is process 1: start it through the image's own init, as with `--entrypoint tini`",
    },
    Habit { typed: &["--platform"], instead: "pull it first: `coffer pull --platform linux/arm64 IMAGE`" },
    Habit {
        typed: &["-a", "--attach", "--sig-proxy"],
        instead: "leave it out: output comes here, and signals go there",
    },
    Habit { typed: &["--gpus"], instead: "pass its device on: `--device /dev/dri/renderD128`" },
    Habit { typed: &["--volumes-from"], instead: "name the volume in both: `-v NAME:/PATH`" },
    Habit { typed: &["--domainname"], instead: "give the whole name: `--hostname web.example`" },
];

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::commands;

    #[test]
    fn no_habit_speaks_of_what_there_is() {
        for typed in COMMANDS.iter().flat_map(|habit| habit.typed) {
            let words: Vec<OsString> = typed.split(' ').map(OsString::from).collect();
            assert!(commands::find(&words).is_none(), "{typed}");
        }
        let run = commands::find(&["run".into()]).unwrap().0.clap();
        for typed in RUN_OPTIONS.iter().flat_map(|habit| habit.typed) {
            let name = typed.trim_start_matches('-');
            let taken = run.get_arguments().any(|argument| {
                argument.get_long() == Some(name)
                    || argument.get_short().map(String::from).as_deref() == Some(name)
            });
            assert!(!taken, "{typed}");
        }
    }

    #[test]
    fn values_behind_an_option_do_not_matter() {
        assert_eq!(instead_of_option("--expose=80"), instead_of_option("--expose"));
        assert!(instead_of_option("--expose").is_some() && instead_of_option("--nothing").is_none());
        assert!(instead_of_command("search").is_some() && instead_of_command("frob").is_none());
    }
}
