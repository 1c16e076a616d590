//! Why a publisher's repository was not changed, opened or signed.

use model::digest::ClaimedDigest;

use super::{RoleName, StageName};
use crate::key::{KeyId, SignError};
use crate::metadata::{FormatError, Shortfall};

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It becomes a file's name, and the beginning of targets' names.
    #[error(
        "`{0}` cannot be a stage's name: it begins with a small letter, has small letters, digits and `-`, up to 32, and is no other role's"
    )]
    StageName(String),
    /// Not `NAME:TAG`.
    #[error(
        "`{0}` is not what a release is called: the image's name below its place, and a tag, like `web/app:1.4`"
    )]
    ReleaseName(String),
    /// More signatures than keys, or none.
    #[error("{role} cannot need {threshold} signatures of {keys} keys{}", only_one(.role))]
    Threshold {
        /// Which role.
        role: RoleName,
        /// How many.
        threshold: u32,
        /// Of how many.
        keys: usize,
    },
    /// It would count once anyway.
    #[error("{role} has key `{}` twice", .key.short())]
    KeyTwice {
        /// Which role.
        role: RoleName,
        /// Which key.
        key: KeyId,
    },
    /// Nobody could verify it.
    #[error("a key of {role} is of scheme `{scheme}`, which is not understood")]
    KeyKind {
        /// Which role.
        role: RoleName,
        /// Its scheme.
        scheme: String,
    },
    /// The online key lies where a stolen machine has it.
    #[error("key `{}` is online and cannot be a key of {role} as well", .key.short())]
    Shared {
        /// The other role.
        role: RoleName,
        /// Which key.
        key: KeyId,
    },
    /// The role has no such key.
    #[error("key `{}` is none of the keys of {role}", .key.short())]
    NotAKey {
        /// Which role.
        role: RoleName,
        /// Which key.
        key: KeyId,
    },
    /// Nobody is to be replaced.
    #[error("key `{}` is none of any role's keys", .0.short())]
    NobodysKey(KeyId),
    /// What is left cannot sign the change that would replace what is lost.
    #[error(
        "{left} of {role}'s keys are left, and {threshold} have to sign: nobody can replace the others any more"
    )]
    Lost {
        /// Which role.
        role: RoleName,
        /// Keys that are not lost.
        left: usize,
        /// How many are needed.
        threshold: u32,
    },
    /// Nobody promotes to it.
    #[error("there is no stage `{stage}`; {}", list("there are", .there, "there is none at all"))]
    NoStage {
        /// What was asked for.
        stage: StageName,
        /// Those that there are.
        there: Vec<String>,
    },
    /// Only releases are promoted.
    #[error("`{0}` is not released: what is promoted has been signed and published first")]
    NotReleased(String),
    /// The tag has moved on.
    #[error("`{name}` is released as {signed}, not as {asked}")]
    OtherDigest {
        /// Which release.
        name: String,
        /// What is signed.
        signed: ClaimedDigest,
        /// What was to be promoted.
        asked: ClaimedDigest,
    },
    /// Signing it would change nothing.
    #[error("{digest} is revoked: {reason}")]
    Revoked {
        /// Which digest.
        digest: ClaimedDigest,
        /// Why.
        reason: String,
    },
    /// There is nothing to take back.
    #[error("{0} is not revoked")]
    NotRevoked(ClaimedDigest),
    /// Whoever is refused wants to know why.
    #[error("a revocation has a reason of one line and at most {most} characters")]
    Reason {
        /// In characters.
        most: usize,
    },
    /// Statements that have to exist before a promotion.
    #[error("promotion to `{stage}` wants {}, which nobody who may has given for this digest", .kinds.join(" and "))]
    NotAttested {
        /// Which stage.
        stage: StageName,
        /// Which are missing.
        kinds: Vec<String>,
    },
    /// What an attestation is asked for by.
    #[error("`{0}` is no kind of attestation")]
    Kind(String),
    /// A publisher's file is not there.
    #[error("`{0}` is not among the publisher's files")]
    NoFile(String),
    /// A publisher's file is not what it should be.
    #[error("`{name}` {source}")]
    File {
        /// Which file.
        name: String,
        /// What is wrong.
        source: FormatError,
    },
    /// Nobody vouches for it.
    #[error("`{name}` {source}")]
    Unsigned {
        /// Which file.
        name: String,
        /// Who signed, and who had to.
        source: Box<Shortfall>,
    },
    /// Files of different times.
    #[error("`{name}` is not the file that the publisher's other files speak of: it was mixed or changed")]
    Mismatch {
        /// Which file.
        name: String,
    },
    /// Somebody else's.
    #[error("`{0}` is not the root that is known to be this publisher's")]
    OtherRoot(String),
    /// What was published is withheld.
    #[error("`{name}` has version {found}, and version {seen} was published already")]
    Rollback {
        /// Which file.
        name: String,
        /// What there is.
        found: u64,
        /// What there was.
        seen: u64,
    },
    /// The list of revoked digests.
    #[error("`revoked.json` is no list of revoked digests: {0}")]
    Revocations(String),
    /// Somebody else published meanwhile.
    #[error("version {pending} of {role} was begun when version {} was published, and by now {published} is", .pending.saturating_sub(1))]
    Moved {
        /// Of which role.
        role: RoleName,
        /// The version that waits for signatures.
        pending: u64,
        /// The version that is published.
        published: u64,
    },
    /// Two people began at the same time.
    #[error("two different changes of {0} wait for signatures")]
    Apart(RoleName),
    /// It could say what is not shown.
    #[error("`{0}` is not written as a draft of this program is, and could say more than can be shown")]
    Unusual(String),
    /// Nobody signs what they have not seen.
    #[error("the draft is not the one that was described: it changed in between")]
    Unseen,
    /// The draft waits for others.
    #[error("none of the keys given is wanted: {}", list("the draft waits for", .0, "nothing waits for a signature"))]
    Unwanted(Vec<String>),
    /// Hardware that answers with something else.
    #[error("what key `{}` made is not its signature", .0.short())]
    NoSignature(KeyId),
    /// It waits.
    #[error("nothing is complete yet; {}", list("it waits for", .0, "there is nothing to publish"))]
    Incomplete(Vec<String>),
    /// The key that says what is current.
    #[error("publishing takes the online key, and it is not here")]
    NoOnlineKey,
    /// Limits of the format.
    #[error("too many {what}: {most} are the most")]
    Full {
        /// Such as `keys of a role`.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// Versions end.
    #[error("{0} has no version left: it was counted up to the end")]
    Versions(RoleName),
    /// A key that does not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// What would be written could not be read again.
    #[error("the change cannot be written: it {0}")]
    Format(#[from] FormatError),
}

impl PublishError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::StageName(_) => "E-trust-stage-name",
            Self::ReleaseName(_) => "E-trust-release-name",
            Self::Threshold { .. } => "E-trust-threshold",
            Self::KeyTwice { .. } | Self::KeyKind { .. } | Self::Shared { .. } => "E-trust-role-key",
            Self::NotAKey { .. } | Self::NobodysKey(_) => "E-trust-no-such-key",
            Self::Lost { .. } => "E-trust-lost",
            Self::NoStage { .. } => "E-trust-no-such-stage",
            Self::NotReleased(_) | Self::OtherDigest { .. } => "E-trust-not-released",
            Self::Revoked { .. } => "E-trust-revoked-already",
            Self::NotRevoked(_) => "E-trust-not-revoked",
            Self::Reason { .. } => "E-trust-reason",
            Self::NotAttested { .. } => "E-trust-not-attested",
            Self::Kind(_) => "E-trust-attestation-kind",
            Self::NoFile(_) | Self::File { .. } | Self::Revocations(_) => "E-trust-files",
            Self::Unsigned { .. } => "E-trust-files-unsigned",
            Self::Mismatch { .. } | Self::OtherRoot(_) => "E-trust-files-changed",
            Self::Rollback { .. } => "E-trust-files-old",
            Self::Moved { .. } | Self::Apart(_) => "E-trust-draft-moved",
            Self::Unusual(_) | Self::Unseen => "E-trust-draft-unseen",
            Self::Unwanted(_) => "E-trust-signature-unwanted",
            Self::NoSignature(_) | Self::Sign(_) => "E-trust-signer",
            Self::Incomplete(_) => "E-trust-incomplete",
            Self::NoOnlineKey => "E-trust-online-key",
            Self::Full { .. } | Self::Versions(_) | Self::Format(_) => "E-trust-full",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::StageName(_) => "choose a name like `staging`".into(),
            Self::ReleaseName(_) => "give the image with its tag: `registry.example/team/app:1.4`".into(),
            Self::Threshold { .. } => "say how many keys there are and how many have to sign: `root=3:2`".into(),
            Self::KeyTwice { .. } => "give every key once; more keys make a role safer, the same key does not".into(),
            Self::KeyKind { .. } => "use an Ed25519 or ECDSA P-256 key".into(),
            Self::Shared { .. } => "give the online role a key of its own".into(),
            Self::NotAKey { .. } | Self::NobodysKey(_) => "`coffer trust keys` shows each role's keys".into(),
            Self::Lost { role: RoleName::Root, .. } => {
                "make a new publisher, `coffer trust init`, and have everybody pin its fingerprint".into()
            }
            Self::Lost { .. } => "give new keys for that role in the same command: root can replace them all".into(),
            Self::NoStage { stage, .. } => format!("make it: `coffer trust delegate PUBLISHER {stage}`"),
            Self::NotReleased(name) => format!("sign it first, with all signatures that it needs: `coffer trust sign REGISTRY/PLACE/{name}`"),
            Self::OtherDigest { signed, .. } => format!("promote what is released, {signed}, or sign the other one first"),
            Self::Revoked { digest, .. } => format!("if it is good after all: `coffer trust revoke IMAGE@{digest} --undo`"),
            Self::NotRevoked(_) => "`coffer trust log` shows what is".into(),
            Self::Reason { .. } => "say it short: `--reason CVE-2026-12345`".into(),
            Self::NotAttested { kinds, .. } => {
                let kind = kinds.first().map_or("vuln", String::as_str);
                format!("give it: `coffer attest IMAGE --type {kind} --key FILE`, with a key that the stage names")
            }
            Self::Kind(_) => "say `vuln`, `sbom`, `provenance`, or the address of a predicate's type".into(),
            Self::NoFile(_)
            | Self::File { .. }
            | Self::Revocations(_)
            | Self::Unsigned { .. }
            | Self::Mismatch { .. }
            | Self::OtherRoot(_)
            | Self::Rollback { .. } => {
                "do not sign on top of it: ask whoever runs the registry, and put a copy of the last good files back".into()
            }
            Self::Moved { .. } | Self::Apart(_) => {
                "give the command again with `--discard`, which drops what waits; its signers sign again".into()
            }
            Self::Unusual(_) => "do not sign it; have whoever made it make it again".into(),
            Self::Unseen => "look at it again, then sign".into(),
            Self::Unwanted(_) => "sign with one of those keys".into(),
            Self::NoSignature(_) | Self::Sign(_) => {
                "check that the key is the role's: `coffer trust keys`; a token locks itself after a few wrong PINs".into()
            }
            Self::Incomplete(_) => "have them give the same command; each adds one signature".into(),
            Self::NoOnlineKey => "let `coffer trust timestamp serve` publish it, or give the key".into(),
            Self::Full { .. } | Self::Versions(_) | Self::Format(_) => {
                "split it up: a second publisher for a place below".into()
            }
        }
    }
}

fn only_one(role: &RoleName) -> &'static str {
    if *role == RoleName::Online { ": a machine gives that one, alone" } else { "" }
}

fn list(before: &str, items: &[String], none: &str) -> String {
    if items.is_empty() { none.to_owned() } else { format!("{before} {}", items.join(", ")) }
}
