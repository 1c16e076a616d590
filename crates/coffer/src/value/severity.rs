//! How severe something is: `high`.

use model::finding::Severity;

use super::ValueError;

/// A word.
pub(crate) fn parse(text: &str) -> Result<Severity, ValueError> {
    Ok(match text {
        "negligible" => Severity::Negligible,
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        "critical" => Severity::Critical,
        _ => {
            let right = "one of negligible, low, medium, high, critical";
            return Err(ValueError::new("it is no severity", right));
        }
    })
}

/// The word.
pub(crate) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "unknown",
        Severity::Negligible => "negligible",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_is_read_as_it_is_written() {
        for severity in [Severity::Negligible, Severity::Low, Severity::High, Severity::Critical] {
            assert_eq!(parse(word(severity)), Ok(severity));
        }
        assert!(parse("unknown").is_err() && parse("HIGH!").is_err());
    }
}
