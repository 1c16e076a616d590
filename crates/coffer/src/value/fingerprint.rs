//! `--root sha256:...`: who a publisher is, as they told it outside of every registry.

use model::digest::ClaimedDigest;

use super::ValueError;

/// The digest of a root, with or without its `sha256:`, and as people read it aloud.
pub(crate) fn parse(text: &str) -> Result<ClaimedDigest, ValueError> {
    let bare = text.strip_prefix("sha256:").unwrap_or(text);
    let hex: String = bare.chars().filter(|c| !matches!(c, ' ' | ':')).collect();
    format!("sha256:{}", hex.to_ascii_lowercase()).parse().map_err(|_| {
        ValueError::new(
            "it is no fingerprint",
            "sha256: and 64 hexadecimal digits, as `coffer trust init` printed them",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fingerprint_is_read_as_people_pass_it_on() {
        let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let groups: Vec<&str> = (0..8).map(|group| &hex[group * 8..group * 8 + 8]).collect();
        for text in [
            hex.to_owned(),
            format!("sha256:{hex}"),
            format!("sha256:{}", hex.to_uppercase()),
            groups.join(" "),
            groups.join(":"),
        ] {
            assert_eq!(parse(&text).unwrap().hex(), hex, "{text}");
        }
        for text in
            ["", "sha256:", &hex[1..], &format!("{hex}0"), &format!("sha512:{hex}"), &hex.replace('9', "g")]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_fingerprint_or_an_error(text in "(sha256:)?[0-9a-fA-F :]{0,80}.{0,4}") {
            let _either = parse(&text);
        }
    }
}
