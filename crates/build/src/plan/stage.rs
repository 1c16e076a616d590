//! A stage as far as it has come: its root, how it would start, and which variables hold.

use model::image::ImageConfig;
use model::upkeep::HealthCommand;

use super::error::Problem;
use super::options::Base;
use super::platform::Platform;
use super::reader::{Reader, Scope};
use super::variables::Variables;
use super::{HistoryLine, StepId};

/// Where programs are looked for if the base does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What executes a line of shell if nobody said `SHELL`.
const SHELL: [&str; 2] = ["/bin/sh", "-c"];

/// A stage as far as it has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage {
    /// The last step.
    pub(super) top: Option<StepId>,
    /// How its image would start; the environment is in `image`.
    pub(super) config: ImageConfig,
    /// `MAINTAINER`
    pub(super) author: String,
    /// Beyond the base image's.
    pub(super) history: Vec<HistoryLine>,
    /// The image's environment.
    pub(super) image: Variables,
    /// The same, and the arguments: what the language replaces, and what `RUN` sees.
    pub(super) seen: Variables,
    /// The names of `ARG` so far.
    pub(super) arguments: Variables,
    /// Whether this stage has its own `CMD`.
    pub(super) has_command: bool,
}

impl Stage {
    /// Nothing: `FROM scratch`.
    pub(super) fn empty(platform: &Platform) -> Self {
        let config = ImageConfig {
            os: platform.os.clone(),
            architecture: platform.architecture.clone(),
            working_dir: "/".to_owned(),
            ..ImageConfig::default()
        };
        Self { config, ..Self::default() }.with_path()
    }

    /// What an image is.
    pub(super) fn of_image(base: &Base) -> Self {
        let mut config = base.config.clone();
        config.on_build.clear();
        if !config.working_dir.is_empty() {
            config.working_dir = super::paths::join("/", &config.working_dir);
        }
        let image = Variables::of(&std::mem::take(&mut config.env));
        let seen = image.clone();
        Self { config, image, seen, author: base.author.clone(), ..Self::default() }.with_path()
    }

    /// What another stage is. Its arguments hold, its `ONBUILD` has been done, and its `CMD` is a base's.
    pub(super) fn of_stage(base: &Self) -> Self {
        let mut stage = Self { has_command: false, ..base.clone() };
        stage.config.on_build.clear();
        stage
    }

    fn with_path(mut self) -> Self {
        if self.image.get("PATH").is_none() {
            self.image.set("PATH", PATH);
            self.seen.set("PATH", PATH);
        }
        self
    }

    /// What a copy of it costs.
    pub(super) fn bytes(&self) -> usize {
        let history: usize = self.history.iter().map(|line| line.created_by.len()).sum();
        let labels: usize = self.config.labels.iter().map(|(name, value)| name.len() + value.len()).sum();
        let config = &self.config;
        let lists = [&config.entrypoint, &config.cmd, &config.exposed_ports, &config.volumes, &config.shell];
        let lists: usize = lists.into_iter().flatten().map(String::len).sum();
        let texts = [&self.author, &config.user, &config.working_dir, &config.stop_signal];
        let texts: usize = texts.into_iter().map(String::len).sum();
        let health = match &config.health.command {
            Some(HealthCommand::Program(arguments)) => arguments.iter().map(String::len).sum(),
            Some(HealthCommand::Shell(line)) => line.len(),
            Some(HealthCommand::Disabled) | None => 0,
        };
        history
            + labels
            + lists
            + texts
            + health
            + self.image.bytes()
            + self.seen.bytes()
            + self.arguments.bytes()
    }

    pub(super) fn scope<'a>(&'a self, reader: &'a Reader) -> Scope<'a> {
        reader.scope(&self.seen)
    }

    /// `ENV`: the image has it, and whatever follows.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.image.set(name, value);
        self.seen.set(name, value);
    }

    /// The directory that relative paths begin at.
    pub(super) fn directory(&self) -> &str {
        if self.config.working_dir.is_empty() { "/" } else { &self.config.working_dir }
    }

    /// The shell and a line for it.
    pub(super) fn in_shell(&self, line: String) -> Vec<String> {
        let mut arguments = self.config.shell.clone();
        if arguments.is_empty() {
            arguments = SHELL.map(str::to_owned).to_vec();
        }
        arguments.push(line);
        arguments
    }

    /// A line of history, without a layer.
    pub(super) fn note(&mut self, created_by: String, reader: &Reader) -> Result<(), Problem> {
        self.record(created_by, None, reader)
    }

    /// A line of history.
    pub(super) fn record(
        &mut self,
        created_by: String,
        step: Option<StepId>,
        reader: &Reader,
    ) -> Result<(), Problem> {
        reader.budget.charge(created_by.len())?;
        self.history.push(HistoryLine { created_by, step });
        Ok(())
    }

    /// How the image starts, its environment included.
    pub(super) fn config(&self) -> ImageConfig {
        ImageConfig { env: self.image.lines(), ..self.config.clone() }
    }
}
