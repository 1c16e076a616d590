//! `registry team add|rm|ls|join|leave`

use super::names;
use super::settings::settings;
use crate::args::registry::{TeamAdd, TeamJoin, TeamLeave, TeamList, TeamRemove};
use crate::commands::{Act, Entry, Life, act, options};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::registry;
use crate::site;

pub(crate) const TEAM_ADD: Entry = Entry {
    words: &["registry", "team", "add"],
    aliases: &[],
    life: Life::Ship,
    about: "Make a team in a registry, whose members may do the same",
    examples: [
        ("coffer registry team add web --grant 'web/*=pull,push,delete'", "everything below web/"),
        ("coffer registry team add readers --grant '*=pull'", "to read everything"),
    ],
    notes: "`coffer registry team join` takes users in.",
    codes: ExitCodes::Ordinary,
    options: options::<TeamAdd>,
    act: act::<TeamAdd>,
};

pub(crate) const TEAM_REMOVE: Entry = Entry {
    words: &["registry", "team", "rm"],
    aliases: &[],
    life: Life::Ship,
    about: "Remove teams of a registry; their members stay",
    examples: [
        ("coffer registry team rm web", "one"),
        ("coffer registry team rm web readers", "two at once"),
    ],
    notes: "A later team of the same name begins without members.",
    codes: ExitCodes::Ordinary,
    options: options::<TeamRemove>,
    act: act::<TeamRemove>,
};

pub(crate) const TEAM_LIST: Entry = Entry {
    words: &["registry", "team", "ls"],
    aliases: &[],
    life: Life::Ship,
    about: "List the teams of a registry, their members and what they may do",
    examples: [
        ("coffer registry team ls", "all of them"),
        ("coffer registry team ls --format json", "the same for programs"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<TeamList>,
    act: act::<TeamList>,
};

pub(crate) const TEAM_JOIN: Entry = Entry {
    words: &["registry", "team", "join"],
    aliases: &[],
    life: Life::Ship,
    about: "Take users into a team of a registry",
    examples: [
        ("coffer registry team join web anna", "one"),
        ("coffer registry team join web anna ben", "two at once"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<TeamJoin>,
    act: act::<TeamJoin>,
};

pub(crate) const TEAM_LEAVE: Entry = Entry {
    words: &["registry", "team", "leave"],
    aliases: &[],
    life: Life::Ship,
    about: "Take users out of a team of a registry",
    examples: [
        ("coffer registry team leave web ben", "one"),
        ("coffer registry team leave web anna ben", "two at once"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<TeamLeave>,
    act: act::<TeamLeave>,
};

impl Act for TeamAdd {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        site::open()?.registry_accounts(&settings.storage)?.add_team(&self.name, self.grant)?;
        context.show(|| &self.name, || names([&self.name]))?;
        Ok(0)
    }
}

impl Act for TeamRemove {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let accounts = engine.registry_accounts(&settings.storage)?;
        for name in &self.names {
            accounts.remove_team(name)?;
        }
        context.show(|| &self.names, || names(&self.names))?;
        Ok(0)
    }
}

impl Act for TeamList {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let teams = engine.registry_accounts(&settings.storage)?.teams()?;
        context.show(
            || teams.iter().map(registry::TeamJson::new).collect::<Vec<_>>(),
            || registry::teams(&teams).render(context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for TeamJoin {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let accounts = engine.registry_accounts(&settings.storage)?;
        for user in &self.users {
            accounts.join(&self.team, user)?;
        }
        context.show(|| &self.users, || names(&self.users))?;
        Ok(0)
    }
}

impl Act for TeamLeave {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let accounts = engine.registry_accounts(&settings.storage)?;
        for user in &self.users {
            accounts.leave(&self.team, user)?;
        }
        context.show(|| &self.users, || names(&self.users))?;
        Ok(0)
    }
}
