//! The contexts of a build and its Dockerfile: wherever somebody says that they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use build::Limits;
use build::ignore::Ignore;
use build::plan::{Source, given_repository};

use super::Watcher;
use super::context::{Context, IGNORE, Incoming};
use super::draft::{DockerfileText, IMAGE};
use super::error::BuildError;
use super::git::GitSource;
use super::request::BuildRequest;
use crate::engine::Engine;
use crate::error::EngineError;

/// What a Dockerfile is called if nobody says, the usual first.
const NAMES: [&str; 2] = ["Dockerfile", "Containerfile"];
/// Standard input.
const STDIN: &str = "-";

/// The agent that a repository is fetched with.
const AGENT: &str = "default";

/// By name; the one without is the build's own.
pub(super) type Contexts = BTreeMap<Option<String>, Context>;

/// Where something is.
enum Place<'a> {
    Stdin,
    Git(Box<GitSource>),
    Address(&'a str),
    Directory(&'a Path),
    Archive(&'a Path),
}

impl Engine {
    /// Opens all contexts, and reads the Dockerfile.
    pub(super) fn open_contexts(
        &self,
        request: &BuildRequest,
        watcher: &mut dyn Watcher,
    ) -> Result<(Contexts, DockerfileText), BuildError> {
        let (context, file) = self.main_context(request, watcher)?;
        let mut contexts = Contexts::from([(None, context)]);
        for (name, place) in request.contexts.iter().filter(|(_, place)| !place.starts_with(IMAGE)) {
            let found = Place::of(place, request)?;
            let mut context = match self.open_context(&found, watcher)? {
                Incoming::Files(context) => context,
                Incoming::Dockerfile(_) => return Err(BuildError::NoContext(place.clone())),
            };
            if !found.is_git() {
                context.obey_ignore_file("")?;
            }
            contexts.insert(Some(name.clone()), context);
        }
        Ok((contexts, file))
    }

    fn main_context(
        &self,
        request: &BuildRequest,
        watcher: &mut dyn Watcher,
    ) -> Result<(Context, DockerfileText), BuildError> {
        let given = request.file.as_deref();
        if given == Some(STDIN) && request.context == STDIN {
            return Err(BuildError::Twice);
        }
        let place = Place::of(&request.context, request)?;
        let mut context = match self.open_context(&place, watcher)? {
            Incoming::Files(context) => context,
            Incoming::Dockerfile(bytes) => {
                let file = DockerfileText { name: NAMES[0].to_owned(), bytes };
                return Ok((Context::empty(&self.store)?, file));
            }
        };
        // Of a context on this host it may lie anywhere, of others it lies within.
        let is_local = matches!(place, Place::Directory(_));
        let on_host = given.filter(|path| is_local && *path != STDIN && is_file(path));
        let file = match on_host {
            Some(path) => DockerfileText { name: path.to_owned(), bytes: read_file(path)? },
            None => dockerfile(&context, given, &request.context)?,
        };
        let own = on_host.map(rules_beside).transpose()?.flatten();
        match own {
            _ if place.is_git() => {}
            Some((name, text)) => context.obey(&name, &text)?,
            None => context.obey_ignore_file(if on_host.is_some() { "" } else { &file.name })?,
        }
        Ok((context, file))
    }

    fn open_context(&self, place: &Place<'_>, watcher: &mut dyn Watcher) -> Result<Incoming, BuildError> {
        if !matches!(place, Place::Directory(_)) {
            watcher.waiting("getting the context");
        }
        match place {
            Place::Stdin => self.incoming(io::stdin(), "standard input"),
            Place::Git(source) => self.context_of_git(source).map(Incoming::Files),
            Place::Address(url) => self.incoming_at(url),
            Place::Archive(path) => {
                let file = File::open(path).map_err(EngineError::io("open the context"))?;
                self.incoming(file, &path.display().to_string())
            }
            Place::Directory(path) => Context::open(path, &Ignore::default()).map(Incoming::Files),
        }
    }
}

impl<'a> Place<'a> {
    /// A checkout leaves its own `.git` out, and nothing that a file in it says.
    fn is_git(&self) -> bool {
        matches!(self, Self::Git(_))
    }

    fn of(text: &'a str, request: &BuildRequest) -> Result<Self, BuildError> {
        let path = Path::new(text);
        if text == STDIN {
            return Ok(Self::Stdin);
        }
        if path.is_dir() {
            return Ok(Self::Directory(path));
        }
        let wrong = |problem| BuildError::Address { address: text.to_owned(), problem: Box::new(problem) };
        if let Some(Source::Git { remote, reference, subdirectory, keep_git_dir, checksum, submodules }) =
            given_repository(text).map_err(wrong)?
        {
            let agent = request.steps.agents.get(AGENT);
            let environment = agent.map(|socket| ("SSH_AUTH_SOCK".into(), socket.clone().into()));
            let environment = environment.into_iter().collect();
            let source = GitSource {
                remote,
                reference,
                subdirectory,
                keep_git_dir,
                checksum,
                submodules,
                environment,
            };
            return Ok(Self::Git(Box::new(source)));
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Address(text));
        }
        if path.is_file() { Ok(Self::Archive(path)) } else { Err(BuildError::NoContext(text.to_owned())) }
    }
}

/// A pipe is a file, too: `-f <(make-dockerfile)`.
fn is_file(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir())
}

fn read_file(path: &str) -> Result<Vec<u8>, EngineError> {
    File::open(path).and_then(read).map_err(EngineError::io("read the Dockerfile"))
}

/// One byte more than a Dockerfile may have is enough to refuse it.
fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(Limits::default().file_bytes as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// `NAME.dockerignore` beside a Dockerfile of this host, and what stands in it.
fn rules_beside(dockerfile: &str) -> Result<Option<(String, Vec<u8>)>, EngineError> {
    let name = format!("{dockerfile}{IGNORE}");
    match File::open(&name).and_then(read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => Ok(Some((name, text.map_err(EngineError::io("read .dockerignore"))?))),
    }
}

/// Reads the Dockerfile that is meant, from the context or from standard input.
fn dockerfile(context: &Context, given: Option<&str>, place: &str) -> Result<DockerfileText, BuildError> {
    let most = Limits::default().file_bytes as u64 + 1;
    let place = if place == STDIN { "standard input" } else { place };
    let none = |file: &str| BuildError::NoDockerfile { file: file.to_owned(), context: place.to_owned() };
    match given {
        Some(STDIN) => {
            let bytes = read(io::stdin().lock()).map_err(EngineError::io("read the Dockerfile"))?;
            Ok(DockerfileText { name: STDIN.to_owned(), bytes })
        }
        Some(path) => {
            let bytes = context.read(path, most)?.ok_or_else(|| none(path))?;
            Ok(DockerfileText { name: path.to_owned(), bytes })
        }
        None => {
            for name in NAMES {
                if let Some(bytes) = context.read(name, most)? {
                    return Ok(DockerfileText { name: name.to_owned(), bytes });
                }
            }
            Err(none(NAMES[0]))
        }
    }
}
