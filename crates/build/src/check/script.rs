//! A shell's text as the commands in it, as far as rules need them: nothing is replaced or run.

/// Words that stand before a command.
const BEFORE: &[&str] = &["!", "{", "}", "else", "time", "exec", "env", "command"];

/// The commands of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) commands: Vec<ScriptCommand>,
    pub(crate) origin: Origin,
}

/// Where a script stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the instruction's line.
    #[default]
    Line,
    /// In a here-document.
    Document,
}

/// One command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ScriptCommand {
    /// Without quotes, and without what stands before its name.
    pub(crate) words: Vec<String>,
    /// What follows it.
    pub(crate) end: End,
    /// Whether it is run as another user: `sudo`.
    pub(crate) raised: bool,
    /// Whether somebody asks if it fails: between `if` and `then`.
    pub(crate) asked: bool,
}

/// What ends a command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// `;`, a line's end, a bracket.
    #[default]
    Other,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
}

impl Script {
    pub(crate) fn read(text: &str, origin: Origin) -> Self {
        let mut reader = Reader::default();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            match character {
                '\n' | ';' | '(' | ')' | '`' => reader.end(End::Other),
                '&' if reader.word.ends_with(['>', '<']) => reader.word.push(character),
                '&' if next == Some('&') => {
                    characters.next();
                    reader.end(End::And);
                }
                '&' if next == Some('>') => reader.push(character),
                '&' => reader.end(End::Other),
                '|' if next == Some('|') => {
                    characters.next();
                    reader.end(End::Or);
                }
                '|' => {
                    characters.next_if_eq(&'&');
                    reader.end(End::Pipe);
                }
                '#' if reader.word.is_empty() => while characters.next_if(|next| *next != '\n').is_some() {},
                '\'' | '"' => reader.quoted(character, &mut characters),
                '\\' => match characters.next() {
                    Some('\n') | None => {}
                    Some(next) => reader.push(next),
                },
                _ if character.is_whitespace() => reader.space(),
                _ => reader.push(character),
            }
        }
        reader.end(End::Other);
        Self { commands: reader.commands, origin }
    }

    /// One program with its arguments.
    pub(crate) fn of_words(words: &[String]) -> Self {
        match words {
            [shell, flags @ .., text]
                if is_shell(shell) && flags.last().is_some_and(|flag| flag.ends_with('c')) =>
            {
                Self::read(text, Origin::Line)
            }
            words => {
                let mut reader = Reader { words: words.to_vec(), ..Reader::default() };
                reader.end(End::Other);
                Self { commands: reader.commands, origin: Origin::Line }
            }
        }
    }

    /// The commands whose program has this name.
    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a ScriptCommand> {
        self.commands.iter().filter(move |command| command.name() == name)
    }
}

impl ScriptCommand {
    /// The program, without its directory.
    pub(crate) fn name(&self) -> &str {
        let program = self.words.first().map_or("", String::as_str);
        program.rsplit('/').next().unwrap_or(program)
    }

    /// Words behind the name.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str)
    }

    /// The first word that is no flag.
    pub(crate) fn verb(&self) -> &str {
        self.arguments().find(|word| !word.starts_with('-')).unwrap_or_default()
    }

    pub(crate) fn has(&self, wanted: &str) -> bool {
        self.arguments().any(|word| word == wanted)
    }

    /// `-abc` has `b`, or the long name is there.
    pub(crate) fn has_flag(&self, letter: char, long: &str) -> bool {
        let short = |word: &str| {
            word.strip_prefix('-').is_some_and(|word| !word.starts_with('-') && word.contains(letter))
        };
        self.arguments().any(|word| short(word) || word == long)
    }
}

pub(crate) fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    ["sh", "bash", "dash", "ash", "zsh", "ksh"].contains(&name)
}

#[derive(Default)]
struct Reader {
    commands: Vec<ScriptCommand>,
    words: Vec<String>,
    word: String,
    quoted: bool,
    asked: bool,
}

impl Reader {
    fn push(&mut self, character: char) {
        self.word.push(character);
    }

    fn quoted(&mut self, quote: char, characters: &mut impl Iterator<Item = char>) {
        self.quoted = true;
        while let Some(character) = characters.next() {
            match character {
                _ if character == quote => return,
                '\\' if quote == '"' => self.word.extend(characters.next()),
                _ => self.word.push(character),
            }
        }
    }

    fn space(&mut self) {
        if !self.word.is_empty() || self.quoted {
            self.words.push(std::mem::take(&mut self.word));
        }
        self.quoted = false;
    }

    fn end(&mut self, end: End) {
        self.space();
        let (mut raised, mut words) = (false, std::mem::take(&mut self.words));
        let mut start = 0;
        for word in &words {
            match word.as_str() {
                "sudo" => raised = true,
                flag if raised && flag.starts_with('-') => {}
                "if" | "elif" | "while" | "until" => self.asked = true,
                "then" | "do" => self.asked = false,
                word if BEFORE.contains(&word) || is_assignment(word) => {}
                _ => break,
            }
            start += 1;
        }
        words.drain(..start.min(words.len()));
        if !words.is_empty() || raised {
            self.commands.push(ScriptCommand { words, end, raised, asked: self.asked });
        } else if let Some(last) = self.commands.last_mut().filter(|_| end != End::Other) {
            // `( a ) | b`
            last.end = end;
        }
    }
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, End)]) {
        let script = Script::read(text, Origin::Line);
        let found: Vec<_> =
            script.commands.iter().map(|command| (command.words.join(" "), command.end)).collect();
        let found: Vec<_> = found.iter().map(|(words, end)| (words.as_str(), *end)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn commands_are_told_apart() {
        check(
            "a 'b && c' && d || e; f | g",
            &[("a b && c", End::And), ("d", End::Or), ("e", End::Other), ("f", End::Pipe), ("g", End::Other)],
        );
        check(
            "if [ -f x ]; then A=1 /bin/b c; fi",
            &[("[ -f x ]", End::Other), ("/bin/b c", End::Other), ("fi", End::Other)],
        );
        check("a 2>&1 &>x # b | c\nd", &[("a 2>&1 &>x", End::Other), ("d", End::Other)]);
        check("x=$(curl a | sh)", &[("curl a", End::Pipe), ("sh", End::Other)]);
        check("(a; b) | c", &[("a", End::Other), ("b", End::Pipe), ("c", End::Other)]);
        check("a \\\n b 'it", &[("a b it", End::Other)]);
    }

    #[test]
    fn questions_are_no_commands_that_have_to_succeed() {
        let script = Script::read("if a | b; then c; fi; while d\ndo e; done", Origin::Line);
        let asked = script.commands.iter().map(|command| (command.name(), command.asked));
        let expected = [
            ("a", true),
            ("b", true),
            ("c", false),
            ("fi", false),
            ("d", true),
            ("e", false),
            ("done", false),
        ];
        assert!(asked.eq(expected), "{script:?}");
    }

    #[test]
    fn programs_have_names_and_flags() {
        let script =
            Script::read("sudo -E /usr/bin/apt-get -qy install --no-install-recommends x", Origin::Line);
        let command = &script.commands[0];
        assert!(command.raised && command.has_flag('y', "--yes") && !command.has_flag('z', "--zed"));
        assert_eq!((command.name(), command.verb()), ("apt-get", "install"));
        let words = ["/bin/bash", "-ec", "a | b"].map(str::to_owned);
        assert_eq!(Script::of_words(&words).commands.len(), 2);
        assert_eq!(Script::of_words(&["a".to_owned(), "b | c".to_owned()]).commands[0].words, ["a", "b | c"]);
    }
}
