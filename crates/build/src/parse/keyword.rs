//! The names of instructions.

use crate::parse::near::nearest;

/// Which instruction a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    OnBuild,
    Run,
    Shell,
    StopSignal,
    User,
    Volume,
    Workdir,
}

const ALL: &[Keyword] = &[
    Keyword::Add,
    Keyword::Arg,
    Keyword::Cmd,
    Keyword::Copy,
    Keyword::Entrypoint,
    Keyword::Env,
    Keyword::Expose,
    Keyword::From,
    Keyword::Healthcheck,
    Keyword::Label,
    Keyword::Maintainer,
    Keyword::OnBuild,
    Keyword::Run,
    Keyword::Shell,
    Keyword::StopSignal,
    Keyword::User,
    Keyword::Volume,
    Keyword::Workdir,
];

impl Keyword {
    /// By name, whatever its case.
    pub(crate) fn of(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|keyword| keyword.name().eq_ignore_ascii_case(name))
    }

    /// In upper case.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Arg => "ARG",
            Self::Cmd => "CMD",
            Self::Copy => "COPY",
            Self::Entrypoint => "ENTRYPOINT",
            Self::Env => "ENV",
            Self::Expose => "EXPOSE",
            Self::From => "FROM",
            Self::Healthcheck => "HEALTHCHECK",
            Self::Label => "LABEL",
            Self::Maintainer => "MAINTAINER",
            Self::OnBuild => "ONBUILD",
            Self::Run => "RUN",
            Self::Shell => "SHELL",
            Self::StopSignal => "STOPSIGNAL",
            Self::User => "USER",
            Self::Volume => "VOLUME",
            Self::Workdir => "WORKDIR",
        }
    }

    /// The name that was meant.
    pub(super) fn near(name: &str) -> Option<String> {
        let upper = name.to_ascii_uppercase();
        nearest(&upper, ALL.iter().map(|keyword| keyword.name())).map(str::to_owned)
    }

    /// Whether `<<EOF` in its line begins a document.
    pub(super) const fn has_documents(self) -> bool {
        matches!(self, Self::Add | Self::Copy | Self::Run)
    }
}
