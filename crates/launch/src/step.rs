//! The steps of a start, so that a failure can say where it happened.

/// One step between clone and exec. The numbers travel over the channel from the child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// Waiting for the parent.
    Handshake,
    /// Moving into the control group.
    Cgroup,
    /// Making namespaces that the clone could not make.
    Namespaces,
    /// Forbidding executable memory files.
    MemfdNoexec,
    /// Entering the namespaces of a container that runs.
    Join,
    /// Entering a namespace that the specification names.
    JoinPath,
    /// Becoming root of the user namespace.
    BecomeRoot,
    /// Bringing loopback up.
    Loopback,
    /// Setting the host name.
    Hostname,
    /// Setting the domain name.
    Domainname,
    /// Setting the clocks of the time namespace.
    Clocks,
    /// Mounting the private procfs.
    Proc,
    /// Entering an AppArmor profile at exec.
    AppArmor,
    /// Taking an SELinux label at exec.
    Selinux,
    /// Attaching the root filesystem.
    Root,
    /// Making or opening a mount point.
    MountPoint,
    /// Opening the source of a bind mount.
    Source,
    /// Making a mount.
    Mount,
    /// Giving a filesystem an option.
    MountOption,
    /// Attaching a mount.
    Attach,
    /// Making a device node.
    Device,
    /// Binding an exec island.
    Island,
    /// Placing an injected file.
    File,
    /// Hiding a path.
    Mask,
    /// Making a path read-only.
    ReadOnly,
    /// Running a hook before the root is changed.
    CreateHook,
    /// Writing a kernel parameter.
    Sysctl,
    /// Leaving the host's tree.
    Pivot,
    /// Making the terminal.
    Terminal,
    /// Arranging standard input, output and error.
    Streams,
    /// Making a session and a session keyring.
    Session,
    /// Setting the personality.
    Personality,
    /// Setting the memory policy.
    MemoryPolicy,
    /// Running on the processors that are asked for.
    Affinity,
    /// Dropping capabilities.
    Capabilities,
    /// Becoming the container's user.
    Identity,
    /// Entering the working directory.
    WorkingDirectory,
    /// Setting no_new_privs.
    NoNewPrivileges,
    /// Restricting with Landlock.
    Landlock,
    /// Installing the system call filter.
    Seccomp,
    /// Running a hook before the program.
    StartHook,
    /// Executing the program.
    Exec,
}

impl Step {
    const ALL: [Self; 42] = [
        Self::Handshake,
        Self::Cgroup,
        Self::Namespaces,
        Self::MemfdNoexec,
        Self::Join,
        Self::JoinPath,
        Self::BecomeRoot,
        Self::Loopback,
        Self::Hostname,
        Self::Domainname,
        Self::Clocks,
        Self::Proc,
        Self::AppArmor,
        Self::Selinux,
        Self::Root,
        Self::MountPoint,
        Self::Source,
        Self::Mount,
        Self::MountOption,
        Self::Attach,
        Self::Device,
        Self::Island,
        Self::File,
        Self::Mask,
        Self::ReadOnly,
        Self::CreateHook,
        Self::Sysctl,
        Self::Pivot,
        Self::Terminal,
        Self::Streams,
        Self::Session,
        Self::Personality,
        Self::MemoryPolicy,
        Self::Affinity,
        Self::Capabilities,
        Self::Identity,
        Self::WorkingDirectory,
        Self::NoNewPrivileges,
        Self::Landlock,
        Self::Seccomp,
        Self::StartHook,
        Self::Exec,
    ];

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|step| *step as u8 == number)
    }

    /// What was being done, to complete "could not ...".
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Handshake => "synchronise with the container's first process",
            Self::Cgroup => "move the container into its control group",
            Self::Namespaces => "make the container's namespaces",
            Self::MemfdNoexec => "set vm.memfd_noexec for the container",
            Self::Join => "enter the container's namespaces",
            Self::JoinPath => "join the namespace",
            Self::BecomeRoot => "become root of the container's user namespace",
            Self::Loopback => "bring the loopback interface up",
            Self::Hostname => "set the host name",
            Self::Domainname => "set the domain name",
            Self::Clocks => "set the clocks of the container",
            Self::Proc => "mount a private /proc",
            Self::AppArmor => "enter the AppArmor profile",
            Self::Selinux => "take the SELinux label",
            Self::Root => "attach the root filesystem",
            Self::MountPoint => "open the mount point",
            Self::Source => "open the mount source",
            Self::Mount => "make the mount",
            Self::MountOption => "mount with the option",
            Self::Attach => "attach the mount",
            Self::Device => "make the device",
            Self::Island => "bind the exec island",
            Self::File => "place the file",
            Self::Mask => "hide the path",
            Self::ReadOnly => "make the path read-only",
            Self::CreateHook => "run the createContainer hook",
            Self::Sysctl => "set the kernel parameter",
            Self::Pivot => "leave the host's file tree",
            Self::Terminal => "make the terminal",
            Self::Streams => "arrange standard input and output",
            Self::Session => "make a new session and keyring",
            Self::Personality => "set the personality",
            Self::MemoryPolicy => "set the memory policy",
            Self::Affinity => "run on the processors that are asked for",
            Self::Capabilities => "reduce the capabilities",
            Self::Identity => "become the user",
            Self::WorkingDirectory => "enter the working directory",
            Self::NoNewPrivileges => "set no_new_privs",
            Self::Landlock => "restrict file access with Landlock",
            Self::Seccomp => "install the system call filter",
            Self::StartHook => "run the startContainer hook",
            Self::Exec => "execute",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_survives_the_channel() {
        for step in Step::ALL {
            assert_eq!(Step::from_number(step as u8), Some(step));
        }
        assert_eq!(Step::from_number(200), None);
    }
}
