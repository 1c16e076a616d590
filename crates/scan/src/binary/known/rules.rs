//! What a rule is, and how names fit it.

/// Knows one piece of software by one or more names of files.
#[derive(Debug)]
pub(super) struct Rule {
    /// As Bitnami's advisories spell it, where they know it.
    pub(super) name: &'static str,
    /// The last elements of a path; one `*` stands for anything within an element.
    pub(super) files: &'static [&'static str],
    pub(super) evidence: Evidence,
    /// How advisories write the version that the file tells.
    pub(super) spelling: fn(&str) -> String,
}

/// Where the version stands.
#[derive(Debug)]
pub(super) enum Evidence {
    /// In the file's name, at the `*`.
    Name,
    /// In the file: an expression over its bytes with the version as a group.
    Text(&'static str),
}

impl Rule {
    /// A rule whose version stands in the text as advisories write it.
    pub(super) const fn text(
        name: &'static str,
        files: &'static [&'static str],
        pattern: &'static str,
    ) -> Self {
        Self { name, files, evidence: Evidence::Text(pattern), spelling: as_it_is }
    }
}

pub(super) fn as_it_is(version: &str) -> String {
    version.to_owned()
}

/// What the `*` of a name stands for in a path whose last elements it fits; empty for a name without one.
pub(super) fn captured<'a>(name: &str, path: &'a str) -> Option<&'a str> {
    let Some((head, tail)) = name.split_once('*') else {
        let rest = path.strip_suffix(name)?;
        return (rest.is_empty() || rest.ends_with('/')).then_some("");
    };
    let rest = path.strip_suffix(tail)?;
    let start = match head.rsplit_once('/') {
        // The element with the `*` is the last; those before it are fixed.
        Some(_) => rest.rfind(head)?,
        None => rest.rfind('/').map_or(0, |slash| slash + 1),
    };
    let place = rest.get(start..)?.strip_prefix(head)?;
    let before = rest.get(..start)?;
    ((before.is_empty() || before.ends_with('/')) && !place.contains('/')).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_whole_elements() {
        let cases = [
            ("nginx", "usr/sbin/nginx", Some("")),
            ("nginx", "nginx", Some("")),
            ("nginx", "usr/sbin/mynginx", None),
            ("python3.*", "usr/bin/python3.11", Some("11")),
            ("libpython3.*.so.1.0", "usr/lib/libpython3.11.so.1.0", Some("11")),
            ("libcrypto.so*", "lib/libcrypto.so.3", Some(".3")),
            ("libcrypto.so*", "lib/libcrypto.so.d/x", None),
            ("wp-includes/version.php", "srv/wp-includes/version.php", Some("")),
            ("wp-includes/version.php", "srv/my-wp-includes/version.php", None),
        ];
        for (name, path, expected) in cases {
            assert_eq!(captured(name, path), expected, "{name} {path}");
        }
    }
}
