//! Signed notes and their Ed25519 keys (c2sp.org/signed-note).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use model::digest::Digest;

/// The signature type identifier of Ed25519 (signed-note, "Signature types").
const ED25519: u8 = 0x01;

/// Longest key name and origin that is accepted, in bytes.
pub(crate) const NAME_LIMIT: usize = 255;

/// Most signature lines read from a note; verifiers must accept at least 16.
const SIGNATURE_LIMIT: usize = 64;

/// Longest note that is read, in bytes: 16 post-quantum signatures of nearly 5 kB each fit.
const NOTE_LIMIT: usize = 128 * 1024;

/// Why a text is not a signed note, key or checkpoint, or not one to trust.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the format, with the part that is wrong.
    #[error("not a signed checkpoint: {0}")]
    Malformed(&'static str),
    /// Not `name+hash+base64`, or the hash is not that of the key.
    #[error("`{0}` is not a verifier key of the form `name+hash+key`")]
    Key(String),
    /// No line is by the key that was asked for.
    #[error("the checkpoint carries no signature by `{0}`")]
    Unsigned(String),
    /// There is a line by the key, and it does not verify.
    #[error("the signature by `{0}` does not verify: the checkpoint was altered or forged")]
    Forged(String),
}

impl NoteError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "E-ledger-note",
            Self::Key(_) => "E-ledger-verifier",
            Self::Unsigned(_) => "E-ledger-unsigned",
            Self::Forged(_) => "E-ledger-forged",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Malformed(_) => "give all that `coffer ledger checkpoint` printed, with the signature line",
            Self::Key(_) => "copy the key as `coffer ledger checkpoint` prints it",
            Self::Unsigned(_) => "check that the checkpoint is of this ledger and not of another",
            Self::Forged(_) => "do not trust it; find out who had it last, and compare with another copy",
        }
        .to_owned()
    }
}

/// Whether a text may be a key name: no Unicode space, no plus, no control character.
pub(crate) fn is_name(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    !text.is_empty() && text.len() <= NAME_LIMIT && !text.chars().any(odd)
}

/// `SHA-256(name || 0x0A || type || public key)[:4]`.
fn key_id(name: &str, public: &[u8; 32]) -> u32 {
    let text = [name.as_bytes(), &[b'\n', ED25519], public].concat();
    let [a, b, c, d, ..] = *Digest::of(&text).as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// The public half of a log's key, with the name it signs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    public: VerifyingKey,
}

impl VerifierKey {
    fn new(name: &str, public: VerifyingKey) -> Self {
        Self { name: name.to_owned(), id: key_id(name, public.as_bytes()), public }
    }

    /// Reads `name+hash+base64(0x01 || public key)`.
    ///
    /// # Errors
    /// [`NoteError::Key`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let bad = || NoteError::Key(text.chars().take(100).collect());
        let (name, id, data) = key_parts(text.trim_end(), is_name).ok_or_else(bad)?;
        let public = VerifyingKey::from_bytes(&data).map_err(|_| bad())?;
        let key = Self::new(name, public);
        if key.id == id { Ok(key) } else { Err(bad()) }
    }

    /// The name it signs under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Checks one signature over a text.
    pub(crate) fn accepts(&self, text: &str, signature: &[u8; 64]) -> bool {
        self.public.verify_strict(text.as_bytes(), &Signature::from_bytes(signature)).is_ok()
    }
}

/// As tools such as Go's `note` package read it.
impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let data = [&[ED25519], self.public.as_bytes().as_slice()].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(data))
    }
}

fn key_parts(text: &str, accept: fn(&str) -> bool) -> Option<(&str, u32, [u8; 32])> {
    // Base64 may hold a plus itself, so the key is what follows the second one.
    let mut parts = text.splitn(3, '+');
    let (name, id, data) = (parts.next()?, parts.next()?, parts.next()?);
    let hex = id.len() == 8 && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if !accept(name) || !hex || data.len() > 64 {
        return None;
    }
    let data = STANDARD.decode(data).ok()?;
    let (&ED25519, key) = data.split_first()? else { return None };
    Some((name, u32::from_str_radix(id, 16).ok()?, key.try_into().ok()?))
}

/// The private half; it never leaves its file and this process.
pub(crate) struct Signer {
    key: SigningKey,
    verifier: VerifierKey,
}

impl Signer {
    pub(crate) fn from_seed(name: &str, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key());
        Self { key, verifier }
    }

    /// Reads `PRIVATE+KEY+name+hash+base64(0x01 || seed)`, the form that Go's `note` package writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, id, seed) = key_parts(text.trim_end().strip_prefix("PRIVATE+KEY+")?, is_name)?;
        let signer = Self::from_seed(name, &seed);
        (signer.verifier.id == id).then_some(signer)
    }

    pub(crate) fn encode(&self) -> String {
        let data = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        let VerifierKey { name, id, .. } = &self.verifier;
        format!("PRIVATE+KEY+{name}+{id:08x}+{}\n", STANDARD.encode(data))
    }

    pub(crate) fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(crate) fn sign(&self, text: &str) -> [u8; 64] {
        self.key.sign(text.as_bytes()).to_bytes()
    }
}

/// A note taken apart, its signatures not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// The signed text, with its final newline.
    pub(crate) text: String,
    /// Key name, and key id with signature.
    signatures: Vec<(String, Vec<u8>)>,
}

impl Note {
    pub(crate) fn parse(note: &str) -> Result<Self, NoteError> {
        let bad = NoteError::Malformed;
        if note.len() > NOTE_LIMIT {
            return Err(bad("it is longer than 128 KiB"));
        }
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(bad("it holds control characters"));
        }
        let (text, lines) =
            note.rsplit_once("\n\n").ok_or(bad("there is no blank line before signatures"))?;
        let lines = lines.strip_suffix('\n').ok_or(bad("the last line is cut short"))?;
        if lines.split('\n').count() > SIGNATURE_LIMIT {
            return Err(bad("it has more than 64 signatures"));
        }
        let signatures = lines.split('\n').map(signature_line).collect::<Option<_>>();
        let signatures = signatures.ok_or(bad("a signature line is not `— name base64`"))?;
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// Checks the signature by `key`; lines of unknown keys are ignored, as the specification asks.
    pub(crate) fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        let id = key.id.to_be_bytes();
        let by_key = |(name, data): &(String, Vec<u8>)| {
            let signature = data.strip_prefix(&id).filter(|_| *name == key.name)?;
            Some(signature.to_vec())
        };
        let mut found = self.signatures.iter().filter_map(by_key).peekable();
        if found.peek().is_none() {
            return Err(NoteError::Unsigned(key.name.clone()));
        }
        let good = |signature: Vec<u8>| {
            <[u8; 64]>::try_from(signature).is_ok_and(|signature| key.accepts(&self.text, &signature))
        };
        if found.all(good) { Ok(()) } else { Err(NoteError::Forged(key.name.clone())) }
    }

    /// The whole note for a text that ends in a newline.
    pub(crate) fn assemble(text: &str, key: &VerifierKey, signature: &[u8; 64]) -> String {
        let data = [key.id.to_be_bytes().as_slice(), signature].concat();
        format!("{text}\n— {} {}\n", key.name, STANDARD.encode(data))
    }
}

fn signature_line(line: &str) -> Option<(String, Vec<u8>)> {
    let (name, data) = line.strip_prefix("— ")?.split_once(' ')?;
    let data = STANDARD.decode(data).ok()?;
    (is_name(name) && data.len() > 4).then(|| (name.to_owned(), data))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pair of keys and the note in the documentation of Go's golang.org/x/mod/sumdb/note.
    const PRIVATE: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\
        \n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_note_in_the_documentation_of_go_is_made_and_verified() {
        let signer = Signer::parse(PRIVATE).unwrap();
        assert_eq!(signer.verifier().to_string(), PUBLIC);
        assert_eq!(signer.encode().trim_end(), PRIVATE);
        let note = Note::parse(NOTE).unwrap();
        assert_eq!(note.verify(&VerifierKey::parse(PUBLIC).unwrap()), Ok(()));
        assert_eq!(Note::assemble(&note.text, signer.verifier(), &signer.sign(&note.text)), NOTE);
    }

    #[test]
    fn an_altered_note_is_forged_and_another_key_is_unsigned() {
        let key = VerifierKey::parse(PUBLIC).unwrap();
        let altered = Note::parse(&NOTE.replace("answer", "reason")).unwrap();
        assert_eq!(altered.verify(&key), Err(NoteError::Forged("PeterNeumann".into())));
        let other = Signer::from_seed("PeterNeumann", &[7; 32]);
        let found = Note::parse(NOTE).unwrap().verify(other.verifier());
        assert_eq!(found, Err(NoteError::Unsigned("PeterNeumann".into())));
    }

    #[test]
    fn keys_with_a_wrong_hash_or_type_are_refused() {
        for text in ["", "a+b+c", &PUBLIC.replace("c74f20a3", "c74f20a4"), &PUBLIC.replace("+AR", "+BR")] {
            assert!(matches!(VerifierKey::parse(text), Err(NoteError::Key(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_note_or_an_error(text in "(?s).{0,200}", tail in "(\n\n— [a-z]{1,3} [A-Za-z0-9+/=]{0,9}\n)?") {
            let _either = Note::parse(&(text + &tail));
        }
    }
}
