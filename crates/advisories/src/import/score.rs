//! Scores of CVSS.

#[cfg(test)]
mod tests;

use cvss::Cvss as Vector;
use model::finding::Cvss;

/// Longest vector that is read, in bytes: one of CVSS 4 with everything in it has 220.
const MAX_VECTOR: usize = 512;

/// What a vector must say, by how it begins; the library takes what is left out for
/// harmless.
const BASE: &[(&str, &[&str])] = &[
    ("CVSS:4", &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"]),
    ("CVSS:3", &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]),
    ("", &["AV", "AC", "Au", "C", "I", "A"]),
];

/// What a vector comes to: the base score in versions 2 and 3, as everybody quotes them, and the one score that
/// version 4 has for all of its metrics.
///
/// # Errors
/// What is wrong with it, for people.
pub(super) fn score(vector: &str) -> Result<Cvss, String> {
    let vector = vector.trim().trim_matches(['(', ')']);
    let wrong = |why: String| {
        format!("`{}` is not a vector of CVSS: {why}", vector.chars().take(80).collect::<String>())
    };
    if vector.len() > MAX_VECTOR {
        return Err(wrong("it is too long".to_owned()));
    }
    let parsed: Vector = vector.parse().map_err(|error: cvss::Error| wrong(error.to_string()))?;
    if let Some(metric) = missing(vector) {
        return Err(wrong(format!("it does not say `{metric}`")));
    }
    Ok(Cvss { score: parsed.score() as f32, vector: vector.to_owned() })
}

/// The first metric that a vector must have and has not.
fn missing(vector: &str) -> Option<&'static str> {
    let (_, base) = BASE.iter().find(|(start, _)| vector.starts_with(start))?;
    let has = |name: &str| vector.split('/').any(|part| part.split(':').next() == Some(name));
    base.iter().find(|name| !has(name)).copied()
}

/// The newest version of CVSS first, and each vector once; those of one version stay in their order.
pub(super) fn sorted(mut scores: Vec<Cvss>) -> Vec<Cvss> {
    scores.sort_by(|one, other| version(other).cmp(version(one)));
    scores.dedup();
    scores
}

/// `4.0`, `3.1`; vectors of CVSS 2 do not say.
fn version(cvss: &Cvss) -> &str {
    let named = cvss.vector.strip_prefix("CVSS:").and_then(|rest| rest.split('/').next());
    named.unwrap_or("2.0")
}
