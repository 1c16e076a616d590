//! Publishers who are pinned, and what they vouch for, as text and as data.

use engine::trust::{Heard, Refreshed, Standing};
use model::digest::ClaimedDigest;
use model::trust::Vouched;
use serde::Serialize;

use super::style::{Style, Tone};
use super::table::{Cell, Column, Table};
use super::{text, time, units};

/// `coffer trust pin`, `refresh` and `import`: one publisher.
#[derive(Debug, Serialize)]
pub(crate) struct HeardJson<'a> {
    place: String,
    publisher: &'a str,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
    changed: bool,
    expires: String,
}

/// `coffer trust pins`: one pin.
#[derive(Debug, Serialize)]
pub(crate) struct StandingJson<'a> {
    place: String,
    publisher: &'a str,
    fingerprint: String,
    stage: Option<&'a str>,
    heard: Option<String>,
    expires: Option<String>,
}

/// `coffer trust verify`: one image.
#[derive(Debug, Serialize)]
pub(crate) struct VouchedJson<'a> {
    image: &'a str,
    digest: String,
    vouched: &'a Vouched,
}

impl<'a> HeardJson<'a> {
    pub(crate) fn new(heard: &'a Heard) -> Self {
        let Heard { pin, news, expires } = heard;
        Self {
            place: pin.place.to_string(),
            publisher: &pin.publisher,
            fingerprint: pin.fingerprint.to_string(),
            stage: pin.stage.as_deref(),
            changed: *news == Refreshed::Changed,
            expires: time::rfc3339(*expires),
        }
    }
}

impl<'a> StandingJson<'a> {
    pub(crate) fn new(standing: &'a Standing) -> Self {
        let Standing { pin, heard, expires } = standing;
        Self {
            place: pin.place.to_string(),
            publisher: &pin.publisher,
            fingerprint: pin.fingerprint.to_string(),
            stage: pin.stage.as_deref(),
            heard: heard.map(time::rfc3339),
            expires: expires.map(time::rfc3339),
        }
    }
}

impl<'a> VouchedJson<'a> {
    pub(crate) fn new((image, digest, vouched): &'a (String, ClaimedDigest, Vouched)) -> Self {
        Self { image, digest: digest.to_string(), vouched }
    }
}

/// What a pin means from now on.
pub(crate) fn pinned(heard: &Heard, style: Style) -> String {
    let Heard { pin, expires, .. } = heard;
    let stage = pin.stage.as_ref().map_or_else(String::new, |stage| format!(", promoted to {stage}"));
    format!(
        "{}  {}\nwhat is below runs only if {} signed it{}; they are believed until {}\n",
        style.strong(&pin.place.to_string()),
        pin.fingerprint,
        text::plain(&pin.publisher),
        text::plain(&stage),
        time::rfc3339(*expires),
    )
}

/// `registry.example/team  new  believed until ...`
pub(crate) fn heard(heard: &Heard, style: Style) -> String {
    let news = if heard.news == Refreshed::Changed { "new" } else { "nothing new" };
    let (place, until) = (style.strong(&heard.pin.place.to_string()), time::rfc3339(heard.expires));
    format!("{place}  {news}  believed until {until}\n")
}

/// The table of `coffer trust pins`.
pub(crate) fn table(all: &[Standing], now: i64) -> Table {
    let mut table = Table::new([
        Column::whole("PLACE"),
        Column::whole("PUBLISHER"),
        Column::whole("STAGE"),
        Column::whole("HEARD"),
        Column::whole("BELIEVED"),
        Column::gives_way("FINGERPRINT"),
    ]);
    for Standing { pin, heard, expires } in all {
        let believed = match expires {
            None => Cell::toned("not at all", Tone::Bad),
            Some(expires) if *expires <= now => {
                Cell::toned(format!("over {}", time::ago(*expires, now)), Tone::Bad)
            }
            Some(expires) => format!("for {}", units::duration(expires.saturating_sub(now))).into(),
        };
        table.row([
            pin.place.to_string().into(),
            pin.publisher.as_str().into(),
            pin.stage.as_deref().unwrap_or_default().into(),
            heard.map_or_else(|| "never".to_owned(), |heard| time::ago(heard, now)).into(),
            believed,
            pin.fingerprint.to_string().into(),
        ]);
    }
    table
}

/// An image and who vouches for it.
pub(crate) fn vouched((image, digest, vouched): &(String, ClaimedDigest, Vouched), style: Style) -> String {
    let said = super::vouched::line(vouched).unwrap_or_default();
    format!("{}  {digest}\n{}\n", style.strong(&text::plain(image)), text::plain(&said))
}
