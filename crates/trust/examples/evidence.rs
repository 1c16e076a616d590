//! Whether a file vouches for a digest, by a public key, by the root of a certificate, or by `ROOT,SUBJECT,ISSUER`:
//! `evidence MEDIA-TYPE FILE DIGEST TRUSTED [ANNOTATIONS]`; or who holds a key of cosign's: `evidence key FILE PASSWORD`.
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use trust::cosign::{Keyless, TrustedRoot, open_private_key};
use trust::evidence::{Evidence, Grounds, verify};
use trust::foreign::ForeignKey;
use trust::key::Signer as _;
use trust::notation::{Certificate, Identities, TrustPolicy};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["key", file, password] => {
            let key = open_private_key(&std::fs::read_to_string(file)?, password.as_bytes())?;
            println!("{}", key.public().to_pem().unwrap_or_default());
        }
        [media_type, file, digest, trusted, annotations @ ..] => {
            let bytes = std::fs::read(file)?;
            let annotations = match annotations.first() {
                Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
                None => BTreeMap::new(),
            };
            let evidence = Evidence { media_type, annotations: &annotations, bytes: &bytes };
            let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
            println!("{:#?}", verify(evidence, &digest.parse()?, &grounds(trusted)?, now)?);
        }
        _ => return Err("evidence MEDIA-TYPE FILE DIGEST TRUSTED [ANNOTATIONS]".into()),
    }
    Ok(())
}

fn grounds(file: &str) -> Result<Grounds, Box<dyn Error>> {
    if let [root, subject, issuer] = file.split(',').collect::<Vec<_>>().as_slice() {
        let root = TrustedRoot::parse(&std::fs::read(root)?)?;
        return Ok(Grounds { keyless: Some(Keyless::new(root, *subject, *issuer)), ..Grounds::default() });
    }
    let bytes = std::fs::read(file)?;
    if let Ok(key) = ForeignKey::from_pem(&String::from_utf8_lossy(&bytes)) {
        return Ok(Grounds { keys: vec![key], ..Grounds::default() });
    }
    let root = vec![Certificate::parse(&bytes)?];
    let policy = TrustPolicy { roots: root.clone(), signing_authorities: root, identities: Identities::Any };
    Ok(Grounds { notation: Some(policy), ..Grounds::default() })
}
