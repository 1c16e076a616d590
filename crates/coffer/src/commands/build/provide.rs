//! What a build needs from outside: base images, secrets, agents.

use std::collections::BTreeMap;
use std::path::PathBuf;

use engine::building::{Draft, Need, SecretSource, Secrets, Watcher};
use engine::registries::Registries;
use engine::ship::Wanted;
use engine::{Engine, EngineError};
use model::image::Image;
use model::reference::{ImageName, Reference};
use model::verdict::Level;

use crate::args::build::Build;
use crate::args::ship::PullWhen;
use crate::commands::ship::Provision;
use crate::errors::Failure;
use crate::progress::Lines;
use crate::value::build::{Agent, Secret, SecretFrom};
use crate::value::env::Variable;

/// Where images come from that a build begins with.
pub(super) struct Images {
    provision: Provision,
    when: PullWhen,
    level: Level,
}

impl Images {
    /// To be made before a session begins, inside of which everybody is root.
    pub(super) fn new(build: &Build, level: Level) -> Self {
        let provision = Provision::new(build.cache.pull, build.result.authfile.as_deref());
        Self { provision, when: build.cache.pull, level: build.steps.policy.unwrap_or(level) }
    }

    /// Gets all of them, and those that they tell about.
    pub(super) fn provide(
        &self,
        engine: &Engine,
        draft: &mut Draft,
        watcher: &mut dyn Watcher,
    ) -> Result<(), Failure> {
        loop {
            let needs = draft.needs()?;
            if needs.is_empty() {
                return Ok(());
            }
            for need in needs {
                watcher.waiting(&format!("getting {}", need.reference));
                let image = self.image(engine, &need, watcher)?;
                engine.give(draft, need, image)?;
            }
        }
    }

    /// What a name in a registry leads to now.
    pub(super) fn pull(&self, engine: &Engine, name: &str) -> Result<Image, Failure> {
        let registries = self.registries()?;
        let name = registries.full_name(&crate::args::ship::name(name).map_err(EngineError::from)?)?;
        self.pulled(engine, &name, &Wanted::host())
    }

    fn pulled(&self, engine: &Engine, name: &ImageName, wanted: &Wanted) -> Result<Image, Failure> {
        let registries = self.registries()?;
        Ok(engine.pull_at(self.level, &registries, name, wanted, &mut Lines::new())?.image)
    }

    /// Which registries there are.
    pub(super) fn registries(&self) -> Result<Registries, Failure> {
        self.provision.registries()
    }

    fn image(&self, engine: &Engine, need: &Need, watcher: &mut dyn Watcher) -> Result<Image, Failure> {
        let wanted: Wanted = need.platform.parse().unwrap_or_else(|_| Wanted::host());
        match here(engine, &need.reference).filter(|(_, here)| !wanted.fits(here)) {
            Some((name, here)) if self.when != PullWhen::Never => {
                self.beside(engine, (&name, here), &wanted, watcher)
            }
            _ => Ok(engine.image(&self.provision.named(engine, &need.reference, self.level, &wanted)?)?),
        }
    }

    /// Gets an image whose name is that of another one here. It stays so, if that one runs here.
    fn beside(
        &self,
        engine: &Engine,
        (name, here): (&ImageName, Image),
        wanted: &Wanted,
        watcher: &mut dyn Watcher,
    ) -> Result<Image, Failure> {
        let full = self.registries()?.full_name(name)?;
        match self.pulled(engine, &full, wanted) {
            Ok(image) => {
                if Wanted::host().fits(&here) {
                    engine.tag(&here, &full)?;
                }
                Ok(image)
            }
            Err(failure) => {
                watcher.remark(&format!("no {name} for {wanted}: {}", failure.what()));
                Ok(here)
            }
        }
    }
}

/// What the store has under the name of an image; archives are no names.
fn here(engine: &Engine, reference: &str) -> Option<(ImageName, Image)> {
    match reference.parse().ok()? {
        Reference::Name(name) | Reference::Remote(name) => {
            let image = engine.image(reference).ok()?;
            Some((name, image))
        }
        Reference::Archive(_) | Reference::Embedded => None,
    }
}

/// Build arguments as they were said; a name alone has the value that it has here, and is left out if it has none.
pub(super) fn arguments(said: &[Variable]) -> BTreeMap<String, String> {
    let ours = |name: &str| std::env::var(name).ok();
    let split = |text: String| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    said.iter().cloned().filter_map(|variable| variable.resolve(ours)).filter_map(split).collect()
}

/// Where each secret is; variables are read now, files when a step asks.
pub(super) fn secrets(said: &[Secret]) -> Result<Secrets, Failure> {
    let mut secrets = Secrets::default();
    for Secret { id, source } in said {
        let variable =
            |name: &str| std::env::var(name).ok().map(|value| SecretSource::Value(value.into_bytes().into()));
        let source = match source {
            SecretFrom::File(path) => Some(SecretSource::File(path.clone())),
            SecretFrom::Variable(name) => variable(name),
            SecretFrom::Named => variable(id).or_else(|| Some(SecretSource::File(PathBuf::from(id)))),
        };
        let source = source.ok_or_else(|| {
            let what = format!("the secret `{id}` is to come from a variable that is not set");
            Failure::usage(what, "set it, or give a file: id=NAME,src=FILE")
        })?;
        secrets.insert(id.clone(), source);
    }
    Ok(secrets)
}

/// The socket of each agent.
pub(super) fn agents(said: &[Agent]) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let ours = || std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from);
    let one = |agent: &Agent| {
        let socket = agent.socket.clone().or_else(ours).ok_or_else(|| {
            let what = format!("no agent for `--ssh {}`: SSH_AUTH_SOCK is not set", agent.id);
            Failure::usage(what, "start one: eval $(ssh-agent), ssh-add; or say --ssh ID=SOCKET")
        })?;
        Ok((agent.id.clone(), socket))
    };
    said.iter().map(one).collect()
}
