//! `--change`: one line of a Dockerfile that changes how an image starts.

use engine::files::ConfigChange;
use model::upkeep::{Health, HealthCommand};

use super::{ValueError, duration};

/// What a line may begin with.
const KNOWN: &str = "CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR, such as `CMD [\"nginx\"]`";

/// `CMD ["nginx", "-g", "daemon off;"]`
pub(crate) fn parse(text: &str) -> Result<ConfigChange, ValueError> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    if rest.is_empty() {
        return Err(ValueError::new("it says nothing", KNOWN));
    }
    Ok(match word.to_ascii_uppercase().as_str() {
        "CMD" => ConfigChange::Command(command(rest)),
        "ENTRYPOINT" => ConfigChange::Entrypoint(command(rest)),
        "ENV" => ConfigChange::Environment(pairs(rest, "ENV NAME=value")?),
        "LABEL" => ConfigChange::Labels(pairs(rest, "LABEL name=value")?),
        "EXPOSE" => ConfigChange::Expose(rest.split_whitespace().map(port).collect::<Result<_, _>>()?),
        "USER" => ConfigChange::User(rest.to_owned()),
        "VOLUME" => ConfigChange::Volumes(volumes(rest)?),
        "WORKDIR" if rest.starts_with('/') => ConfigChange::WorkingDirectory(rest.to_owned()),
        "WORKDIR" => return Err(ValueError::new("the directory is not absolute", "WORKDIR /srv")),
        "STOPSIGNAL" => ConfigChange::StopSignal(rest.to_owned()),
        "HEALTHCHECK" => ConfigChange::Health(health(rest)?),
        "ONBUILD" => return Err(ValueError::new("nothing here builds on it", KNOWN)),
        _ => return Err(ValueError::new(format!("`{word}` changes no configuration"), KNOWN)),
    })
}

/// A list in JSON, or a line for a shell.
fn command(text: &str) -> Vec<String> {
    let shell = || ["/bin/sh", "-c", text].map(str::to_owned).into();
    list(text).unwrap_or_else(shell)
}

fn list(text: &str) -> Option<Vec<String>> {
    if text.starts_with('[') { serde_json::from_str(text).ok() } else { None }
}

/// `80`, `80/udp`
fn port(text: &str) -> Result<String, ValueError> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    match number.parse::<u16>() {
        Ok(number) if number > 0 && matches!(protocol.as_str(), "tcp" | "udp" | "sctp") => {
            Ok(format!("{number}/{protocol}"))
        }
        _ => Err(ValueError::new(format!("`{text}` is no port"), "EXPOSE 80, or EXPOSE 53/udp")),
    }
}

fn volumes(text: &str) -> Result<Vec<String>, ValueError> {
    let paths = list(text).unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect());
    match paths.iter().find(|path| !path.starts_with('/')) {
        Some(path) => Err(ValueError::new(format!("`{path}` is not absolute"), "VOLUME /data")),
        None => Ok(paths),
    }
}

/// `name=value` as often as there is, with quotes where there are spaces; or the old form `name value`.
fn pairs(text: &str, right: &str) -> Result<Vec<(String, String)>, ValueError> {
    let words = words(text).ok_or_else(|| ValueError::new("a quote is not closed", right))?;
    let first = words.first().map(String::as_str).unwrap_or_default();
    if let (false, Some((name, value))) = (first.contains('='), text.split_once(char::is_whitespace)) {
        return Ok(vec![(name.to_owned(), value.trim().to_owned())]);
    }
    let pair = |word: &String| match word.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(ValueError::new(format!("`{word}` has no name and value"), right)),
    };
    words.iter().map(pair).collect()
}

/// Splits at spaces outside of quotes; a backslash takes the next character as it is. `None` where a quote
/// stays open.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', Some('"') | None) => word.get_or_insert_default().extend(characters.next()),
            (character, Some(open)) if character == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (character, None) if character.is_whitespace() => words.extend(word.take()),
            (character, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// `NONE`, or `[--interval=30s ...] CMD command`
fn health(text: &str) -> Result<Health, ValueError> {
    let right = "HEALTHCHECK NONE, or HEALTHCHECK --interval=30s CMD /bin/check";
    let error = |wrong: String| ValueError::new(wrong, right);
    if text.eq_ignore_ascii_case("NONE") {
        return Ok(Health { command: Some(HealthCommand::Disabled), ..Health::default() });
    }
    let mut health = Health::default();
    let mut rest = text;
    while let Some(option) = rest.strip_prefix("--") {
        let (option, after) =
            option.split_once(char::is_whitespace).ok_or_else(|| error("it has no CMD".to_owned()))?;
        let (name, value) =
            option.split_once('=').ok_or_else(|| error(format!("`--{option}` has no value")))?;
        let wrong = || error(format!("`{value}` does not work for `--{name}`"));
        match name {
            "interval" => health.interval = Some(duration::parse_millis(value)?),
            "timeout" => health.timeout = Some(duration::parse_millis(value)?),
            "start-period" => health.start_period = Some(duration::parse_millis(value)?),
            "start-interval" => health.start_interval = Some(duration::parse_millis(value)?),
            "retries" => health.retries = Some(value.parse().map_err(|_| wrong())?),
            _ => return Err(error(format!("there is no option `--{name}`"))),
        }
        rest = after.trim_start();
    }
    let (word, line) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if !word.eq_ignore_ascii_case("CMD") || line.trim().is_empty() {
        return Err(error("it has no CMD".to_owned()));
    }
    let line = line.trim();
    health.command =
        Some(list(line).map_or_else(|| HealthCommand::Shell(line.to_owned()), HealthCommand::Program));
    Ok(health)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn lines_are_read_as_in_a_dockerfile() {
        use ConfigChange::*;
        let cases = [
            (r#"CMD ["a", "b c"]"#, Command(strings(&["a", "b c"]))),
            ("cmd a b", Command(strings(&["/bin/sh", "-c", "a b"]))),
            (r#"ENTRYPOINT ["x"]"#, Entrypoint(strings(&["x"]))),
            (
                r#"ENV A=1 B="two words" C=a\ b"#,
                Environment(owned(&[("A", "1"), ("B", "two words"), ("C", "a b")])),
            ),
            ("ENV PATH /bin:/usr/bin more", Environment(owned(&[("PATH", "/bin:/usr/bin more")]))),
            ("LABEL team='web site'", Labels(owned(&[("team", "web site")]))),
            ("EXPOSE 80 53/UDP", Expose(strings(&["80/tcp", "53/udp"]))),
            ("USER 10:20", User("10:20".into())),
            ("VOLUME /a /b", Volumes(strings(&["/a", "/b"]))),
            ("WORKDIR /srv", WorkingDirectory("/srv".into())),
            ("STOPSIGNAL SIGQUIT", StopSignal("SIGQUIT".into())),
        ];
        for (text, change) in cases {
            assert_eq!(parse(text), Ok(change), "{text}");
        }
    }

    #[test]
    fn a_health_check_has_options_and_a_command() {
        let text = "HEALTHCHECK --interval=1m30s --retries=2 CMD curl -f localhost";
        let wanted = Health {
            command: Some(HealthCommand::Shell("curl -f localhost".into())),
            interval: Some(90_000),
            retries: Some(2),
            ..Health::default()
        };
        assert_eq!(parse(text), Ok(ConfigChange::Health(wanted)));
        let none = Health { command: Some(HealthCommand::Disabled), ..Health::default() };
        assert_eq!(parse("HEALTHCHECK NONE"), Ok(ConfigChange::Health(none)));
    }

    #[test]
    fn what_changes_no_configuration_is_refused() {
        for text in [
            "RUN true",
            "ONBUILD RUN true",
            "CMD",
            "",
            "ENV =x",
            "ENV A=\"x",
            "EXPOSE http",
            "EXPOSE 0",
            "VOLUME data",
            "WORKDIR srv",
            "HEALTHCHECK --interval=fast CMD x",
            "HEALTHCHECK --interval=1s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_change_or_an_error(text in "[A-Z]{0,12} .{0,40}") {
            let _either = parse(&text);
        }
    }
}
