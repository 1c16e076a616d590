//! `--cap-add NET_ADMIN`: any spelling of a name. Policy knows which names there are.

use super::ValueError;

/// Upper case without `CAP_`; `ALL` stands for every one.
pub(crate) fn parse(text: &str) -> Result<String, ValueError> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
        return Ok(name.to_owned());
    }
    Err(ValueError::new("it is no capability", "a name of capabilities(7), such as NET_ADMIN, or ALL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_prefix_do_not_matter() {
        for text in ["NET_ADMIN", "net_admin", "CAP_NET_ADMIN", "cap_net_admin"] {
            assert_eq!(parse(text), Ok("NET_ADMIN".to_owned()));
        }
        assert_eq!(parse("all"), Ok("ALL".to_owned()));
        for text in ["", "CAP_", "NET ADMIN", "NET-ADMIN", "0x1f"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
