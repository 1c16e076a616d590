//! Lines of an image's history, as BuildKit writes them; the values of build arguments are left out.

use crate::instruction::Pair;

/// Go's `%v` of a list: `[/a /b]`.
pub(super) fn list(items: &[String]) -> String {
    format!("[{}]", items.join(" "))
}

/// Go's `%q` of a list: `["sh" "-c" "make"]`.
pub(super) fn quoted(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| quote(item)).collect();
    format!("[{}]", items.join(" "))
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_ascii_control() => {
                quoted.push_str(&format!("\\x{:02x}", u32::from(control)))
            }
            control if control.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// `ENV a=1 b=2`
pub(super) fn pairs(name: &str, pairs: &[Pair]) -> String {
    let pairs = pairs.iter().map(|pair| format!(" {}={}", pair.name, pair.value));
    pairs.fold(name.to_owned(), |line, pair| line + &pair)
}

/// `RUN |2 VERSION TOKEN /bin/sh -c make`: how many arguments there are, which, and the command.
pub(super) fn run<'a>(names: impl Iterator<Item = &'a str>, arguments: &[String]) -> String {
    let names: Vec<&str> = names.collect();
    let count =
        if names.is_empty() { String::new() } else { format!(" |{} {}", names.len(), names.join(" ")) };
    format!("RUN{count} {}", arguments.join(" "))
}

/// Go's `time.Duration`: `1m30s`, `1.5s`, `500ms`.
pub(super) fn time(millis: u64) -> String {
    if millis < 1000 {
        return if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") };
    }
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let fraction =
        if rest == 0 { String::new() } else { format!(".{rest:03}").trim_end_matches('0').to_owned() };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, minutes) => format!("{minutes}m{seconds}{fraction}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_written_as_go_writes_them() {
        let items = ["sh".to_owned(), "a \"b\"\n\\\u{1}é\u{85}".to_owned()];
        assert_eq!(list(&["/a".into(), "/b".into()]), "[/a /b]");
        assert_eq!(quoted(&items), r#"["sh" "a \"b\"\n\\\x01é\u0085"]"#);
    }

    #[test]
    fn times_are_written_as_go_writes_them() {
        for (millis, text) in [
            (0, "0s"),
            (500, "500ms"),
            (1000, "1s"),
            (1500, "1.5s"),
            (90_000, "1m30s"),
            (3_600_000, "1h0m0s"),
            (3_661_050, "1h1m1.05s"),
        ] {
            assert_eq!(time(millis), text);
        }
    }

    #[test]
    fn arguments_are_named_and_their_values_are_not() {
        let command = ["/bin/sh".to_owned(), "-c".to_owned(), "make".to_owned()];
        assert_eq!(run(["A", "B"].into_iter(), &command), "RUN |2 A B /bin/sh -c make");
        assert_eq!(run([].into_iter(), &command), "RUN /bin/sh -c make");
    }
}
