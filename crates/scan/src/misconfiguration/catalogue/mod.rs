//! The catalogue: every mistake that can be reported, as one value.

use model::finding::Severity;

mod making;
mod files;

pub use files::*;
pub use making::*;

/// A mistake, and what to do about it.
#[derive(Debug)]
pub struct Rule {
    /// `root-user`.
    pub id: &'static str,
    /// What is wrong, for people.
    pub title: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What to do about it.
    pub advice: &'static str,
    /// Who else says so: the CIS Docker Benchmark 1.6 or NIST SP 800-190, by section.
    pub reference: &'static str,
    /// How often it is reported.
    pub(crate) spread: Spread,
    /// What becomes of it when a later layer removes the file.
    pub(crate) removal: Removal,
}

/// How often a mistake is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    /// For each file.
    Each,
    /// For the image, with the first file and the number of the others.
    Once,
}

/// What becomes of a mistake when a later layer removes the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    /// It is mended.
    Mends,
    /// It is only hidden: whoever has the image has the layer.
    Hides,
}

const fn rule(
    id: &'static str,
    severity: Severity,
    title: &'static str,
    advice: &'static str,
    reference: &'static str,
) -> Rule {
    Rule { id, title, severity, advice, reference, spread: Spread::Each, removal: Removal::Mends }
}

impl Rule {
    const fn once(mut self) -> Self {
        self.spread = Spread::Once;
        self
    }

    const fn hidden_only(mut self) -> Self {
        self.removal = Removal::Hides;
        self
    }
}

/// Every mistake.
pub static ALL: &[&Rule] = &[
    &ROOT_USER,
    &NO_HEALTHCHECK,
    &SSH_PORT,
    &MANAGEMENT_PORT,
    &SECRET_NAME,
    &CHECKS_OFF,
    &SEARCH_PATH,
    &RUNTIME_SOCKET,
    &SHELL_FORM,
    &LATEST_TAG,
    &OLD_IMAGE,
    &UNPINNED_BASE,
    &PIPE_TO_SHELL,
    &ADD_FROM_URL,
    &UPDATE_ALONE,
    &CHMOD_777,
    &UNVERIFIED_DOWNLOAD,
    &SETUID_WRITABLE,
    &SETUID_FILE,
    &SETUID_KNOWN,
    &SETGID_FILE,
    &SETGID_KNOWN,
    &WRITABLE_ACCOUNTS,
    &WRITABLE_FILE,
    &WRITABLE_DIRECTORY,
    &DEVICE_FILE,
    &READABLE_KEY,
    &SECOND_ROOT,
    &EMPTY_PASSWORD,
    &SUDO,
    &SUDO_WITHOUT_PASSWORD,
    &SSH_SERVER,
    &SSH_LOGIN,
    &AUTHORIZED_KEYS,
    &TRUSTED_HOSTS,
    &ENV_FILE,
    &TERRAFORM_STATE,
    &GIT_DIRECTORY,
    &CORE_DUMP,
    &HISTORY_FILE,
    &BACKUP_FILE,
    &PACKAGE_CACHE,
    &PACKAGE_MANAGER,
    &COMPILER,
    &DEBUGGER,
    &NETWORK_TOOL,
    &DOWNLOADER,
    &SHELL,
];

/// The mistake of that id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.id == id).copied()
}
