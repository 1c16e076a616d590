//! An image's history, newest first as Docker shows it.

use model::image::Image;
use serde::Serialize;

use super::style::Style;
use super::table::{Column, Table};
use super::{time, units};
use crate::commands::Truncate;

/// A command longer than this says nothing more in a table.
const WIDEST_COMMAND: usize = 120;

/// `--format json` of `coffer image history`: one step, newest first.
#[derive(Debug, Serialize)]
pub(crate) struct StepJson {
    layer: Option<String>,
    created: Option<String>,
    #[serde(skip)]
    created_at: Option<i64>,
    created_by: String,
    size: u64,
    comment: String,
}

/// The steps, newest first; a step that changed only the configuration has no layer.
pub(crate) fn steps(image: &Image) -> Vec<StepJson> {
    let mut layers = image.layers.iter();
    let mut steps: Vec<StepJson> = image
        .history
        .iter()
        .map(|entry| {
            let layer = if entry.empty_layer { None } else { layers.next() };
            StepJson {
                layer: layer.map(|layer| layer.diff_id.to_string()),
                created: entry.created.map(time::rfc3339),
                created_at: entry.created,
                created_by: entry.created_by.clone(),
                size: layer.map_or(0, |layer| layer.size),
                comment: entry.comment.clone(),
            }
        })
        .collect();
    steps.extend(layers.map(|layer| StepJson {
        layer: Some(layer.diff_id.to_string()),
        created: None,
        created_at: None,
        created_by: String::new(),
        size: layer.size,
        comment: "not in the image's history".to_owned(),
    }));
    steps.reverse();
    steps
}

/// The same for people.
pub(crate) fn table(image: &Image, truncate: Truncate, now: i64, style: Style, width: usize) -> String {
    let mut table = Table::new([
        Column::whole("LAYER"),
        Column::whole("CREATED"),
        Column::whole("SIZE"),
        Column::gives_way("CREATED BY"),
        Column::gives_way("COMMENT"),
    ]);
    for step in steps(image) {
        let layer = step.layer.as_deref().unwrap_or("");
        let layer = if truncate == Truncate::Whole {
            layer.to_owned()
        } else {
            layer.chars().take("sha256:".len() + 12).collect()
        };
        let command = if truncate == Truncate::Whole {
            step.created_by.clone()
        } else {
            super::text::cut(&step.created_by, WIDEST_COMMAND)
        };
        let created = step.created_at.map_or_else(String::new, |then| time::ago(then, now));
        table.row([
            layer.into(),
            created.into(),
            units::bytes(step.size).into(),
            command.into(),
            step.comment.into(),
        ]);
    }
    table.render(style, if truncate == Truncate::Whole { usize::MAX } else { width })
}
