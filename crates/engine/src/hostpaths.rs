//! What a request names on this host, as it really is: paths without links, device numbers.
//!
//! Policy judges these very texts and launch opens them, so that a link cannot make the two differ.

use std::io;
use std::path::Path;

use model::request::{IoRate, MountSource, RunRequest};
use policy::confine::{DeviceKind, HostDevice};
use rustix::fs::FileType;

use crate::error::EngineError;

/// The request with the sources of its bind mounts resolved.
pub(crate) fn resolved(mut request: RunRequest) -> Result<RunRequest, EngineError> {
    for mount in &mut request.mounts {
        if let MountSource::Bind { path } = &mut mount.source {
            *path = canonical(path).map_err(failed(&mount.asked_by, path))?;
        }
    }
    Ok(request)
}

fn canonical(path: &str) -> io::Result<String> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "not an absolute path");
    let real =
        std::fs::canonicalize(Some(Path::new(path)).filter(|path| path.is_absolute()).ok_or_else(invalid)?)?;
    let text = real.into_os_string().into_string();
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "its real path is not UTF-8"))
}

/// The nodes of `--device HOST[:CONTAINER[:PERMISSIONS]]`.
pub(crate) fn devices(request: &RunRequest) -> Result<Vec<HostDevice>, EngineError> {
    request
        .devices
        .iter()
        .map(|device| {
            let path = device.split(':').next().unwrap_or_default();
            node(path).map_err(failed(&format!("--device {device}"), path))
        })
        .collect()
}

/// The nodes of the devices whose rates are limited, each once.
pub(crate) fn disks(request: &RunRequest) -> Result<Vec<HostDevice>, EngineError> {
    let mut disks: Vec<HostDevice> = Vec::new();
    for IoRate { kind, device, .. } in &request.limits.io_rates {
        if !disks.iter().any(|disk| disk.path == *device) {
            disks.push(node(device).map_err(failed(&format!("{} {device}", kind.option()), device))?);
        }
    }
    Ok(disks)
}

fn node(path: &str) -> io::Result<HostDevice> {
    let stat = rustix::fs::stat(path)?;
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::CharacterDevice => DeviceKind::Character,
        FileType::BlockDevice => DeviceKind::Block,
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a device")),
    };
    let (major, minor) = (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev));
    Ok(HostDevice { path: path.to_owned(), kind, major, minor })
}

fn failed(asked_by: &str, path: &str) -> impl FnOnce(io::Error) -> EngineError {
    let (asked_by, path) = (asked_by.to_owned(), path.to_owned());
    move |source| EngineError::HostPath { asked_by, path, source }
}

#[cfg(test)]
mod tests {
    use model::request::{Access, ExecMode, IoRateKind, MountRequest};

    use super::*;

    fn bind(path: &str) -> RunRequest {
        let mount = MountRequest {
            source: MountSource::Bind { path: path.to_owned() },
            target: "/x".into(),
            access: Access::ReadOnly,
            exec: ExecMode::Refused,
            asked_by: "-v".into(),
        };
        RunRequest { mounts: vec![mount], ..RunRequest::default() }
    }

    #[test]
    fn what_is_judged_is_where_the_link_leads() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("innocent");
        std::os::unix::fs::symlink("/etc", &link).unwrap();
        let request = resolved(bind(link.to_str().unwrap())).unwrap();
        assert_eq!(request.mounts[0].source, MountSource::Bind { path: "/etc".into() });
    }

    #[test]
    fn a_path_that_is_not_there_is_named_with_its_option() {
        let error = resolved(bind("/no/such/path")).unwrap_err();
        assert_eq!(error.code(), "E-run-host-path");
        assert!(error.to_string().starts_with("`-v`: cannot use `/no/such/path` of this host"));
        assert!(resolved(bind("etc")).is_err());
    }

    #[test]
    fn devices_are_found_by_their_numbers() {
        let request = |device: &str| RunRequest { devices: vec![device.into()], ..RunRequest::default() };
        let found = devices(&request("/dev/null:/dev/x")).unwrap();
        assert_eq!(
            found,
            [HostDevice { path: "/dev/null".into(), kind: DeviceKind::Character, major: 1, minor: 3 }]
        );
        assert!(devices(&request("/etc")).is_err());
    }

    #[test]
    fn a_disk_is_looked_at_once_however_many_rates_it_has() {
        let rate = |kind| IoRate { kind, device: "/dev/null".into(), rate: 1 };
        let mut request = RunRequest::default();
        request.limits.io_rates = IoRateKind::ALL.map(rate).into();
        assert_eq!(disks(&request).unwrap().len(), 1);
        request.limits.io_rates = vec![IoRate { device: "/no/such".into(), ..rate(IoRateKind::ReadBytes) }];
        let error = disks(&request).unwrap_err();
        assert!(error.to_string().contains("`--device-read-bps /no/such`"), "{error}");
    }
}
