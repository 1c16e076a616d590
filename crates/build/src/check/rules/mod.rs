//! All rules.

mod casing;
mod naming;
mod form;
mod variables;
mod places;
mod base;
mod fetching;
mod apt;
mod managers;
mod shells;
mod secrets;
mod exposure;

use crate::check::rule::Rule;

/// Every rule: BuildKit's by its names, and ours.
pub static RULES: &[&Rule] = &[
    &casing::STAGE_NAME,
    &casing::FROM_AS,
    &casing::INSTRUCTION,
    &casing::EXPOSE,
    &naming::DUPLICATE,
    &naming::RESERVED,
    &naming::DESCRIPTION,
    &form::CONTINUATION,
    &form::JSON,
    &form::MAINTAINER,
    &form::MULTIPLE,
    &form::KEY_VALUE,
    &form::EXPOSE,
    &variables::IN_FROM,
    &variables::DEFAULT_IN_FROM,
    &variables::UNDEFINED,
    &places::WORKDIR,
    &places::TARGET_PLATFORM,
    &places::CONSTANT_PLATFORM,
    &places::IGNORED,
    &places::EVERYTHING_FIRST,
    &base::LATEST,
    &base::UNPINNED,
    &base::ROOT,
    &base::HEALTH,
    &fetching::UNCHECKED,
    &fetching::NO_ADD,
    &fetching::PIPED,
    &fetching::NO_TLS,
    &apt::RECOMMENDS,
    &apt::LISTS,
    &apt::UPGRADE,
    &apt::ALONE,
    &apt::APT,
    &managers::PIP,
    &managers::NPM,
    &managers::YUM,
    &managers::APK,
    &shells::SUDO,
    &shells::CD,
    &shells::PIPE,
    &shells::ERREXIT,
    &secrets::NAMED,
    &secrets::WRITTEN,
    &secrets::COPIED,
    &exposure::SSH,
    &exposure::WRITABLE,
];

/// The rule of that name.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}
