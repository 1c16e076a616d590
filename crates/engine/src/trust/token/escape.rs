//! `%` and two hex digits, as URIs have what is special.

/// RFC 7512's `pk11-pchar`, less what an attribute's end or another part's begin could be taken for.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:[]@!$'()*+,/".contains(&byte)
}

/// Bytes as they may stand in any attribute.
pub(super) fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len()), |mut text, &byte| {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}

/// The bytes; `None` where an escape is none, or something special is not escaped.
pub(super) fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => digit(rest.next()?)? << 4 | digit(rest.next()?)?,
            // Those four are allowed in one of the two parts; whoever splits them has taken their own.
            byte if is_plain(byte) || b"=&?|".contains(&byte) => byte,
            _ => return None,
        });
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unescaped(&escaped(&all)), Some(all));
        assert_eq!(escaped(b"a b;c"), "a%20b%3Bc");
    }

    #[test]
    fn half_an_escape_is_none() {
        for bad in ["%", "%4", "%g1", "a b", "\u{e9}"] {
            assert_eq!(unescaped(bad), None, "{bad}");
        }
    }
}
