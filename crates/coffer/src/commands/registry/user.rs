//! `registry user add|rm|ls|passwd`

use engine::registries::Secret;
use engine::serving::{Role, UserWish, new_password};

use super::names;
use super::settings::settings;
use crate::args::registry::{NewPassword, UserAdd, UserList, UserPasswd, UserRemove};
use crate::commands::login::from_standard_input;
use crate::commands::{Act, Entry, Life, act, options};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::prompt::Terminal;
use crate::render::{registry, time};
use crate::site;

pub(crate) const USER_ADD: Entry = Entry {
    words: &["registry", "user", "add"],
    aliases: &[],
    life: Life::Ship,
    about: "Give somebody an account in a registry",
    examples: [
        ("coffer registry user add --admin anna", "asks for her password"),
        ("coffer registry user add --generate --grant 'team/*=pull,push' ben", "prints the one that it makes"),
    ],
    notes: "\
Nothing is allowed that is not granted, here or through a team. Repositories are one, `team/app`, all below one,
`team/*`, or all, `*`. Servers take notice within two seconds.",
    codes: ExitCodes::Ordinary,
    options: options::<UserAdd>,
    act: act::<UserAdd>,
};

pub(crate) const USER_REMOVE: Entry = Entry {
    words: &["registry", "user", "rm"],
    aliases: &[],
    life: Life::Ship,
    about: "Take accounts in a registry away",
    examples: [("coffer registry user rm ben", "one"), ("coffer registry user rm ben carla", "two at once")],
    notes: "Passwords end at once; a bearer token that a server has given for one ends within five minutes.",
    codes: ExitCodes::Ordinary,
    options: options::<UserRemove>,
    act: act::<UserRemove>,
};

pub(crate) const USER_LIST: Entry = Entry {
    words: &["registry", "user", "ls"],
    aliases: &[],
    life: Life::Ship,
    about: "List who has an account in a registry, and what they may do",
    examples: [
        ("coffer registry user ls", "all of them"),
        ("coffer registry user ls --format json", "the same for programs"),
    ],
    notes: "What somebody may do through a team is in `coffer registry team ls`.",
    codes: ExitCodes::Ordinary,
    options: options::<UserList>,
    act: act::<UserList>,
};

pub(crate) const USER_PASSWD: Entry = Entry {
    words: &["registry", "user", "passwd"],
    aliases: &[],
    life: Life::Ship,
    about: "Give a user of a registry another password",
    examples: [
        ("coffer registry user passwd anna", "asks for it"),
        ("coffer registry user passwd --password-stdin anna < password", "in a script"),
    ],
    notes: "The old one ends at once.",
    codes: ExitCodes::Ordinary,
    options: options::<UserPasswd>,
    act: act::<UserPasswd>,
};

impl Act for UserAdd {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let accounts = engine.registry_accounts(&settings.storage)?;
        accounts.need_free(&self.name)?;
        let password = self.password.ask()?;
        let wish = UserWish {
            password: password.clone(),
            role: if self.admin { Role::Admin } else { Role::Member },
            grants: self.grant,
            teams: self.team.into_iter().collect(),
        };
        accounts.add_user(&self.name, wish)?;
        self.password.show(context, &self.name, &password)
    }
}

impl Act for UserPasswd {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let accounts = engine.registry_accounts(&settings.storage)?;
        accounts.need_user(&self.name)?;
        let password = self.password.ask()?;
        accounts.set_password(&self.name, &password)?;
        self.password.show(context, &self.name, &password)
    }
}

impl Act for UserRemove {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let accounts = engine.registry_accounts(&settings.storage)?;
        for name in &self.names {
            accounts.remove_user(name)?;
        }
        context.show(|| &self.names, || names(&self.names))?;
        Ok(0)
    }
}

impl Act for UserList {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let users = engine.registry_accounts(&settings.storage)?.users()?;
        context.show(
            || users.iter().map(registry::UserJson::new).collect::<Vec<_>>(),
            || registry::users(&users, time::now()).render(context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl NewPassword {
    /// A new one, made, read or typed twice.
    fn ask(&self) -> Result<Secret, Failure> {
        if self.generate {
            return Ok(new_password()?);
        }
        if self.password_stdin {
            return from_standard_input();
        }
        let terminal = Terminal::open().ok_or_else(|| {
            Failure::usage("there is no terminal to ask at", "give --password-stdin, or --generate")
        })?;
        let password = terminal.ask_secretly("new password: ")?;
        match terminal.ask_secretly("the same again: ")? == password {
            true => Ok(password),
            false => Err(Failure::usage("the two passwords differ", "nothing was changed")),
        }
    }

    /// A password that was made is shown once, and nowhere kept.
    fn show(&self, context: &Context, user: &str, password: &Secret) -> Result<u8, Failure> {
        let made = self.generate.then(|| password.reveal());
        context.show(
            || registry::PasswordJson { user, password: made },
            || made.map_or_else(|| format!("{user}\n"), |made| format!("{made}\n")),
        )?;
        Ok(0)
    }
}
