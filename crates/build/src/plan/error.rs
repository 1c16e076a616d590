//! Why a file makes no plan.

use model::signal::SignalSyntax;

use super::graph::BaseNeeded;
use super::platform::PlatformSyntax;
use crate::instruction::Lines;
use crate::{Fault, MountError, WordError};

/// Why a file makes no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// An instruction cannot be carried out as it is written.
    #[error("line {}: {problem}", .lines.first)]
    Instruction {
        /// Where it stands.
        lines: Lines,
        /// What is wrong with it.
        problem: Problem,
    },
    /// There is nothing to build.
    #[error("the file has no stage: it begins with FROM and an image")]
    Empty,
    /// `--target` names no stage.
    #[error("the file has no stage `{target}`{}", meant(.near))]
    Target {
        /// What was asked for.
        target: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// Images that were not got before: [`super::needs`] names them.
    #[error("`{}` has to be got before there can be a plan", .0.reference)]
    Missing(BaseNeeded),
    /// A build argument is no time.
    #[error("`SOURCE_DATE_EPOCH={0}` is no time: it is the number of seconds since 1970")]
    Epoch(String),
}

/// What is wrong with an instruction.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A word is malformed, or a variable has to be set.
    #[error(transparent)]
    Word(#[from] WordError),
    /// `FROM $X`, and nothing is left.
    #[error("`{written}` is empty once its variables are replaced{}; give them a value before the first FROM, or with --build-arg", meant(.near))]
    BlankBase {
        /// As written.
        written: String,
        /// A variable that may have been meant.
        near: Option<String>,
    },
    /// A name is longer than any.
    #[error("an image's name has at most {0} bytes")]
    LongBase(usize),
    /// `--platform`
    #[error(transparent)]
    Platform(#[from] PlatformSyntax),
    /// A stage that comes later.
    #[error("the stage `{0}` comes later in the file; move it before this one")]
    LaterStage(String),
    /// A stage that takes from itself.
    #[error(
        "the stage `{0}` cannot take files from itself; an image of that name can be given another with --build-context"
    )]
    OwnStage(String),
    /// A stage by a number that is none.
    #[error("there is no stage {0} before this one; they are counted from 0")]
    NoStage(usize),
    /// `--from=$X`
    #[error("variables are not replaced in `from={0}`; begin a stage with `FROM {0} AS name` and name that")]
    FromVariable(String),
    /// A name is no image's.
    #[error("`{0}` is empty: it names neither a stage nor an image")]
    BlankFrom(String),
    /// `ONBUILD` of a base that is no instruction.
    #[error("the base image brings along `{text}`, which cannot be carried out: {reason}")]
    Trigger {
        /// Its text, or its beginning.
        text: String,
        /// Why not.
        reason: Fault,
    },
    /// `ONBUILD`, very often.
    #[error("the base images bring along more than {0} instructions")]
    Triggers(usize),
    /// `EXPOSE`
    #[error(
        "`{0}` is no port: it is a number up to 65535, or two with `-` between them, and may end with /tcp, /udp or /sctp"
    )]
    Port(String),
    /// `EXPOSE`, very often.
    #[error("the file exposes more ports than there are")]
    Ports,
    /// `STOPSIGNAL`
    #[error(transparent)]
    Signal(#[from] SignalSyntax),
    /// `VOLUME`
    #[error("a volume's path is empty once its variables are replaced")]
    BlankVolume,
    /// `ENV`, `LABEL`
    #[error("the name `{0}` is empty once its variables are replaced")]
    BlankName(String),
    /// `RUN []`
    #[error("there is nothing to execute; name a program")]
    NoProgram,
    /// `RUN --network`
    #[error("`--network={0}` is none of default, none and host")]
    Network(String),
    /// `RUN --security`
    #[error("`--security={0}` is neither sandbox nor insecure")]
    Security(String),
    /// `RUN --device`
    #[error("no step has a device, and this one requires `{0}`; leave `required` out if it can do without")]
    Device(String),
    /// `--chmod`
    #[error("`--chmod={0}` is no mode: it is octal, up to 7777, or symbolic as in u=rwX,go=rX")]
    Mode(String),
    /// `--link --chown=name`
    #[error(
        "`--chown={0}` is looked up in what lies below, and `--link` is there to not depend on it; give numbers"
    )]
    LinkOwner(String),
    /// `COPY https://...`
    #[error("COPY takes no addresses: `{0}` is for ADD")]
    CopyAddress(String),
    /// `--checksum` of something else.
    #[error("`--checksum` is for one address or one repository, and nothing else beside it")]
    ChecksumOf,
    /// `--checksum` is malformed.
    #[error("`{0}` is no checksum: of an address it is sha256: and 64 hex digits, of a repository a commit")]
    Checksum(String),
    /// A repository's address is malformed, or says two things.
    #[error("`{address}`: {reason}")]
    Git {
        /// The address.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// A document whose name cannot be a file's.
    #[error("the here-document's name `{0}` becomes a file's, and cannot")]
    DocumentName(String),
    /// `RUN --mount`, as it is written.
    #[error(transparent)]
    MountOption(#[from] MountError),
    /// `RUN --mount`
    #[error("--mount=type={kind}: {reason}")]
    Mount {
        /// `cache`
        kind: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// `RUN --mount`, very often.
    #[error("a step has at most {0} mounts; mount a directory that has more in it")]
    Mounts(usize),
    /// What the values up to here come to.
    #[error(
        "the file's values come to more than {0} bytes here; is a variable made of itself again and again?"
    )]
    Size(usize),
}

fn meant(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// How much of a text an error shows.
const SHOWN: usize = 100;

/// The beginning of a text that may be anything.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    shown
}

impl Problem {
    /// What stands on these lines.
    pub(super) fn at(lines: Lines) -> impl Fn(Self) -> PlanError {
        move |problem| PlanError::Instruction { lines, problem }
    }
}
