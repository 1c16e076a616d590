//! What was found, one result each.

use model::digest::Digest;
use model::finding::{Fix, Malware, Misconfiguration, Place, Secret, Severity, Vulnerability};
use model::inventory::Package;
use serde_json::{Value, json};

use super::place;
use super::rule::Rule;
use super::text::plain;
use crate::place::words;
use crate::subject::Scan;

/// A result and the rule that it belongs to.
pub(super) struct Outcome {
    pub(super) rule: Rule,
    message: String,
    location: Value,
    /// What makes it the same result in another scan: not its version, and not its layer.
    pub(super) identity: String,
    properties: Value,
}

/// Everything that counts: what is malicious, what leaks, and vulnerabilities and mistakes as urgent as they are.
pub(super) fn all<'a>(scan: &'a Scan<'_>) -> impl Iterator<Item = Outcome> + 'a {
    let malware = scan.malware.iter().map(malware);
    let secrets = scan.secrets.iter().map(secret);
    let vulnerabilities = scan.open().map(|(found, package)| vulnerability(scan, found, package));
    let mistakes = scan.misconfigurations.iter().map(misconfiguration);
    malware.chain(secrets).chain(vulnerabilities).chain(mistakes)
}

impl Outcome {
    fn new(rule: Rule, message: &str, location: Value, identity: &[&str], properties: Value) -> Self {
        let identity = [&[rule.id.as_str()], identity].concat().join("\0");
        Self { rule, message: plain(message), location, identity, properties }
    }

    /// As SARIF has it: with the index of its rule, and how many results have had its identity, itself included.
    pub(super) fn value(&self, rule_index: usize, occurrence: u32) -> Value {
        let mut digits = Digest::of(self.identity.as_bytes()).hex();
        digits.truncate(32);
        json!({
            "ruleId": self.rule.id,
            "ruleIndex": rule_index,
            "level": self.rule.level(),
            "message": {"text": self.message},
            "locations": [self.location],
            "partialFingerprints": {"primaryLocationLineHash": format!("{digits}:{occurrence}")},
            "properties": self.properties,
        })
    }
}

fn vulnerability(scan: &Scan<'_>, found: &Vulnerability, package: &Package) -> Outcome {
    let remedy = match &found.fix {
        Fix::In(version) => format!("Update it to {version}."),
        Fix::None => "There is no fix yet.".to_owned(),
        Fix::Never => "There will be no fix for this release.".to_owned(),
    };
    let message =
        format!("{} {} (layer {}) has {}. {remedy}", package.name, package.version, package.layer, found.id);
    let properties = json!({
        "purl": scan.purl(package),
        "layer": package.layer,
        "priority": found.priority,
        "fixedVersion": match &found.fix { Fix::In(version) => Some(version), Fix::None | Fix::Never => None },
    });
    let identity = [package.name.as_str(), package.location.as_str()];
    let location = place::file(&package.location, 1);
    Outcome::new(Rule::vulnerability(found), &message, location, &identity, properties)
}

fn secret(secret: &Secret) -> Outcome {
    let help = "Whoever has the image has the secret, whatever later layers do. Revoke it, and give it to the \
                container when it starts.";
    let rule = Rule::own(&secret.rule, &secret.title, secret.severity, "secret", help);
    let message = format!("{} in {}: {}", secret.title, words(&secret.place), secret.redacted);
    placed(rule, &message, &secret.place, &secret.redacted)
}

fn misconfiguration(wrong: &Misconfiguration) -> Outcome {
    let rule = Rule::own(&wrong.rule, &wrong.title, wrong.severity, "misconfiguration", &wrong.advice);
    let message = format!("{} in {}. {}", wrong.title, words(&wrong.place), wrong.advice);
    placed(rule, &message, &wrong.place, "")
}

fn malware(found: &Malware) -> Outcome {
    let help = "The file is known to be malicious. Do not run the image, and find out how it came there.";
    let rule = Rule::own(&found.rule, &found.title, Severity::Critical, "malware", help);
    let message = format!("{}: {}, SHA-256 {}", found.title, words(&found.place), found.sha256);
    let mut outcome = placed(rule, &message, &found.place, &found.sha256);
    if let Some(properties) = outcome.properties.as_object_mut().filter(|_| !found.meta.is_empty()) {
        properties.insert("meta".to_owned(), json!(found.meta));
    }
    outcome
}

fn placed(rule: Rule, message: &str, at: &Place, what: &str) -> Outcome {
    let location = place::place(at);
    let identity = location.to_string();
    let properties = match at {
        Place::File { layer, removed, .. } => json!({"layer": layer, "removed": removed}),
        _ => json!({}),
    };
    Outcome::new(rule, message, location, &[identity.as_str(), what], properties)
}
