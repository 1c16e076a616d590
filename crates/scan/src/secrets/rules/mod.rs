//! The rules, by who gives such secrets out.

mod keys;
mod clouds;
mod forges;
mod packages;
mod messages;
mod payments;
mod watchers;
mod services;
mod machines;
mod accounts;
mod guesses;

use super::files;
use super::rule::{self, Rule};

/// Those that text is searched for at once.
pub(crate) fn textual() -> impl Iterator<Item = &'static Rule> {
    let lists: [&'static [Rule]; 11] = [
        keys::RULES,
        clouds::RULES,
        forges::RULES,
        packages::RULES,
        messages::RULES,
        payments::RULES,
        watchers::RULES,
        services::RULES,
        machines::RULES,
        accounts::RULES,
        guesses::RULES,
    ];
    lists.into_iter().flatten()
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    textual().chain(files::rules())
}

#[cfg(test)]
mod tests;
