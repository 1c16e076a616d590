//! The shortest spelling of a path.

/// A path without `.`, `..` and doubled slashes, as Go's `path.Clean` makes it; nothing is looked up.
#[must_use]
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    match (rooted, path.is_empty()) {
        (true, _) => format!("/{path}"),
        (false, true) => ".".to_owned(),
        (false, false) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn paths_become_short() {
        let pairs = [
            ("", "."),
            ("a//b/./c/", "a/b/c"),
            ("/../a/..", "/"),
            ("../../a", "../../a"),
            ("a/../../b", "../b"),
            ("/a/../b", "/b"),
        ];
        for (path, expected) in pairs {
            assert_eq!(clean(path), expected, "{path}");
        }
    }
}
