//! `completion`: scripts with which shells complete our command line.

use super::{COMMANDS, Command, Outcome, print};
use crate::globals::{self, Globals};
use crate::options::{Given, Opt, OptionsEnd};

pub(crate) const COMMAND: Command = Command {
    name: "completion",
    arguments: "bash|zsh|fish",
    about: "print a script with which a shell completes these commands",
    options: &[],
    end: OptionsEnd::Nowhere,
    examples: &["completion bash > /etc/bash_completion.d/coffer-runtime"],
    run,
};

fn run(_: &Globals, given: &Given) -> Outcome {
    match given.arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bash"] => print(&bash()),
        ["zsh"] => print(&zsh()),
        ["fish"] => print(&fish()),
        _ => Err(given.wrong("for which shell? bash, zsh or fish".to_owned())),
    }
}

/// Commands whose first argument is a container that is there.
fn takes_container(command: &Command) -> bool {
    command.arguments.starts_with("CONTAINER") && !matches!(command.name, "create" | "run")
}

fn names<'a>(commands: impl Iterator<Item = &'a Command>) -> String {
    commands.map(|command| command.name).collect::<Vec<_>>().join(" ")
}

fn flags(options: &[Opt]) -> String {
    options.iter().map(|option| format!("--{}", option.long)).collect::<Vec<_>>().join(" ")
}

/// Options that are followed by something of theirs.
fn with_values(options: &[Opt], separator: &str) -> String {
    let valued = options.iter().filter(|option| option.value.is_some());
    valued.map(|option| format!("--{}", option.long)).collect::<Vec<_>>().join(separator)
}

fn bash() -> String {
    let mut cases = String::new();
    for command in COMMANDS {
        let flags = flags(command.options);
        cases.push_str(&format!("        {}) words=\"{flags} --help\" ;;\n", command.name));
    }
    format!(
        "# bash completion for coffer-runtime
_coffer_runtime() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} command= root= words= index
    for ((index = 1; index < COMP_CWORD; index++)); do
        case ${{COMP_WORDS[index]}} in
        --root) root=${{COMP_WORDS[++index]}} ;;
        {valued}) ((index++)) ;;
        -*) ;;
        *) command=${{COMP_WORDS[index]}}; break ;;
        esac
    done
    case $command in
        '') words=\"{commands} {globals}\" ;;
        help) words=\"{commands}\" ;;
{cases}    esac
    case $command in
        {containers})
            [[ $current == -* ]] || words=$(coffer-runtime ${{root:+--root \"$root\"}} list --quiet 2>/dev/null) ;;
    esac
    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))
}}
complete -o default -F _coffer_runtime coffer-runtime
",
        valued = with_values(globals::OPTIONS, "|"),
        commands = names(COMMANDS.iter()),
        globals = flags(globals::OPTIONS),
        containers = names(COMMANDS.iter().filter(|command| takes_container(command))).replace(' ', "|"),
    )
}

/// zsh has bash's completions where it is asked to.
fn zsh() -> String {
    format!("#compdef coffer-runtime\nautoload -U +X bashcompinit && bashcompinit\n{}", bash())
}

fn fish() -> String {
    let mut text = "# fish completion for coffer-runtime\ncomplete -c coffer-runtime -f\n".to_owned();
    for option in globals::OPTIONS {
        text.push_str(&fish_option("__fish_use_subcommand", option));
    }
    for command in COMMANDS {
        let Command { name, about, .. } = command;
        text.push_str(&format!(
            "complete -c coffer-runtime -n __fish_use_subcommand -a {name} -d '{}'\n",
            quoted(about)
        ));
        let condition = format!("'__fish_seen_subcommand_from {name}'");
        text.extend(command.options.iter().map(|option| fish_option(&condition, option)));
        if takes_container(command) {
            text.push_str(&format!(
                "complete -c coffer-runtime -n {condition} -a '(coffer-runtime list --quiet 2>/dev/null)'\n"
            ));
        }
    }
    text
}

fn fish_option(condition: &str, option: &Opt) -> String {
    let short = option.short.map_or_else(String::new, |short| format!(" -s {short}"));
    let takes = if option.value.is_some() { " -r -F" } else { "" };
    let about = quoted(option.about);
    format!("complete -c coffer-runtime -n {condition} -l {}{short}{takes} -d '{about}'\n", option.long)
}

fn quoted(text: &str) -> String {
    text.replace('\'', "\\'")
}

#[cfg(test)]
mod tests {
    use std::process::Command as Program;

    use super::*;

    #[test]
    fn every_command_and_option_is_completed() {
        for script in [bash(), zsh(), fish()] {
            for command in COMMANDS {
                assert!(script.contains(command.name), "{}", command.name);
                for option in command.options {
                    assert!(script.contains(option.long), "{}", option.long);
                }
            }
        }
    }

    #[test]
    fn bash_completes_with_it() {
        let line = |words: &str| {
            let script = format!(
                "{}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _coffer_runtime\n\
                 echo ${{COMPREPLY[@]}}",
                bash()
            );
            let output = Program::new("bash").args(["--norc", "-c", &script]).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        assert_eq!(line("coffer-runtime del"), "delete");
        assert_eq!(line("coffer-runtime --root /r delete --f"), "--force");
        assert_eq!(line("coffer-runtime help compl"), "completion");
    }
}
