//! Freezing: no process of the group gets any processor time until it is thawed.

use std::time::Duration;

use rustix::io::Errno;

use super::{Group, Version, fault};
use crate::error::LaunchError;

/// How often a group is looked at that is to freeze, and for how long: ten seconds.
const LOOKS: u32 = 1000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Version 1's controller.
const FREEZER: &str = "freezer";

impl Group {
    /// Freezes every process of the group. When this returns, none of them runs.
    ///
    /// # Errors
    /// [`LaunchError::Controller`], [`LaunchError::Ended`], or [`LaunchError::Host`] where the kernel does
    /// not freeze it in ten seconds; it is thawed again then.
    pub fn freeze(&self) -> Result<(), LaunchError> {
        self.extend(FREEZER)?;
        let frozen = self.freeze_all();
        if frozen.is_err() {
            self.thaw()?;
        }
        frozen
    }

    /// On version 1, whoever is moved into a group that freezes is frozen, and starts nobody else.
    fn freeze_all(&self) -> Result<(), LaunchError> {
        self.order(Order::Freeze)?;
        self.gather(FREEZER)?;
        for _ in 0..LOOKS {
            if self.has_frozen() {
                return Ok(());
            }
            std::thread::sleep(BETWEEN_LOOKS);
            // A process that was started meanwhile may have escaped version 1's first order.
            self.order(Order::Freeze)?;
        }
        Err(fault("freeze the control group", &self.needed(FREEZER)?)(Errno::TIMEDOUT))
    }

    /// Lets every process of the group run on; a group that is not frozen stays as it is.
    ///
    /// # Errors
    /// [`LaunchError::Host`].
    pub fn thaw(&self) -> Result<(), LaunchError> {
        match self.order(Order::Thaw) {
            Err(LaunchError::Host { errno: Errno::NOENT, .. } | LaunchError::Controller { .. }) => Ok(()),
            done => done,
        }
    }

    /// Whether it is frozen, or about to be: one file is read.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        match self.version() {
            Version::V2 => self.read(FREEZER, "cgroup.freeze").is_some_and(|text| text.trim() == "1"),
            _ => self.read(FREEZER, "freezer.state").is_some_and(|text| text.trim() != "THAWED"),
        }
    }

    /// Whether none of its processes runs any more.
    fn has_frozen(&self) -> bool {
        match self.version() {
            Version::V2 => {
                let events = self.read(FREEZER, "cgroup.events").unwrap_or_default();
                events.lines().any(|line| line == "frozen 1")
            }
            _ => self.read(FREEZER, "freezer.state").is_some_and(|text| text.trim() == "FROZEN"),
        }
    }

    fn order(&self, order: Order) -> Result<(), LaunchError> {
        let (file, word) = match (self.version(), order) {
            (Version::V2, Order::Freeze) => ("cgroup.freeze", "1"),
            (Version::V2, Order::Thaw) => ("cgroup.freeze", "0"),
            (_, Order::Freeze) => ("freezer.state", "FROZEN"),
            (_, Order::Thaw) => ("freezer.state", "THAWED"),
        };
        let path = self.needed(FREEZER)?.join(file);
        // Not created where it is missing.
        let written = std::fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, word.as_bytes()));
        written.map_err(|error| {
            fault("freeze or thaw the control group", &path)(
                Errno::from_io_error(&error).unwrap_or(Errno::IO),
            )
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Freeze,
    Thaw,
}
