//! `coffer login`, `coffer logout`, `coffer search-tags`

use std::io::Read as _;

use engine::registries::{Checked, Registries, Secret, scope};
use model::reference::Repository;

use super::{Act, Entry, Life, act, options};
use crate::args::global::Format;
use crate::args::login::{Login, Logout, SearchTags};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::prompt::Terminal;
use crate::registries;
use crate::render::login::{self, LoginJson, LogoutJson, TagsJson};
use crate::render::table::{Column, Table};
use crate::render::{tags, text};
use crate::value::filter;

/// More than any password or token has.
const MAX_PASSWORD: u64 = 32 << 10;

pub(super) const LOGIN: Entry = Entry {
    words: &["login"],
    aliases: &[],
    life: Life::Ship,
    about: "Log in to a registry, and keep the credentials",
    examples: [
        ("coffer login registry.example:5000", "asks for user and password"),
        ("coffer login -u ci --password-stdin quay.io < token", "in a script"),
    ],
    notes: "\
Without REGISTRY it is Docker Hub. The registry is asked first, and nothing is kept that it does not take.

Credentials go to the first of --authfile, REGISTRY_AUTH_FILE and ~/.config/containers/auth.json, where podman
finds them too and which outlives a reboot; only you can read it. If that file names a credential helper for the
registry, in `credHelpers` or `credsStore`, the helper keeps them. `coffer help registries` tells more.",
    codes: ExitCodes::Ordinary,
    options: options::<Login>,
    act: act::<Login>,
};

pub(super) const LOGOUT: Entry = Entry {
    words: &["logout"],
    aliases: &[],
    life: Life::Ship,
    about: "Forget the credentials for a registry",
    examples: [
        ("coffer logout registry.example:5000", "this one"),
        ("coffer logout --all", "all that are in the file"),
    ],
    notes: "\
Without REGISTRY it is Docker Hub. Only the file that `coffer login` writes is changed, or the helper that it
names; if podman or Docker keep credentials elsewhere, they stay, and you are told. Tokens that the registry has
issued stay valid until they expire.",
    codes: ExitCodes::Ordinary,
    options: options::<Logout>,
    act: act::<Logout>,
};

pub(super) const SEARCH_TAGS: Entry = Entry {
    words: &["search-tags"],
    aliases: &[],
    life: Life::Ship,
    about: "List the tags of a repository in its registry",
    examples: [
        ("coffer search-tags nginx --limit 20", "the newest twenty"),
        ("coffer search-tags quay.io/team/app --filter name=alpine", "only those with this in their name"),
    ],
    notes: "\
Tags that look like versions come last and in their order, the newest at the end; the others come first, by name.",
    codes: ExitCodes::Ordinary,
    options: options::<SearchTags>,
    act: act::<SearchTags>,
};

impl Act for Login {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = scope(&self.registry)?;
        let registries = registries::open(context, self.authfile.as_deref())?;
        if self.get {
            return show_user(context, &registries, &registry);
        }
        let (user, password) = self.credentials(context, &registries, &registry)?;
        let (checked, kept) = registries.login(&registry, &user, &password)?;
        if checked == Checked::NotAsked {
            let name = login::scope(&registry);
            context.warn(&format!("{name} asks for no password, so nobody knows whether this one is right"));
        }
        context.show(
            || LoginJson::new(&registry, &user, Some(&kept)),
            || {
                let (user, registry) = (text::plain(&user), login::scope(&registry));
                format!("{user} is logged in to {registry}; {} keeps the password\n", login::place(&kept))
            },
        )?;
        Ok(0)
    }
}

impl Login {
    /// From options and standard input, and from a person where something is missing.
    fn credentials(
        self,
        context: &Context,
        registries: &Registries,
        registry: &Repository,
    ) -> Result<(String, Secret), Failure> {
        let terminal = Terminal::open();
        let user = match self.username {
            Some(user) => user,
            None => ask_user(terminal.as_ref(), registries, registry)?,
        };
        if user.is_empty() || user.contains(':') || user.chars().any(char::is_control) {
            return Err(Failure::usage(format!("`{user}` is no user's name"), "give one without a colon"));
        }
        let password = match self.password {
            Some(password) => {
                context.warn("other processes of this host can read a password on a command line: use --password-stdin");
                Secret::new(password)
            }
            None if self.password_stdin => from_standard_input()?,
            None => terminal.as_ref().ok_or_else(nobody_to_ask)?.ask_secretly("password: ")?,
        };
        if password.reveal().is_empty() {
            return Err(Failure::usage("the password is empty", "nothing was changed"));
        }
        Ok((user, password))
    }
}

/// Whoever is logged in already is likely to come again.
fn ask_user(
    terminal: Option<&Terminal>,
    registries: &Registries,
    registry: &Repository,
) -> Result<String, Failure> {
    let terminal = terminal.ok_or_else(nobody_to_ask)?;
    let before = registries.user(registry)?.filter(|user| !user.is_empty());
    let remark = before.as_ref().map_or_else(String::new, |user| format!(" ({})", text::plain(user)));
    let typed = terminal.ask(&format!("user at {}{remark}: ", login::scope(registry)))?;
    Ok(before.filter(|_| typed.is_empty()).unwrap_or(typed))
}

fn nobody_to_ask() -> Failure {
    Failure::usage("there is no terminal to ask at", "give -u USER and --password-stdin")
}

/// Standard input to its end, without the line's end.
pub(super) fn from_standard_input() -> Result<Secret, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_PASSWORD + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::file("read the password from", "standard input".as_ref(), &error))?;
    if text.len() as u64 > MAX_PASSWORD {
        let what = format!("the password has more than {MAX_PASSWORD} bytes");
        return Err(Failure::usage(what, "give only the password to standard input"));
    }
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(Secret::new(text))
}

fn show_user(context: &Context, registries: &Registries, registry: &Repository) -> Result<u8, Failure> {
    let Some(user) = registries.user(registry)? else {
        let (name, what) = (login::scope(registry), "nobody is logged in to");
        return Err(Failure::failed(
            "E-registry-no-login",
            format!("{what} `{name}`"),
            format!("coffer login {name}"),
        ));
    };
    context.show(|| LoginJson::new(registry, &user, None), || text::plain(&user) + "\n")?;
    Ok(0)
}

impl Act for Logout {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        if self.all {
            let gone = registries.logout_everywhere()?;
            context.show(|| &gone, || gone.iter().map(|name| text::plain(name) + "\n").collect())?;
            return Ok(0);
        }
        let registry = scope(&self.registry)?;
        let forgotten = registries.logout(&registry)?;
        let name = login::scope(&registry);
        if forgotten.from.is_empty() {
            context.warn(&format!("nobody was logged in to {name}"));
        }
        for file in &forgotten.left {
            let file = text::plain(&file.display().to_string());
            context
                .warn(&format!("`{file}` still has credentials for {name}, which somebody else keeps there"));
        }
        context.show(
            || LogoutJson::new(&registry, &forgotten),
            || forgotten.from.iter().map(|from| format!("{name}, from {}\n", login::place(from))).collect(),
        )?;
        Ok(0)
    }
}

impl Act for SearchTags {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let (repository, found) = registries.tags(&self.repository)?;
        let mut found = filter::keep(found, &self.filter, |tag, filter| tag.contains(&filter.value));
        tags::sort(&mut found);
        let first = self.limit.map_or(0, |limit| found.len().saturating_sub(limit));
        let shown = found.get(first..).unwrap_or_default();
        if self.quiet && context.format == Format::Table {
            return context
                .print(&shown.iter().map(|tag| text::plain(tag) + "\n").collect::<String>())
                .map(|()| 0);
        }
        context.show(
            || TagsJson { repository: repository.to_string(), tags: shown },
            || {
                let mut table = Table::new([Column::whole("REPOSITORY"), Column::whole("TAG")]);
                shown.iter().for_each(|tag| table.row([repository.to_string().into(), tag.as_str().into()]));
                table.render(context.style, context.width())
            },
        )?;
        Ok(0)
    }
}
