//! An image made of a container: what it has changed, as one more layer on the image it came from.

use launch::cgroup::Group;
use model::image::{Image, ImageConfig};
use model::reference::ImageName;
use model::request::RunRequest;
use model::upkeep::Health;
use store::Commit;
use store::copy::{LayerChange, Notices, Standing, Upper};

use super::changes::{Change, ChangeKind, Mark};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::idspace::IdSpace;
use crate::state::{Record, Status};

/// What a person wants of a new image.
#[derive(Debug, Clone, Default)]
pub struct CommitRequest {
    /// Its name, if it is to have one.
    pub name: Option<ImageName>,
    /// Who made it; may be empty.
    pub author: String,
    /// A remark; may be empty.
    pub message: String,
    /// How it is to start, beyond how the container did.
    pub changes: Vec<ConfigChange>,
    /// Whether the container stands still meanwhile.
    pub pause: Pause,
}

/// Whether a container that runs stands still while its files are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pause {
    /// It does.
    #[default]
    WhileReading,
    /// It runs on; files that it writes meanwhile may be in the image by half.
    Never,
}

/// One change of an image's configuration, as a line of a Dockerfile would make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigChange {
    /// `CMD`
    Command(Vec<String>),
    /// `ENTRYPOINT`
    Entrypoint(Vec<String>),
    /// `ENV`: each `NAME=value`.
    Environment(Vec<(String, String)>),
    /// `EXPOSE`: each `80/tcp`.
    Expose(Vec<String>),
    /// `LABEL`
    Labels(Vec<(String, String)>),
    /// `USER`
    User(String),
    /// `VOLUME`
    Volumes(Vec<String>),
    /// `WORKDIR`
    WorkingDirectory(String),
    /// `STOPSIGNAL`
    StopSignal(String),
    /// `HEALTHCHECK`
    Health(Health),
}

impl Engine {
    /// Makes an image of a container, whether it runs or not.
    ///
    /// # Errors
    /// As [`Engine::diff`]; the store's; launch's where the container cannot be paused.
    pub fn commit(&self, container: &str, request: CommitRequest) -> Result<(Image, Notices), EngineError> {
        let record = self.container(container)?;
        let base = self.image_of(&record)?;
        let now = self.now();
        let CommitRequest { name, author, message, changes, pause } = request;
        let mut config = inherited(&base.config, &record.request);
        changes.into_iter().for_each(|change| apply(&mut config, change));
        let said = name.as_ref().map(ToString::to_string).unwrap_or_default();
        let (imported, notices) = self.standing_still(&record, pause, || {
            let (changes, upper) = self.changes(&record, &base)?;
            let changes = layer(&changes);
            let space = IdSpace::new(&record.request, record.range)?;
            // An id that the container has no name for is nobody's, as it is inside.
            let ids = |id| space.inside(id).unwrap_or(NOBODY);
            let layer = upper.as_ref().filter(|_| !changes.is_empty());
            let commit = Commit {
                base: Some(&base).filter(|_| record.request.step.is_none()),
                below: &base.layers,
                layer: layer.map(|directory| (Upper { directory, ids: &ids }, changes.as_slice())),
                config,
                author,
                comment: message,
                created_by: record.command.join(" "),
            };
            Ok(self.store.commit(commit, name.into_iter().collect(), now)?)
        })?;
        let entry = Entry::image(Kind::Commit, Some(imported.image.digest), said, now);
        self.note(&Entry {
            container: Some(record.id.to_string()),
            permit: record.decision.permit,
            ..entry
        })?;
        Ok((imported.image, notices))
    }

    /// Does the work while nothing of the container runs, where that is asked for.
    fn standing_still<T>(
        &self,
        record: &Record,
        pause: Pause,
        work: impl FnOnce() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let runs = matches!(record.status, Status::Running { .. });
        let wanted = runs && pause == Pause::WhileReading && !self.is_paused(record);
        let _until_done = if wanted { Group::at(&record.cgroup).map(Frozen::new).transpose()? } else { None };
        work()
    }
}

/// A group that stands still until this is dropped.
struct Frozen(Group);

impl Frozen {
    fn new(group: Group) -> Result<Self, EngineError> {
        group.freeze()?;
        Ok(Self(group))
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // A group that is gone needs no thawing; for any other there is `coffer unpause`.
        let _gone = self.0.thaw();
    }
}

/// The overflow id (/proc/sys/kernel/overflowuid).
pub(crate) const NOBODY: u32 = 65_534;

/// The image's configuration with what the container was started with. Its environment is left out: what a
/// run is told with `-e` may be a secret, and an image is for everybody.
fn inherited(config: &ImageConfig, request: &RunRequest) -> ImageConfig {
    let mut config = config.clone();
    match request.entrypoint.as_deref() {
        None => {}
        Some("") => (config.entrypoint, config.cmd) = (Vec::new(), Vec::new()),
        Some(program) => (config.entrypoint, config.cmd) = (vec![program.to_owned()], Vec::new()),
    }
    if !request.command.is_empty() {
        config.cmd.clone_from(&request.command);
    }
    if let Some(user) = &request.user {
        config.user.clone_from(user);
    }
    if let Some(directory) = &request.working_dir {
        config.working_dir.clone_from(directory);
    }
    config.labels.extend(request.labels.clone());
    config
}

fn apply(config: &mut ImageConfig, change: ConfigChange) {
    match change {
        ConfigChange::Command(words) => config.cmd = words,
        ConfigChange::Entrypoint(words) => config.entrypoint = words,
        ConfigChange::Environment(pairs) => {
            for (name, value) in pairs {
                let prefix = format!("{name}=");
                config.env.retain(|entry| !entry.starts_with(&prefix));
                config.env.push(prefix + &value);
            }
        }
        ConfigChange::Expose(ports) => add(&mut config.exposed_ports, ports),
        ConfigChange::Labels(pairs) => config.labels.extend(pairs),
        ConfigChange::User(user) => config.user = user,
        ConfigChange::Volumes(paths) => add(&mut config.volumes, paths),
        ConfigChange::WorkingDirectory(path) => config.working_dir = path,
        ConfigChange::StopSignal(signal) => config.stop_signal = signal,
        ConfigChange::Health(health) => config.health = health,
    }
}

fn add(list: &mut Vec<String>, more: Vec<String>) {
    list.extend(more);
    list.sort();
    list.dedup();
}

/// The changes as a layer says them. What a directory hides as a whole needs no words of its own.
pub(crate) fn layer(changes: &[Change]) -> Vec<LayerChange> {
    let said = changes.iter().filter(|change| change.mark != Mark::Implied);
    said.map(|change| LayerChange {
        path: change.path.strip_prefix(b"/").unwrap_or(&change.path).to_owned(),
        standing: match (change.kind, change.mark) {
            (ChangeKind::Deleted, _) => Standing::Whiteout,
            (_, Mark::Opaque) => Standing::Opaque,
            _ => Standing::Over,
        },
    })
    .collect()
}
