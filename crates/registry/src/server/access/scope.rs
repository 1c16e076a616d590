//! What somebody may do to which repositories: scopes as a client asks for them, rights as they are granted.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::pattern::{Pattern, is_repository};

/// The longest scope that is read.
const SCOPE: usize = 1024;

/// Something that is done to a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Read what is in it.
    Pull,
    /// Put something into it.
    Push,
    /// Take something out of it.
    Delete,
}

impl Action {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Pull, Self::Push, Self::Delete];

    /// As scopes and settings say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }

    /// The action of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }

    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// A set of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "Vec<Action>", from = "Vec<Action>")]
pub struct Actions(u8);

impl Actions {
    /// Every action.
    #[must_use]
    pub fn all() -> Self {
        Action::ALL.into_iter().collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` are among these.
    #[must_use]
    pub fn contain(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.0 & action.bit() != 0)
    }

    /// The actions of a list with commas between them; `*` stands for all. Names that mean nothing here grant
    /// nothing.
    fn listed(text: &str) -> Self {
        text.split(',')
            .map(|name| match name {
                "*" => Self::all(),
                name => Action::named(name).into_iter().collect(),
            })
            .fold(Self::default(), Self::or)
    }
}

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        Self(actions.into_iter().fold(0, |bits, action| bits | action.bit()))
    }
}

impl From<Action> for Actions {
    fn from(action: Action) -> Self {
        Self(action.bit())
    }
}

impl From<Vec<Action>> for Actions {
    fn from(actions: Vec<Action>) -> Self {
        actions.into_iter().collect()
    }
}

impl From<Actions> for Vec<Action> {
    fn from(actions: Actions) -> Self {
        actions.iter().collect()
    }
}

impl fmt::Display for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Action::as_str).collect();
        f.write_str(&names.join(","))
    }
}

/// What a request needs, or a client asks a token for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Actions on one repository.
    Repository {
        /// Its name.
        name: String,
        /// What is done to it.
        actions: Actions,
    },
    /// The list of repositories, of which everybody sees those that they may pull.
    Catalog,
}

impl Scope {
    /// Actions on a repository.
    #[must_use]
    pub fn repository(name: impl Into<String>, actions: impl Into<Actions>) -> Self {
        Self::Repository { name: name.into(), actions: actions.into() }
    }

    /// Reads `repository:NAME:ACTIONS` or `registry:catalog:*`. Nothing for what no registry of this kind has:
    /// whoever asks for it gets a token without it, as the specification has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > SCOPE {
            return None;
        }
        let (kind, rest) = text.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let actions = Actions::listed(actions);
        match kind {
            "repository" if is_repository(name) && !actions.is_empty() => {
                Some(Self::Repository { name: name.to_owned(), actions })
            }
            "registry" if name == "catalog" => Some(Self::Catalog),
            _ => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository { name, actions } => write!(f, "repository:{name}:{actions}"),
            Self::Catalog => f.write_str("registry:catalog:*"),
        }
    }
}

/// Actions on the repositories that a pattern means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Which repositories.
    pub repositories: Pattern,
    /// What may be done to them.
    pub actions: Actions,
}

/// All that somebody may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights(Vec<Grant>);

impl Rights {
    /// These grants together.
    #[must_use]
    pub fn new(grants: Vec<Grant>) -> Self {
        Self(grants)
    }

    /// Everything, everywhere.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![Grant { repositories: Pattern::all(), actions: Actions::all() }])
    }

    /// What may be done to a repository.
    #[must_use]
    pub fn on(&self, repository: &str) -> Actions {
        self.0
            .iter()
            .filter(|grant| grant.repositories.matches(repository))
            .map(|grant| grant.actions)
            .fold(Actions::default(), Actions::or)
    }

    /// Whether a scope is wholly among these rights.
    #[must_use]
    pub fn cover(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Repository { name, actions } => self.on(name).contain(*actions),
            Scope::Catalog => true,
        }
    }

    /// What of a scope is among these rights.
    #[must_use]
    pub fn part_of(&self, scope: &Scope) -> Option<Scope> {
        match scope {
            Scope::Repository { name, actions } => {
                let granted = self.on(name).and(*actions);
                (!granted.is_empty()).then(|| Scope::repository(name.clone(), granted))
            }
            Scope::Catalog => Some(Scope::Catalog),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scopes_are_read_as_clients_write_them() {
        let scope = Scope::parse("repository:team/app:pull,push").unwrap();
        assert_eq!(
            scope,
            Scope::repository("team/app", [Action::Pull, Action::Push].into_iter().collect::<Actions>())
        );
        assert_eq!(scope.to_string(), "repository:team/app:pull,push");
        assert_eq!(Scope::parse("repository:a:*"), Some(Scope::repository("a", Actions::all())));
        assert_eq!(Scope::parse("registry:catalog:*"), Some(Scope::Catalog));
        for nothing in [
            "",
            "repository",
            "repository:a",
            "repository::pull",
            "repository:a:",
            "repository:A:pull",
            "repository:../a:pull",
            "repository:a:own",
            "repository(plugin):a:pull",
            "registry:other:*",
            "repository:host:5000/a:pull",
        ] {
            assert_eq!(Scope::parse(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn rights_add_up_and_reach_no_further_than_their_patterns() {
        let grant = |pattern: &str, actions: &[Action]| Grant {
            repositories: pattern.parse().unwrap(),
            actions: actions.iter().copied().collect(),
        };
        let rights = Rights::new(vec![grant("team/*", &[Action::Pull]), grant("team/app", &[Action::Push])]);
        assert_eq!(rights.on("team/app").to_string(), "pull,push");
        assert_eq!(rights.on("team/other").to_string(), "pull");
        assert!(rights.on("teams/app").is_empty());
        assert!(rights.on("team").is_empty());
    }

    fn actions() -> impl Strategy<Value = Actions> {
        prop::collection::vec(prop::sample::select(&Action::ALL[..]), 0..4).prop_map(Actions::from)
    }

    proptest! {
        #[test]
        fn no_text_is_a_scope_that_is_written_differently(text in "(repository|registry)?:?[a-z/:,*]{0,30}") {
            if let Some(scope) = Scope::parse(&text) {
                prop_assert_eq!(Scope::parse(&scope.to_string()), Some(scope));
            }
        }

        #[test]
        fn a_part_of_rights_is_never_more_than_them(held in actions(), asked in actions()) {
            let rights = Rights::new(vec![Grant { repositories: "a/*".parse().unwrap(), actions: held }]);
            match rights.part_of(&Scope::repository("a/b", asked)) {
                Some(Scope::Repository { actions, .. }) => {
                    prop_assert!(held.contain(actions) && asked.contain(actions) && !actions.is_empty());
                }
                part => prop_assert!(part.is_none() && held.and(asked).is_empty()),
            }
            prop_assert!(rights.part_of(&Scope::repository("ab", asked)).is_none());
        }
    }
}
