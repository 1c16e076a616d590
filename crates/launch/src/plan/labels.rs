//! config.md "apparmorProfile" and "selinuxLabel": what the process becomes at exec, for the kernel's
//! security modules.

use std::ffi::{CStr, CString};

use model::spec::Process;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::path::cstring;
use crate::error::LaunchError;

/// What is written into the process's own `attr` files.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// `exec PROFILE`.
    pub apparmor: Option<CString>,
    /// The label.
    pub selinux: Option<CString>,
}

/// Where AppArmor says whether it is on.
const APPARMOR: &str = "/sys/module/apparmor/parameters/enabled";

/// Where SELinux's own filesystem is, if it is on.
const SELINUX: &str = "/sys/fs/selinux";

/// SELINUX_MAGIC of linux/magic.h.
const SELINUX_MAGIC: u64 = 0xf97c_ff8c;

impl Labels {
    pub(super) fn new(process: &Process) -> Result<Self, LaunchError> {
        Ok(Self {
            apparmor: apparmor(&process.apparmor_profile, has_apparmor)?,
            selinux: selinux(&process.selinux_label, has_selinux)?,
        })
    }
}

fn apparmor(profile: &str, is_on: impl Fn() -> bool) -> Result<Option<CString>, LaunchError> {
    match (profile, profile.is_empty() || is_on()) {
        // Without AppArmor everything is unconfined.
        ("", _) | ("unconfined", false) => Ok(None),
        (_, true) => cstring("AppArmor profile", &format!("exec {profile}")).map(Some),
        (_, false) => Err(absent("use AppArmor for the profile", profile)),
    }
}

fn selinux(label: &str, is_on: impl Fn() -> bool) -> Result<Option<CString>, LaunchError> {
    match label {
        "" => Ok(None),
        label if is_on() => cstring("SELinux label", label).map(Some),
        label => Err(absent("use SELinux for the label", label)),
    }
}

/// The profile or label itself.
pub(crate) fn name(written: &CStr) -> String {
    let written = written.to_string_lossy();
    written.strip_prefix("exec ").unwrap_or(&written).to_owned()
}

fn absent(action: &'static str, subject: &str) -> LaunchError {
    LaunchError::Host { action, subject: subject.to_owned(), errno: Errno::OPNOTSUPP }
}

fn has_apparmor() -> bool {
    let mut answer = [0];
    let read = rustix::fs::openat(CWD, APPARMOR, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .and_then(|file| rustix::io::read(&file, &mut answer));
    read.is_ok() && answer == *b"Y"
}

fn has_selinux() -> bool {
    // The magic number is one of 32 bits, whatever the word is.
    rustix::fs::statfs(SELINUX).is_ok_and(|found| found.f_type as u32 as u64 == SELINUX_MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_for_a_kernel_that_has_apparmor() {
        let bytes = |planned: Option<CString>| planned.map(CString::into_bytes);
        assert_eq!(bytes(apparmor("web", || true).unwrap()), Some(b"exec web".to_vec()));
        assert_eq!(bytes(apparmor("unconfined", || true).unwrap()), Some(b"exec unconfined".to_vec()));
        assert_eq!(bytes(apparmor("unconfined", || false).unwrap()), None);
        assert_eq!(bytes(apparmor("", || false).unwrap()), None);
        let error = apparmor("web", || false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "could not use AppArmor for the profile `web`: operation not supported"
        );
        assert!(error.remedy().contains("this kernel"), "{}", error.remedy());
    }

    #[test]
    fn a_label_is_for_a_kernel_that_has_selinux() {
        let label = "system_u:system_r:container_t:s0:c1,c2";
        assert_eq!(selinux(label, || true).unwrap().unwrap().to_str(), Ok(label));
        assert!(selinux("", || false).unwrap().is_none());
        assert!(selinux(label, || false).is_err());
        assert!(selinux("a\0b", || true).is_err());
    }
}
