//! Which slot has the token that is meant, by what `pkcs11-tool --list-token-slots` prints.

use super::uri::TokenTraits;

/// A token, and the slot that it is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Slot {
    /// CK_SLOT_ID, as the tool printed it.
    pub(super) id: String,
    label: String,
    manufacturer: String,
    model: String,
    serial: String,
}

/// How many tokens fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This one.
    One(Slot),
    /// None of those that there are, by their labels.
    NoneOf(Vec<String>),
    /// Several, by their serial numbers.
    Several(Vec<String>),
}

/// Looks for the one token that fits.
///
/// A label is up to whoever made the token, so it can say anything but a new line: only what stands at a
/// line's begin counts.
pub(super) fn find(listing: &str, wanted: &TokenTraits) -> Found {
    // A slot without a serial number has a token that nobody initialised.
    let all: Vec<Slot> = parse(listing).into_iter().filter(|slot| !slot.serial.is_empty()).collect();
    let mut fitting: Vec<Slot> = all.iter().filter(|slot| slot.fits(wanted)).cloned().collect();
    match (fitting.pop(), fitting.is_empty()) {
        (Some(slot), true) => Found::One(slot),
        (Some(slot), false) => {
            fitting.push(slot);
            Found::Several(fitting.into_iter().map(|slot| slot.serial).collect())
        }
        (None, _) => Found::NoneOf(all.into_iter().map(|slot| slot.label).collect()),
    }
}

impl Slot {
    fn fits(&self, wanted: &TokenTraits) -> bool {
        let pairs = [
            (&wanted.label, &self.label),
            (&wanted.manufacturer, &self.manufacturer),
            (&wanted.model, &self.model),
            (&wanted.serial, &self.serial),
        ];
        pairs.into_iter().all(|(wanted, has)| wanted.as_ref().is_none_or(|wanted| wanted == has))
    }
}

fn parse(listing: &str) -> Vec<Slot> {
    let mut slots: Vec<Slot> = Vec::new();
    for line in listing.lines() {
        if let Some(id) = slot_id(line) {
            slots.push(Slot { id, ..Slot::default() });
        } else if let (Some(slot), Some((name, value))) = (slots.last_mut(), field(line)) {
            match name {
                "token label" => slot.label = value,
                "token manufacturer" => slot.manufacturer = value,
                "token model" => slot.model = value,
                "serial num" => slot.serial = value,
                _ => {}
            }
        }
    }
    slots
}

/// `Slot 0 (0x13490cad): SoftHSM slot ID 0x13490cad`
fn slot_id(line: &str) -> Option<String> {
    let (_, id) = line.strip_prefix("Slot ")?.split_once(" (0x")?;
    let (id, _) = id.split_once(')')?;
    let number = u64::from_str_radix(id, 16).ok()?;
    Some(number.to_string())
}

/// `  token label        : team`
fn field(line: &str) -> Option<(&str, String)> {
    let (name, value) = line.strip_prefix("  ")?.split_once(':')?;
    Some((name.trim_end(), value.strip_prefix(' ').unwrap_or(value).trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As OpenSC 0.23 prints it for softhsm2.
    const LISTING: &str = "\
Available slots:
Slot 0 (0x13490cad): SoftHSM slot ID 0x13490cad
  token label        : team
  token manufacturer : SoftHSM project
  token model        : SoftHSM v2
  token flags        : login required, rng, token initialized, PIN initialized, other flags=0x20
  hardware version   : 2.6
  firmware version   : 2.6
  serial num         : 85c4161b13490cad
  pin min/max        : 4/255
Slot 1 (0x552c1fd4): SoftHSM slot ID 0x552c1fd4
  token label        : team B: x
  token manufacturer : SoftHSM project
  token model        : SoftHSM v2
  serial num         : 35e1ae40d52c1fd4
Slot 2 (0x2): SoftHSM slot ID 0x2
  token state:   uninitialized
";

    fn labelled(label: &str) -> TokenTraits {
        TokenTraits { label: Some(label.into()), ..TokenTraits::default() }
    }

    fn id(found: &Found) -> &str {
        let Found::One(slot) = found else { panic!("{found:?}") };
        &slot.id
    }

    #[test]
    fn a_token_is_found_by_whatever_tells_it_apart() {
        assert_eq!(id(&find(LISTING, &labelled("team"))), "323554477");
        assert_eq!(id(&find(LISTING, &labelled("team B: x"))), "1428955092");
        let serial = TokenTraits { serial: Some("35e1ae40d52c1fd4".into()), ..TokenTraits::default() };
        assert_eq!(id(&find(LISTING, &serial)), "1428955092");
    }

    #[test]
    fn no_token_and_several_are_told_apart() {
        let model = TokenTraits { model: Some("SoftHSM v2".into()), ..TokenTraits::default() };
        let serials = vec!["85c4161b13490cad".to_owned(), "35e1ae40d52c1fd4".to_owned()];
        assert_eq!(find(LISTING, &model), Found::Several(serials));
        let labels = vec!["team".to_owned(), "team B: x".to_owned()];
        assert_eq!(find(LISTING, &labelled("te")), Found::NoneOf(labels));
        assert_eq!(find("", &labelled("team")), Found::NoneOf(Vec::new()));
    }
}
