//! Whether a file vouches for a digest, by a public key or by the root of a certificate:
//! `evidence MEDIA-TYPE FILE DIGEST KEY-OR-CERTIFICATE [SIGNATURE]`; or who holds a key of cosign's:
//! `evidence key FILE PASSWORD`.
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use trust::cosign::open_private_key;
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
        [media_type, file, digest, trusted, signature @ ..] => {
            let bytes = std::fs::read(file)?;
            let signature = signature.first().map(|text| ("dev.cosignproject.cosign/signature", text));
            let annotations: BTreeMap<_, _> =
                signature.into_iter().map(|(key, value)| (key.to_owned(), (*value).to_owned())).collect();
            let evidence = Evidence { media_type, annotations: &annotations, bytes: &bytes };
            let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
            println!("{:#?}", verify(evidence, &digest.parse()?, &grounds(trusted)?, now)?);
        }
        _ => return Err("evidence MEDIA-TYPE FILE DIGEST KEY-OR-CERTIFICATE [SIGNATURE]".into()),
    }
    Ok(())
}

fn grounds(file: &str) -> Result<Grounds, Box<dyn Error>> {
    let bytes = std::fs::read(file)?;
    if let Ok(key) = ForeignKey::from_pem(&String::from_utf8_lossy(&bytes)) {
        return Ok(Grounds { keys: vec![key], ..Grounds::default() });
    }
    let root = vec![Certificate::parse(&bytes)?];
    let policy = TrustPolicy { roots: root.clone(), signing_authorities: root, identities: Identities::Any };
    Ok(Grounds { notation: Some(policy), ..Grounds::default() })
}
