//! Keys in hardware, which sign through OpenSC's `pkcs11-tool`.

mod escape;
mod slots;
mod objects;
mod tool;
mod uri;

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::digest::Digest;
use trust::key::{Material, PublicKey, SignError, Signer};

pub use tool::Tools;
pub use uri::{TokenTraits, TokenUri, TokenUriSyntax};

use crate::registries::Secret;
use tool::{PIN, Tool, ToolError};

/// More than any PIN has, in bytes.
const MAX_PIN: usize = 256;

/// What modules answer to a PIN that is not theirs; a token that has locked itself says something else.
const WRONG_PIN: [&str; 3] = ["CKR_PIN_INCORRECT", "CKR_PIN_INVALID", "CKR_PIN_LEN_RANGE"];

/// More than the public key on P-256 has, in bytes.
const MAX_KEY: usize = 4096;

/// A key in hardware.
#[derive(Debug)]
pub struct Token {
    uri: TokenUri,
    tool: Tool,
    slot: String,
    /// What chooses this key among those of the token.
    which: Vec<String>,
    public: PublicKey,
    pin: Secret,
}

/// Why a token does not sign.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A text names no key.
    #[error(transparent)]
    Uri(#[from] TokenUriSyntax),
    /// OpenSC is not here.
    #[error("keys in hardware need OpenSC's `pkcs11-tool`, and it is in no directory of PATH")]
    NoTool,
    /// The tool or the token's module fails.
    #[error("token of `{uri}`: {reason}")]
    Tool {
        /// Which key.
        uri: String,
        /// What the tool said.
        reason: String,
    },
    /// It is not plugged in, or called otherwise.
    #[error("no token fits `{uri}`; {}", there(.labels))]
    NoToken {
        /// Which key.
        uri: String,
        /// What the tokens are called that there are.
        labels: Vec<String>,
    },
    /// It could be any of them.
    #[error("{} tokens fit `{uri}`, with the serial numbers {}", .serials.len(), .serials.join(", "))]
    Several {
        /// Which key.
        uri: String,
        /// What tells them apart.
        serials: Vec<String>,
    },
    /// The token has others.
    #[error("no key of the token is called as in `{uri}`; {}", there(.labels))]
    NoKey {
        /// Which key.
        uri: String,
        /// What the keys are called that there are.
        labels: Vec<String>,
    },
    /// It could be any of them.
    #[error("{} keys of the token are called as in `{uri}`, with the ids {}", .ids.len(), .ids.join(", "))]
    SeveralKeys {
        /// Which key.
        uri: String,
        /// What tells them apart.
        ids: Vec<String>,
    },
    /// Made for something else.
    #[error("the key of `{0}` is not on P-256, and only those are used")]
    Curve(String),
    /// The token says so. After a few times it says nothing else any more.
    #[error("the token of `{0}` says that the PIN is wrong")]
    WrongPin(String),
    /// The file with the PIN.
    #[error("cannot take the PIN from `{}`: {reason}", .path.display())]
    PinFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl TokenError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Uri(_) => "E-trust-token-name",
            Self::NoTool => "E-trust-token-tool",
            Self::Tool { .. } => "E-trust-token",
            Self::NoToken { .. } | Self::Several { .. } | Self::NoKey { .. } | Self::SeveralKeys { .. } => {
                "E-trust-token-which"
            }
            Self::Curve(_) => "E-trust-token-key",
            Self::WrongPin(_) | Self::PinFile { .. } => "E-trust-token-pin",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Uri(error) => error.remedy().into(),
            Self::NoTool => "sudo apt-get install opensc".into(),
            Self::Tool { .. } => "`pkcs11-tool -L` and `-O`, with `--module`, show what the token has".into(),
            Self::NoToken { .. } => "plug it in; `pkcs11-tool -L` shows what is there".into(),
            Self::Several { .. } => "say which: add `;serial=NUMBER` to its name".into(),
            Self::NoKey { .. } => "`pkcs11-tool -O` shows what is there".into(),
            Self::SeveralKeys { .. } => "say which: add `;id=%01`, with its id, to the name".into(),
            Self::Curve(_) => "make one: `pkcs11-tool --keypairgen --key-type EC:prime256v1`".into(),
            Self::WrongPin(_) => {
                "look before trying again: a token locks itself after a few wrong PINs".into()
            }
            Self::PinFile { path, .. } => {
                format!("`chmod 600 {}`, with the PIN on its only line", path.display())
            }
        }
    }
}

fn there(labels: &[String]) -> String {
    match labels {
        [] => "there is none at all".into(),
        labels => format!("there are {}", labels.join(", ")),
    }
}

impl Token {
    /// Finds the token and its public key. The PIN is tried at the first signature only.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn open(uri: TokenUri, tools: &Tools, pin: Secret) -> Result<Self, TokenError> {
        let tool = Tool::find(tools, uri.module.as_deref()).map_err(|error| failed(&uri, &error))?;
        let slot = slot(&tool, &uri)?;
        let which = which(&tool, &slot, &uri)?;
        let public = public(&tool, &slot, &which, &uri)?;
        Ok(Self { uri, tool, slot, which, public, pin })
    }

    /// The name that it was opened by.
    #[must_use]
    pub fn uri(&self) -> &TokenUri {
        &self.uri
    }

    /// ECDSA of a digest, as the DER that TUF has. Tokens that hash by themselves are few.
    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let mut arguments = vec!["--slot", &self.slot, "--login", "--pin"];
        let pin = format!("env:{PIN}");
        arguments.extend([pin.as_str(), "--sign", "--mechanism", "ECDSA", "--signature-format", "openssl"]);
        arguments.extend(self.which.iter().map(String::as_str));
        let digest = Digest::of(message);
        let signed = self.tool.run(&arguments, Some(self.pin.reveal()), digest.as_bytes());
        signed.map_err(|error| failed(&self.uri, &error))
    }
}

impl Signer for Token {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let error = |reason: String| SignError { key: self.public.id(), reason };
        let signature = self.signature(message).map_err(|failed| error(failed.to_string()))?;
        // Where ids are missing or not unique, the tool may take this one's public and another's private half.
        if self.public.verifies(message, &signature) {
            return Ok(signature);
        }
        Err(error(format!("what the token of `{}` made is no signature of that key", self.uri)))
    }
}

/// The PIN in a file that nobody else may read.
///
/// # Errors
/// [`TokenError::PinFile`].
pub fn pin_of(path: &Path) -> Result<Secret, TokenError> {
    let wrong = |reason: String| TokenError::PinFile { path: path.to_owned(), reason };
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let meta = file.metadata().map_err(|error| wrong(error.to_string()))?;
    if meta.mode() & 0o077 != 0 {
        return Err(wrong(format!("others may read it, its mode is {:o}", meta.mode() & 0o777)));
    }
    let mut text = String::with_capacity(MAX_PIN);
    let read = file.take(MAX_PIN as u64).read_to_string(&mut text);
    read.map_err(|error| wrong(error.to_string()))?;
    match text.strip_suffix('\n').unwrap_or(&text) {
        pin if pin.is_empty() || pin.contains(char::is_control) || pin.len() >= MAX_PIN => {
            Err(wrong("it has no PIN on one line".into()))
        }
        pin => Ok(Secret::new(pin.to_owned())),
    }
}

fn slot(tool: &Tool, uri: &TokenUri) -> Result<String, TokenError> {
    let listing = tool.run(&["--list-token-slots"], None, b"").map_err(|error| failed(uri, &error))?;
    match slots::find(&String::from_utf8_lossy(&listing), &uri.token) {
        slots::Found::One(slot) => Ok(slot.id),
        slots::Found::NoneOf(labels) => Err(TokenError::NoToken { uri: uri.to_string(), labels }),
        slots::Found::Several(serials) => Err(TokenError::Several { uri: uri.to_string(), serials }),
    }
}

/// What chooses the key: its id, which its label leads to where it is not given, or its label where it has none.
fn which(tool: &Tool, slot: &str, uri: &TokenUri) -> Result<Vec<String>, TokenError> {
    let label = uri.object.clone().unwrap_or_default();
    let mut which = Vec::new();
    let id = match &uri.id {
        Some(id) => Some(id.iter().map(|byte| format!("{byte:02x}")).collect()),
        None => id_of(tool, slot, uri, &label)?,
    };
    which.extend(id.into_iter().flat_map(|id| ["--id".to_owned(), id]));
    if !label.is_empty() {
        which.extend(["--label".to_owned(), label]);
    }
    Ok(which)
}

fn id_of(tool: &Tool, slot: &str, uri: &TokenUri, label: &str) -> Result<Option<String>, TokenError> {
    let arguments = ["--slot", slot, "--list-objects", "--type", "pubkey"];
    let listing = tool.run(&arguments, None, b"").map_err(|error| failed(uri, &error))?;
    match objects::find(&String::from_utf8_lossy(&listing), label) {
        objects::Found::One(id) => Ok(id),
        objects::Found::NoneOf(labels) => Err(TokenError::NoKey { uri: uri.to_string(), labels }),
        objects::Found::Several(ids) => Err(TokenError::SeveralKeys { uri: uri.to_string(), ids }),
    }
}

fn public(tool: &Tool, slot: &str, which: &[String], uri: &TokenUri) -> Result<PublicKey, TokenError> {
    let mut arguments = vec!["--slot", slot, "--read-object", "--type", "pubkey"];
    arguments.extend(which.iter().map(String::as_str));
    let spki = tool.run(&arguments, None, b"").map_err(|error| failed(uri, &error))?;
    let curve = || TokenError::Curve(uri.to_string());
    let spki = Some(spki).filter(|spki| spki.len() <= MAX_KEY).ok_or_else(curve)?;
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(spki));
    let key = PublicKey::from_pem(&pem).map_err(|_| curve())?;
    match key.material() {
        Some(Material::EcdsaP256(_)) => Ok(key),
        _ => Err(curve()),
    }
}

fn failed(uri: &TokenUri, error: &ToolError) -> TokenError {
    match error {
        ToolError::Missing => TokenError::NoTool,
        ToolError::Failed { complaint, .. } if WRONG_PIN.iter().any(|code| complaint.contains(code)) => {
            TokenError::WrongPin(uri.to_string())
        }
        error => TokenError::Tool { uri: uri.to_string(), reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests;
