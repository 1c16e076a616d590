//! Patterns of names, section 4.5 `PATHPATTERN`: `*` and `?` as in a shell, neither of which stands for a `/`.

/// Whether `pattern` covers `name`. Takes at most the product of their lengths, whatever the pattern.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut names = name.split('/');
    let all = pattern.split('/').all(|pattern| names.next().is_some_and(|name| segment(pattern, name)));
    all && names.next().is_none()
}

/// One `/`-separated part. Goes back only to the last `*`: an earlier one could take no less.
fn segment(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    let mut last = None;
    loop {
        let expected = pattern.next();
        if expected == Some('*') {
            last = Some((pattern.clone(), name.clone()));
            continue;
        }
        let fits = match (expected, name.clone().next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) => expected == '?' || expected == found,
            _ => false,
        };
        if fits {
            name.next();
            continue;
        }
        let Some((after, from)) = last.as_mut() else { return false };
        if from.next().is_none() {
            return false;
        }
        (pattern, name) = (after.clone(), from.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn the_examples_of_the_specification_hold() {
        for (pattern, name, expected) in [
            ("targets/*.tgz", "targets/foo.tgz", true),
            ("targets/*.tgz", "targets/foo.txt", false),
            ("foo-version-?.tgz", "foo-version-2.tgz", true),
            ("foo-version-?.tgz", "foo-version-alpha.tgz", false),
            ("*.tgz", "foo.tgz", true),
            ("*.tgz", "targets/foo.tgz", false),
            ("foo.tgz", "foo.tgz", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn stars_take_what_they_have_to() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("", "", true),
            ("?", "", false),
            ("*a*b", "aXbab", true),
            ("*a*b", "aXba", false),
            ("a**", "a", true),
            ("staging/*/*", "staging/web/app:1.4", true),
            ("staging/*", "staging/web/app:1.4", false),
            ("staging/*", "staging", false),
            ("*", "/", false),
            ("[a]", "a", false),
            ("é?", "éé", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn crafted_patterns_take_no_longer_than_others() {
        let pattern = "*a".repeat(250);
        assert!(!matches(&pattern, &"a".repeat(249)));
        assert!(!matches(&(pattern.clone() + "b"), &"a".repeat(500)));
        assert!(matches(&pattern, &"a".repeat(500)));
    }
}
