//! How a container stands, as `state` and `list` show it: runtime.md "State", with what runc adds, and what
//! was given up.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Failure;
use crate::owner;
use crate::state::{Container, OCI_VERSION, Record, Status};

/// One container.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    oci_version: &'static str,
    pub(crate) id: String,
    pub(crate) pid: i32,
    #[serde(serialize_with = "word")]
    pub(crate) status: Status,
    pub(crate) bundle: String,
    rootfs: String,
    pub(crate) created: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    pub(crate) owner: String,
    #[serde(rename = "org.cofferdam.weaknesses", skip_serializing_if = "Vec::is_empty")]
    weaknesses: Vec<String>,
}

fn word<S: serde::Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}

impl Shown {
    /// Looks at one; of one whose creation was cut short little is known.
    pub(crate) fn look(container: &Container) -> Result<Self, Failure> {
        let record = container.record()?;
        let status = container.status(record.as_ref())?;
        let Some(record) = record else { return Ok(Self::unknown(container, status)) };
        let spec = container.spec(&record)?;
        let Record { id, bundle, created, owner, pid, weaknesses, .. } = record;
        Ok(Self {
            oci_version: OCI_VERSION,
            id,
            pid: if status == Status::Stopped { 0 } else { pid },
            status,
            bundle,
            rootfs: spec.root.path,
            created,
            annotations: spec.annotations,
            owner: owner::name_of(owner),
            weaknesses,
        })
    }

    fn unknown(container: &Container, status: Status) -> Self {
        Self {
            oci_version: OCI_VERSION,
            id: container.id.clone(),
            pid: 0,
            status,
            bundle: String::new(),
            rootfs: String::new(),
            created: String::new(),
            annotations: BTreeMap::new(),
            owner: String::new(),
            weaknesses: Vec::new(),
        }
    }
}
