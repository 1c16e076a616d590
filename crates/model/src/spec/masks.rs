//! Parts of /proc and /sys that tell about the host or change it, and so are hidden or read-only by default.

/// Hidden: directories become empty ones, files become /dev/null. As Docker's list of 2026, without the
/// thermal_throttle files of every CPU: that would be a mount for each CPU at every start, and /sys is
/// read-only.
pub const MASKED_PATHS: [&str; 12] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];

/// Visible, and not to be written.
pub const READ_ONLY_PATHS: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
