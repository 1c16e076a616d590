//! Ruby: the specifications of installed gems, and Bundler's lock file.

mod gemspec;
mod gemfile;

use crate::catalog::Cataloger;

/// `specifications/*.gemspec`, those of gems that come with Ruby included.
pub(super) const GEMSPEC: Cataloger = Cataloger {
    name: "ruby",
    wants: |file| {
        let directory = file.path.strip_suffix(file.name()).unwrap_or_default();
        let is_place =
            directory.ends_with("specifications/") || directory.ends_with("specifications/default/");
        is_place && file.name().ends_with(".gemspec")
    },
    read: |file, content, found| gemspec::read(file.name(), content, found),
};

/// `Gemfile.lock`.
pub(super) const GEMFILE_LOCK: Cataloger = Cataloger {
    name: "ruby-lock",
    wants: |file| matches!(file.name(), "Gemfile.lock" | "gems.locked"),
    read: |_, content, found| gemfile::read(content, found),
};
