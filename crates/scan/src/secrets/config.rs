//! Secrets in an image's configuration and history: variables, labels, commands.

use model::finding::{Place, Secret};
use model::image::{HistoryEntry, ImageConfig};
use model::upkeep::HealthCommand;

use super::matcher::{self, MOST_TRIES};
use super::redact::redacted;
use crate::content::Flaw;

/// The longest text that is searched, in bytes.
const LONGEST: usize = 1 << 20;

/// The secrets in variables, labels, commands and the history's, each once.
///
/// # Errors
/// More words that secrets begin with than are looked at.
pub fn search_config(config: &ImageConfig, history: &[HistoryEntry]) -> Result<Vec<Secret>, Flaw> {
    let mut found = Vec::new();
    for variable in &config.env {
        let name = variable.split('=').next().unwrap_or_default();
        search_text(&Place::Environment(name.to_owned()), variable, &mut found)?;
    }
    for (name, value) in &config.labels {
        search_text(&Place::Label(name.clone()), value, &mut found)?;
    }
    let command = config.entrypoint.iter().chain(&config.cmd);
    for argument in command.chain(config.health.command.iter().flat_map(words)) {
        search_text(&Place::Configuration, argument, &mut found)?;
    }
    for (entry, number) in history.iter().zip(0..) {
        search_text(&Place::History(number), &entry.created_by, &mut found)?;
        search_text(&Place::History(number), &entry.comment, &mut found)?;
    }
    Ok(found)
}

fn words(command: &HealthCommand) -> &[String] {
    match command {
        HealthCommand::Disabled => &[],
        HealthCommand::Program(words) => words,
        HealthCommand::Shell(line) => std::slice::from_ref(line),
    }
}

/// The secrets in a text that stands somewhere else than in a file.
///
/// # Errors
/// As [`search_config`].
pub fn search_text(place: &Place, text: &str, found: &mut Vec<Secret>) -> Result<(), Flaw> {
    let text = text.as_bytes();
    let text = text.get(..LONGEST).unwrap_or(text);
    let mut tries = MOST_TRIES;
    for hit in matcher::shared().hits(text, text.len(), None, &mut tries)? {
        let rule = hit.rule;
        let redacted = redacted(text.get(hit.start..hit.end).unwrap_or_default());
        let (id, title) = (rule.id.to_owned(), rule.title.to_owned());
        let secret = Secret { rule: id, title, severity: rule.severity, place: place.clone(), redacted };
        if !found.contains(&secret) {
            found.push(secret);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::upkeep::Health;

    use super::*;
    use crate::secrets::check::base62;

    /// A token of npm with its checksum.
    fn token() -> String {
        let body = "QxZkJvWpLmRtYbNcHsGdFe19283746";
        let sum = String::from_utf8(base62(crc32fast::hash(body.as_bytes())).to_vec()).unwrap();
        ["np", "m_", body, &sum].concat()
    }

    #[test]
    fn secrets_are_found_wherever_a_configuration_has_text() {
        let token = token();
        let env = vec![format!("TOKEN={token}"), "PATH=/bin".to_owned()];
        let labels = [("maintainer".to_owned(), token.clone())].into();
        let command = Some(HealthCommand::Shell(format!("check {token}")));
        let health = Health { command, ..Health::default() };
        let cmd = vec!["app".to_owned(), format!("--token={token}-")];
        let config = ImageConfig { env, labels, cmd, health, ..ImageConfig::default() };
        let created_by = format!("RUN echo {token}; echo {token}");
        let history = [HistoryEntry::default(), HistoryEntry { created_by, ..HistoryEntry::default() }];
        let places: Vec<_> =
            search_config(&config, &history).unwrap().into_iter().map(|found| found.place).collect();
        let (variable, label) =
            (Place::Environment("TOKEN".to_owned()), Place::Label("maintainer".to_owned()));
        assert_eq!(places, [variable, label, Place::Configuration, Place::History(1)]);
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        assert_eq!(search_config(&ImageConfig::default(), &[HistoryEntry::default()]).unwrap(), []);
    }
}
