//! `bench size`: the whole product is one file.

use crate::bench::results::{Results, Row};
use crate::bench::{Settings, start};
use crate::shell::{self, Outcome};

pub(crate) fn run(_: &Settings) -> Outcome<Results> {
    let coffer = shell::build("coffer", "release")?;
    let meta = std::fs::metadata(&coffer).map_err(|error| format!("{}: {error}", coffer.display()))?;
    let mut row = Row::new("coffer", &start::version(&coffer)?);
    row.put("mb", meta.len() as f64 / 1e6);
    Ok(Results::here("size", vec![row], Vec::new()))
}
