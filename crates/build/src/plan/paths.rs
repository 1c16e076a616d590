//! Paths of a root as the language joins them: text alone, since nothing is there yet.

/// Without `.`, `..`, double and trailing slashes; `..` ends at the root.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The same below an origin: relative, and `.` for all of it.
pub(super) fn within(path: &str) -> String {
    match clean(path).strip_prefix('/') {
        None | Some("") => ".".to_owned(),
        Some(path) => path.to_owned(),
    }
}

/// A path as seen from a directory.
pub(super) fn join(directory: &str, path: &str) -> String {
    if path.starts_with('/') { clean(path) } else { clean(&format!("{directory}/{path}")) }
}

/// A destination: what ends with a slash, or is nothing but a directory, is a directory.
pub(super) fn destination(directory: &str, path: &str) -> String {
    let is_directory =
        matches!(path, "" | "." | "..") || ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    let joined = join(directory, path);
    if is_directory && joined != "/" { format!("{joined}/") } else { joined }
}

/// The last part.
pub(super) fn name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// Whether a document's name can be a file's.
pub(super) fn is_file_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_above_the_root() {
        for (path, cleaned) in [
            ("", "/"),
            ("/../../etc", "/etc"),
            ("a//b/./c/", "/a/b/c"),
            ("a/../../..", "/"),
            ("/a/b/..", "/a"),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
        assert_eq!((within("../x"), within("./"), within("/a/")), ("x".into(), ".".into(), "a".into()));
    }

    #[test]
    fn a_destination_says_whether_it_is_a_directory() {
        for (path, absolute) in [
            ("app", "/srv/app"),
            ("app/", "/srv/app/"),
            (".", "/srv/"),
            ("./", "/srv/"),
            ("..", "/"),
            ("/", "/"),
            ("/opt/.", "/opt/"),
            ("/opt", "/opt"),
        ] {
            assert_eq!(destination("/srv", path), absolute, "{path}");
        }
    }

    #[test]
    fn names_of_documents_stay_where_they_are_put() {
        assert!(is_file_name("EOF") && is_file_name("a.txt"));
        assert!(!["", ".", "..", "a/b", "../x"].into_iter().any(is_file_name));
    }
}
