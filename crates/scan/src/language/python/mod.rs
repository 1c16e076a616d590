//! Python: what pip and setuptools installed, and the lock files of a source tree.

mod metadata;
mod lock;

use crate::catalog::Cataloger;

/// `*.dist-info/METADATA`, which every installer writes today.
pub(super) const METADATA: Cataloger = Cataloger {
    name: "python",
    wants: |file| file.path.ends_with(".dist-info/METADATA"),
    read: |_, content, found| metadata::read(content, found),
};

/// What setuptools and distutils wrote before: a file, or a directory with one.
pub(super) const EGG_INFO: Cataloger = Cataloger {
    name: "python-egg-info",
    wants: |file| {
        ["/EGG-INFO/PKG-INFO", ".egg-info/PKG-INFO", ".egg-info"].iter().any(|end| file.path.ends_with(end))
    },
    read: |_, content, found| metadata::read(content, found),
};

/// An egg that was never unpacked. Python's own tests have some, which nothing imports.
pub(super) const EGG: Cataloger = Cataloger {
    name: "python-egg",
    wants: |file| {
        file.path.ends_with(".egg") && !file.path.split('/').any(|part| matches!(part, "test" | "tests"))
    },
    read: |_, content, found| metadata::egg(content, found),
};

/// `requirements.txt`, where it names versions.
pub(super) const REQUIREMENTS: Cataloger = Cataloger {
    name: "python-requirements",
    wants: |file| file.name().starts_with("requirements") && file.name().ends_with(".txt"),
    read: |_, content, found| lock::requirements(content, found),
};

/// `Pipfile.lock`.
pub(super) const PIPFILE: Cataloger = Cataloger {
    name: "python-pipfile",
    wants: |file| file.name() == "Pipfile.lock",
    read: |_, content, found| lock::pipfile(content, found),
};

/// `poetry.lock`, `uv.lock`, `pdm.lock`, `pylock.toml`: all have a list of packages with name and version.
pub(super) const TOML_LOCK: Cataloger = Cataloger {
    name: "python-lock",
    wants: |file| matches!(file.name(), "poetry.lock" | "uv.lock" | "pdm.lock" | "pylock.toml"),
    read: |_, content, found| lock::toml(content, found),
};

/// A name as Python compares it: PEP 503.
fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.trim().chars() {
        match letter {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            _ => normal.extend(letter.to_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_marks() {
        assert_eq!(normal("Zope.Interface"), "zope-interface");
        assert_eq!(normal("a__b-_c"), "a-b-c");
    }
}
