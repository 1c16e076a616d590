//! What somebody trusts, from the files that they name.

use std::path::Path;

use engine::EngineError;
use engine::attest::{
    AttestError, Certificate, ForeignKey, Grounds, Identities, Keyless, SignatureError, TrustPolicy,
    TrustedRoot,
};

use super::read;
use crate::args::attest::Grounds as Wish;
use crate::errors::Failure;

/// Reads all of it.
pub(super) fn read_all(wish: &Wish) -> Result<Grounds, Failure> {
    if wish.key.is_empty() && wish.identity.is_none() && wish.trust_store.is_empty() {
        return Err(Failure::usage(
            "nobody's word counts yet",
            "give --key FILE, or --identity with --issuer and --trusted-root, or --trust-store FILE;\n\
             who is pinned vouches without: coffer trust verify IMAGE",
        ));
    }
    let keys = wish.key.iter().map(|path| {
        let bytes = read(path)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        ForeignKey::from_pem(&text).map_err(in_file(path))
    });
    Ok(Grounds { keys: keys.collect::<Result<_, _>>()?, keyless: keyless(wish)?, notation: notation(wish)? })
}

fn keyless(wish: &Wish) -> Result<Option<Keyless>, Failure> {
    let (Some(identity), Some(issuer), Some(root)) = (&wish.identity, &wish.issuer, &wish.trusted_root)
    else {
        return Ok(None);
    };
    let root = TrustedRoot::parse(&read(root)?).map_err(in_file(root))?;
    Ok(Some(Keyless::new(root, identity, issuer)))
}

fn notation(wish: &Wish) -> Result<Option<TrustPolicy>, Failure> {
    if wish.trust_store.is_empty() {
        return Ok(None);
    }
    let mut roots = Vec::new();
    for path in &wish.trust_store {
        roots.extend(Certificate::parse_all(&read(path)?).map_err(in_file(path))?);
    }
    let identities = match wish.trusted_identity.as_slice() {
        [] => Identities::Any,
        texts => Identities::parse(texts.iter().map(String::as_str)).map_err(failed)?,
    };
    Ok(Some(TrustPolicy { roots, identities, ..TrustPolicy::default() }))
}

/// An error that says which of the files it is about.
fn in_file(path: &Path) -> impl FnOnce(SignatureError) -> Failure {
    let name = path.display().to_string();
    move |error| Failure::failed(error.code(), format!("`{name}`: {error}"), error.remedy())
}

fn failed(error: SignatureError) -> Failure {
    EngineError::from(AttestError::from(error)).into()
}
