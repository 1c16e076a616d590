//! `--add-host`: a name, and where it leads.

use std::net::IpAddr;

use model::request::HostAddress;

use super::ValueError;

/// The longest name (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;

/// `NAME=ADDRESS`, or with a colon as Docker writes it; an address of version 6 may be in brackets.
pub(crate) fn parse(text: &str) -> Result<HostAddress, ValueError> {
    let wrong = |wrong: String| ValueError::new(wrong, "NAME=ADDRESS, such as mirror.test=192.0.2.7");
    let parts = text.split_once('=').or_else(|| text.split_once(':'));
    let (name, address) = parts.ok_or_else(|| wrong("it has no address".to_owned()))?;
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if name.is_empty() || name.len() > LONGEST || !name.bytes().all(known) {
        return Err(wrong("the name is none that a host can have".to_owned()));
    }
    if address == "host-gateway" {
        let what = "`host-gateway` is this host, which no step reaches from its own network";
        return Err(ValueError::new(what, "an address; with --network host this host is 127.0.0.1"));
    }
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    let address: IpAddr = bare.parse().map_err(|_| wrong(format!("`{address}` is no address")))?;
    Ok(HostAddress { name: name.to_owned(), address })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_has_an_address_of_either_family() {
        for (text, name, address) in [
            ("mirror.test=192.0.2.7", "mirror.test", "192.0.2.7"),
            ("mirror.test:192.0.2.7", "mirror.test", "192.0.2.7"),
            ("m_1:2001:db8::7", "m_1", "2001:db8::7"),
            ("m=[2001:db8::7]", "m", "2001:db8::7"),
            ("m:[::1]", "m", "::1"),
        ] {
            let expected = HostAddress { name: name.into(), address: address.parse().unwrap() };
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_would_be_another_line_or_no_address_is_refused() {
        let long = format!("{}=192.0.2.7", "a".repeat(254));
        for text in
            ["", "m", "=192.0.2.7", "m=", "m=x", "a b=192.0.2.7", "a\nb=192.0.2.7", "m=192.0.2.7\n", &long]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn this_host_is_out_of_reach_and_the_answer_says_so() {
        let error = parse("host.docker.internal:host-gateway").unwrap_err();
        assert!(error.wrong.contains("no step reaches"), "{}", error.wrong);
        assert!(error.right.contains("--network host"), "{}", error.right);
    }

    proptest! {
        #[test]
        fn any_text_is_a_line_of_its_own_or_an_error(text in "[a-z.=:]{0,8}.{0,30}") {
            if let Ok(HostAddress { name, .. }) = parse(&text) {
                prop_assert!(!name.is_empty() && !name.contains(char::is_whitespace));
            }
        }
    }
}
