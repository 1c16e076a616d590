//! Parts of /proc and /sys that tell about the host or change it.

use model::request::RunRequest;
use model::spec::Text;

/// Hidden: directories become empty ones, files become /dev/null. As Docker's list of 2026, without the
/// thermal_throttle files of every CPU: that would be a mount for each CPU at every start, and /sys is
/// read-only.
const MASKED: [&str; 12] = [
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
const READONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Masked and read-only paths; none for a privileged container.
pub(super) fn hidden(request: &RunRequest) -> (Vec<Text>, Vec<Text>) {
    if request.privileged {
        return (Vec::new(), Vec::new());
    }
    let owned = |paths: &[&'static str]| paths.iter().copied().map(Text::Borrowed).collect();
    (owned(&MASKED), owned(&READONLY))
}
