//! What can be said of an image: what a scan found in it, its bill of material, how it was made.

use serde::Deserialize;
use serde_json::{Value, json};
use trust::statement::Predicate;

use super::{AttestError, Saying};
use crate::examine::{Examined, Form};

/// What a scan found, in the form that cosign defines: specs/COSIGN_VULN_ATTESTATION_SPEC.md. The result is our own
/// report, whole.
///
/// # Errors
/// None of its own: a report is JSON.
pub fn vulnerabilities(examined: &Examined) -> Result<Saying, AttestError> {
    let report: Value = serde_json::from_str(&examined.document(Form::Json)).map_err(unread("scan"))?;
    let tool = examined.scan().tool;
    let database = examined.database.as_ref().map(|database| database.time.as_str());
    let said = json!({
        "invocation": { "parameters": [], "uri": "", "event_id": "", "builder.id": "" },
        "scanner": {
            "uri": format!("pkg:generic/{}@{}", tool.name, tool.version),
            "version": tool.version,
            "db": { "uri": "", "version": database.unwrap_or_default() },
            "result": report,
        },
        "metadata": { "scanStartedOn": examined.time, "scanFinishedOn": examined.time },
    });
    Ok(Saying::Statement { predicate: Predicate::Vulnerabilities, said: said.to_string().into_bytes() })
}

/// Its bill of material; SPDX where that is asked for, otherwise CycloneDX.
#[must_use]
pub fn bill(examined: &Examined, form: Form) -> Saying {
    let (form, predicate) = match form {
        Form::Spdx => (Form::Spdx, Predicate::Spdx),
        _ => (Form::CycloneDx, Predicate::CycloneDx),
    };
    Saying::Statement { predicate, said: examined.document(form).into_bytes() }
}

/// How it was made, by the word of whoever made it: SLSA's provenance, version 1, as their builder writes it.
///
/// # Errors
/// [`AttestError::Predicate`]: it does not say what was built by whom.
pub fn provenance(said: Vec<u8>) -> Result<Saying, AttestError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Provenance {
        build_definition: Definition,
        run_details: Details,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Definition {
        build_type: String,
    }
    #[derive(Deserialize)]
    struct Details {
        builder: Builder,
    }
    #[derive(Deserialize)]
    struct Builder {
        id: String,
    }
    let kind = "provenance";
    let parsed: Provenance = serde_json::from_slice(&said).map_err(unread(kind))?;
    if parsed.build_definition.build_type.is_empty() || parsed.run_details.builder.id.is_empty() {
        return Err(AttestError::Predicate {
            kind,
            why: "its builder or its kind of build has no name".into(),
        });
    }
    Ok(Saying::Statement { predicate: Predicate::Provenance, said })
}

fn unread(kind: &'static str) -> impl FnOnce(serde_json::Error) -> AttestError {
    move |error| AttestError::Predicate { kind, why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provenance_names_its_builder() {
        let of = |text: &str| provenance(text.as_bytes().to_vec()).map_err(|error| error.code());
        let whole = r#"{"buildDefinition":{"buildType":"https://example.com/make"},"runDetails":{"builder":{"id":"https://example.com/ci"}}}"#;
        assert!(of(whole).is_ok());
        assert_eq!(of("{}"), Err("E-trust-evidence-predicate"));
        assert_eq!(of(&whole.replace("https://example.com/ci", "")), Err("E-trust-evidence-predicate"));
    }
}
