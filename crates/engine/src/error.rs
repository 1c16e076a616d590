//! One error for whoever drives the engine: each stage's own, with its code, remedy and exit code.

use std::io;

use launch::LaunchError;
use ledger::LedgerError;
use model::publish::Publish;
use model::reference::ReferenceSyntax;
use network::NetworkError;
use policy::{ConfineError, Refusal};
use registry::client::ClientError;
use store::StoreError;
use store::copy::CopyError;

use crate::attest::AttestError;
use crate::examine::ExamineError;
use crate::foreground::ForegroundError;
use crate::logs::LogsError;
use crate::name::NameSyntax;
use crate::registries::RegistriesError;
use crate::ship::ShipError;
use crate::state::StateError;
use crate::trust::{PublishingError, TrustError};
use crate::user::UserError;
use crate::volumes::VolumeError;

/// Why the engine did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Policy said no, and the ledger has it.
    #[error("refused: {refusal}")]
    Refused {
        /// What was asked, what said no, and what would change it.
        refusal: Box<Refusal>,
        /// Index of the ledger's entry.
        entry: u64,
    },
    /// A text names no image.
    #[error(transparent)]
    Reference(#[from] ReferenceSyntax),
    /// A text cannot be a container's name.
    #[error(transparent)]
    Name(#[from] NameSyntax),
    /// About images.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// About registries, and what they say.
    #[error(transparent)]
    Registries(#[from] RegistriesError),
    /// About images on their way.
    #[error(transparent)]
    Ship(#[from] ShipError),
    /// What came is not what it should be, and the ledger has it.
    #[error("{source}; ledger entry {entry} has it")]
    Forged {
        /// What is wrong with it.
        source: Box<EngineError>,
        /// Index of the ledger's entry.
        entry: u64,
    },
    /// About the state of containers.
    #[error(transparent)]
    State(#[from] StateError),
    /// About volumes.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// About history.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// About the user that the container runs as.
    #[error(transparent)]
    User(#[from] UserError),
    /// The request cannot be carried out.
    #[error(transparent)]
    Confine(#[from] ConfineError),
    /// The start failed.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// About published ports.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A container of this site has the port.
    #[error("port {} of {} is published by `{container}` already", .port.host_port, .port.address)]
    PortInUse {
        /// The port.
        port: Publish,
        /// Its name.
        container: String,
    },
    /// About a copy, on the host's side.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// About a copy, on the container's side.
    #[error("in container {container}: {source}")]
    CopyInside {
        /// The container's name.
        container: String,
        /// What went wrong there.
        source: CopyError,
    },
    /// About what is in images, and what is wrong with it.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// About publishers, and what they say.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// About what vouches for images.
    #[error(transparent)]
    Attest(#[from] AttestError),
    /// About what publishers do here.
    #[error(transparent)]
    Publishing(Box<PublishingError>),
    /// About terminals and pipes.
    #[error(transparent)]
    Foreground(#[from] ForegroundError),
    /// About logs.
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// A path of the host that the request names.
    #[error("`{asked_by}`: cannot use `{path}` of this host: {source}")]
    HostPath {
        /// The option, as typed.
        asked_by: String,
        /// The path.
        path: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The kernel refused something that it never should.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
}

impl From<ClientError> for EngineError {
    fn from(error: ClientError) -> Self {
        Self::Registries(error.into())
    }
}

impl EngineError {
    /// For `map_err`.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { refusal, .. } => refusal.code(),
            Self::Reference(_) => "E-image-reference",
            Self::Name(_) => "E-run-name",
            Self::Store(error) => error.code(),
            Self::Registries(error) => error.code(),
            Self::Ship(error) => error.code(),
            Self::Forged { source, .. } => source.code(),
            Self::State(error) => error.code(),
            Self::Volume(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::User(error) => error.code(),
            Self::Confine(error) => error.code(),
            Self::Launch(error) => error.code(),
            Self::Network(error) => error.code(),
            Self::PortInUse { .. } => "E-network-port-in-use",
            Self::Copy(error) | Self::CopyInside { source: error, .. } => error.code(),
            Self::Examine(error) => error.code(),
            Self::Trust(error) => error.code(),
            Self::Attest(error) => error.code(),
            Self::Publishing(error) => error.code(),
            Self::Foreground(error) => error.code(),
            Self::Logs(error) => error.code(),
            Self::HostPath { .. } => "E-run-host-path",
            Self::Io { .. } => "E-engine-io",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Refused { refusal, .. } => refusal.remedy(),
            Self::Reference(ReferenceSyntax::Elsewhere(_)) => {
                "have it saved, `docker save IMAGE -o FILE`, and take that in: `coffer image import FILE`".into()
            }
            Self::Reference(_) => {
                "give a name like `alpine:3.20` or a source like `oci-archive:web.tar`; `coffer image ls` lists what there is"
                    .into()
            }
            Self::Name(_) => "choose a name like `web-1`".into(),
            Self::Store(error) => error.remedy().to_string(),
            Self::Registries(error) => error.remedy(),
            Self::Ship(error) => error.remedy(),
            Self::Forged { source, .. } => source.remedy(),
            Self::State(error) => error.remedy(),
            Self::Volume(error) => error.remedy(),
            Self::Ledger(error) => error.remedy(),
            Self::User(error) => error.remedy(),
            Self::Confine(error) => error.remedy(),
            Self::Launch(error) => error.remedy(),
            Self::Network(error) => error.remedy(),
            Self::PortInUse { container, .. } => {
                format!("end and remove it: `coffer rm -f {container}`; or publish another port")
            }
            Self::Copy(error) | Self::CopyInside { source: error, .. } => error.remedy(),
            Self::Examine(error) => error.remedy(),
            Self::Trust(error) => error.remedy(),
            Self::Attest(error) => error.remedy(),
            Self::Publishing(error) => error.remedy(),
            Self::Foreground(error) => error.remedy(),
            Self::Logs(error) => error.remedy(),
            Self::HostPath { asked_by, .. } if asked_by.starts_with("--device") => {
                "give a device of this host: `ls -l /dev`, `lsblk`".into()
            }
            Self::HostPath { source, path, .. } if source.kind() == io::ErrorKind::NotFound => {
                format!("make it first: `mkdir -p {path}`")
            }
            Self::HostPath { path, .. } => format!("check the path: `ls -ld {path}`"),
            Self::Io { .. } => "`coffer system check` says what this host lacks".into(),
        }
    }

    /// Docker's exit codes for `run`: 127 not found, 126 not executable, 125 everything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Launch(error) => error.exit_code(),
            _ => 125,
        }
    }
}
