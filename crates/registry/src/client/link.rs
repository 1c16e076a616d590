//! `Link`: RFC 8288, section 3; where a list goes on.

/// The target of `rel="next"`, as it is written.
pub(crate) fn next<'a>(headers: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    headers.flat_map(links).find(|(_, is_next)| *is_next).map(|(target, _)| target)
}

/// Each target of a header, and whether it is what comes next. What is malformed ends it.
fn links(header: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((_, open)) = rest.split_once('<') {
        let Some((target, after)) = open.split_once('>') else { break };
        let (parameters, following) = parameters(after);
        found.push((target, parameters.split(';').any(is_next)));
        rest = following;
    }
    found
}

/// What belongs to the link, up to the comma that is not within quotes, and the rest.
fn parameters(after: &str) -> (&str, &str) {
    let mut within = false;
    let end = after.char_indices().find(|(_, c)| {
        within ^= *c == '"';
        *c == ',' && !within
    });
    end.and_then(|(at, _)| Some((after.get(..at)?, after.get(at + 1..)?))).unwrap_or((after, ""))
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let relations = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("rel")
        && relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_next_is_followed() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(next([text].into_iter()), expected, "{text}");
        check(r#"</v2/a/tags/list?n=2&last=b>; rel="next""#, Some("/v2/a/tags/list?n=2&last=b"));
        check("<b>; rel=prev, <c>; x=\"a,<d>\"; rel=\"last next\"", Some("c"));
        check("<b>;REL=Next", Some("b"));
        check("<b>; rel=previous", None);
        check("<b; rel=next", None);
        check("", None);
    }

    proptest::proptest! {
        #[test]
        fn no_header_is_too_odd(text in ".*", shaped in r#"(<[a-z/?=]*>?;? ?(rel)?=?"?[a-z ,]*"?,?){0,4}"#) {
            next([text.as_str()].into_iter());
            next([shaped.as_str()].into_iter());
        }

        #[test]
        fn a_target_comes_back(target in "[!-;=?-~]{0,60}") {
            let header = format!("<{target}>; rel=\"next\"");
            proptest::prop_assert_eq!(next([header.as_str()].into_iter()), Some(target.as_str()));
        }
    }
}
