//! The engine of one site: what every command starts from.

use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use model::host::HostCheck;
use model::image::Image;
use model::request::RunRequest;
use model::usecase::Host;
use model::verdict::Verdict;
use policy::{Decision, Question};
use registry::config::Places;
use rustix::fs::{Mode, RenameFlags};
use scan::Guard;
use store::{Limits, Owner, Store};

use crate::book::{Book, Entry, History, Line, Statement};
use crate::error::EngineError;
use crate::host;
use crate::idspace;
use crate::site::{Invoker, Site};
use crate::state::{Containers, StateError, open_dir, read_file, write_aside};
use crate::time::Moment;

/// Tells the time.
pub type Clock = fn() -> Moment;

/// Hears what was found on the way, which is no error of what was asked.
pub type Herald = fn(&Notice<'_>);

/// Something that a person should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice<'a> {
    /// The monitor of this container was killed, and so the container was ended.
    LostMonitor {
        /// The container's name.
        name: &'a str,
    },
    /// An image was let run that its publisher does not vouch for.
    Unvouched {
        /// As it was asked for.
        image: &'a str,
        /// Why, in one clause.
        detail: &'a str,
    },
    /// An image was let run that has something in it that is exploited already.
    KnownExploited {
        /// As it was asked for.
        image: &'a str,
        /// What it has, in one clause.
        detail: &'a str,
    },
}

/// The file that holds the ledger's name.
const ORIGIN: &str = "origin";

/// Everything that can be done at one site.
pub struct Engine {
    pub(crate) site: Site,
    pub(crate) clock: Clock,
    pub(crate) herald: Herald,
    pub(crate) places: Option<Places>,
    pub(crate) containers: Containers,
    pub(crate) store: Store,
    /// What confines those who read hostile files, made by the first who needs it.
    pub(crate) guard: OnceLock<Guard>,
}

/// What would be decided about a request.
#[derive(Debug)]
pub struct Assessment {
    /// The image that would run.
    pub image: Image,
    /// The answer and its grounds.
    pub verdict: Verdict,
}

impl Engine {
    /// Opens the site, and makes its directories at first use. A rootless invoker has entered their
    /// session ([`crate::session`]) before.
    ///
    /// # Errors
    /// [`StateError`] where the directories cannot be had or are not ours alone; the store's.
    pub fn open(site: Site, clock: Clock) -> Result<Self, EngineError> {
        site.prepare()?;
        let owner = match site.invoker {
            Invoker::Root => Owner::Root,
            Invoker::Rootless { .. } if idspace::session_size()? > 1 => Owner::UserNamespace,
            Invoker::Rootless { .. } => Owner::SingleUser,
        };
        let store = Store::open(site.images(), owner, Limits::default())?;
        let containers = Containers::of(&site);
        let (herald, guard): (Herald, _) = (|_| {}, OnceLock::new());
        Ok(Self { containers, site, clock, herald, places: None, store, guard })
    }

    /// The same, with somebody who hears what is found on the way.
    #[must_use]
    pub fn heard_by(self, herald: Herald) -> Self {
        Self { herald, ..self }
    }

    /// The same, with where settings about registries are: publishers are asked for news where it is needed.
    #[must_use]
    pub fn reaching(self, places: Places) -> Self {
        Self { places: Some(places), ..self }
    }

    pub(crate) fn now(&self) -> i64 {
        (self.clock)().seconds
    }

    /// Looks at everything that this host has or lacks.
    #[must_use]
    pub fn system_check(&self) -> Vec<HostCheck> {
        host::check(&self.site, self.now())
    }

    /// What would be decided about the request, without any effect.
    ///
    /// # Errors
    /// The image or a path of the host cannot be found.
    pub fn assess(&self, request: &RunRequest) -> Result<Assessment, EngineError> {
        let image = self.image(&request.image)?;
        let request = crate::hostpaths::resolved(request.clone())?;
        let verdict = self.ask(&request, &image, self.now(), policy::assess);
        Ok(Assessment { image, verdict })
    }

    /// What is decided about the request, for this container.
    pub(crate) fn decide(&self, request: &RunRequest, image: &Image, container: &str, now: i64) -> Decision {
        self.ask(request, image, now, |question| policy::decide(question, container.to_owned(), now))
    }

    fn ask<A>(
        &self,
        request: &RunRequest,
        image: &Image,
        now: i64,
        answer: impl FnOnce(&Question<'_>) -> A,
    ) -> A {
        let own_state = [&self.site.state, &self.site.run].map(|path| path.to_string_lossy().into_owned());
        let (host, level) = (self.host(), request.level);
        let (scanned, vouched) = (self.scanned(image), self.vouched(&request.image, image, now));
        let (scanned, vouched) = (&scanned, &vouched);
        answer(&Question { request, image, host, level, scanned, vouched, own_state: &own_state })
    }

    fn host(&self) -> Host {
        host::level(&self.site, self.now())
    }

    /// Entries of the ledger, oldest first: the `latest` so many, or all.
    ///
    /// # Errors
    /// The ledger's; a changed entry is [`ledger::LedgerError::Damaged`].
    pub fn ledger_lines(&self, latest: Option<u64>) -> Result<Vec<Line>, EngineError> {
        Ok(self.book()?.lines(latest)?)
    }

    /// The whole history, and then what comes.
    ///
    /// # Errors
    /// The ledger's.
    pub fn history(&self) -> Result<History, EngineError> {
        Ok(History::of(self.book()?))
    }

    /// Proves the whole history, and that a checkpoint that was kept elsewhere (the text of its note) is
    /// a part of it.
    ///
    /// # Errors
    /// The ledger's, with the first entry that is not as it was signed.
    pub fn ledger_verify(&self, kept: Option<&str>) -> Result<ledger::Verified, EngineError> {
        Ok(self.book()?.verify(kept)?)
    }

    /// A signed statement of the whole history, to keep elsewhere.
    ///
    /// # Errors
    /// The ledger's.
    pub fn ledger_checkpoint(&self) -> Result<Statement, EngineError> {
        Ok(self.book()?.statement()?)
    }

    /// Records something that has happened; it need not survive a power cut.
    pub(crate) fn note(&self, entry: &Entry) -> Result<(), EngineError> {
        self.book()?.append(entry, ledger::Durability::Buffered)?;
        Ok(())
    }

    /// Records things that have happened one after the other.
    pub(crate) fn note_all(&self, entries: &[Entry]) -> Result<(), EngineError> {
        if entries.is_empty() {
            return Ok(());
        }
        Ok(self.book()?.append_all(entries, ledger::Durability::Buffered)?)
    }

    pub(crate) fn book(&self) -> Result<Book, EngineError> {
        Ok(Book::open(&self.site.ledger(), &self.origin()?)?)
    }

    /// The ledger's name: made once, unique, and nothing of the host is in it.
    pub(crate) fn origin(&self) -> Result<String, EngineError> {
        let path = self.site.state.join(ORIGIN);
        let failed = |path: &Path| StateError::io("read or write", path);
        let dir = open_dir(&self.site.state).map_err(StateError::errno("open", &self.site.state))?;
        for _ in 0..2 {
            if let Some(bytes) = read_file(&dir, ORIGIN).map_err(failed(&path))? {
                return Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned());
            }
            let id = crate::id::ContainerId::random().map_err(failed(&path))?;
            let origin = format!("cofferdam.local/{}\n", id.short());
            // Two that come first at once: one of them wins, and both read the winner's.
            let mode = Mode::RUSR | Mode::WUSR;
            let made = write_aside(&dir, ORIGIN, mode, RenameFlags::NOREPLACE, |file| {
                file.write_all(origin.as_bytes())
            });
            match made {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => made.map_err(failed(&path))?,
            }
        }
        Err(failed(&path)(std::io::ErrorKind::NotFound.into()).into())
    }
}
