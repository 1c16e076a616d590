//! `registry token create|ls|revoke`

use engine::serving::{Action, Actions, Grant, TokenWish};

use super::names;
use super::settings::settings;
use crate::args::registry::{TokenCreate, TokenList, TokenRevoke};
use crate::commands::{Act, Entry, Life, act, options};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::{registry, time};
use crate::site;
use crate::value::grant::Expiry;

pub(crate) const TOKEN_CREATE: Entry = Entry {
    words: &["registry", "token", "create"],
    aliases: &[],
    life: Life::Ship,
    about: "Make a token for a machine, and print it once",
    examples: [
        ("coffer registry token create --repository team/app --pull --push --expires 24h", "for a build"),
        ("coffer registry token create --repository '*' --pull --name backup", "for 90 days"),
    ],
    notes: "\
It is the password of the user `token`: coffer login -u token --password-stdin HOST < FILE. Only its hash is kept:
whoever loses it makes another one.",
    codes: ExitCodes::Ordinary,
    options: options::<TokenCreate>,
    act: act::<TokenCreate>,
};

pub(crate) const TOKEN_LIST: Entry = Entry {
    words: &["registry", "token", "ls"],
    aliases: &[],
    life: Life::Ship,
    about: "List the tokens of a registry, what they allow and when they were used",
    examples: [
        ("coffer registry token ls", "all of them"),
        ("coffer registry token ls --format json", "the same for programs"),
    ],
    notes: "When a token was used is written down every ten minutes at most.",
    codes: ExitCodes::Ordinary,
    options: options::<TokenList>,
    act: act::<TokenList>,
};

pub(crate) const TOKEN_REVOKE: Entry = Entry {
    words: &["registry", "token", "revoke"],
    aliases: &[&["registry", "token", "rm"]],
    life: Life::Ship,
    about: "End tokens of a registry",
    examples: [
        ("coffer registry token revoke 5f0c22d1a9e3", "one"),
        ("coffer registry token revoke 5f0c22d1a9e3 0b7791c2f4de", "two at once"),
    ],
    notes: "It ends at once; a bearer token that a server has given for it ends within five minutes.",
    codes: ExitCodes::Ordinary,
    options: options::<TokenRevoke>,
    act: act::<TokenRevoke>,
};

impl Act for TokenCreate {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let accounts = engine.registry_accounts(&settings.storage)?;
        let expires = match self.expires {
            Expiry::Never => None,
            Expiry::After(length) => Some(time::seconds().saturating_add(length.as_secs())),
        };
        let actions = self.actions();
        let grants =
            self.repository.into_iter().map(|repositories| Grant { repositories, actions }).collect();
        let (id, secret) = accounts.create_token(TokenWish { name: self.name, grants, expires })?;
        context.show(
            || registry::NewTokenJson::new(&id, secret.reveal(), expires),
            || format!("{}\n", secret.reveal()),
        )?;
        Ok(0)
    }
}

impl TokenCreate {
    fn actions(&self) -> Actions {
        let asked = [(self.pull, Action::Pull), (self.push, Action::Push), (self.delete, Action::Delete)];
        asked.into_iter().filter(|(asked, _)| *asked).map(|(_, action)| action).collect()
    }
}

impl Act for TokenList {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let tokens = engine.registry_accounts(&settings.storage)?.tokens()?;
        context.show(
            || tokens.iter().map(registry::TokenJson::new).collect::<Vec<_>>(),
            || registry::tokens(&tokens, time::now()).render(context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for TokenRevoke {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let accounts = engine.registry_accounts(&settings.storage)?;
        for id in &self.ids {
            accounts.revoke(id)?;
        }
        context.show(|| &self.ids, || names(&self.ids))?;
        Ok(0)
    }
}
