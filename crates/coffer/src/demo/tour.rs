//! The tour itself: import, verdict, run, three attacks, a refusal, the proof. Everything happens for
//! real, through the same doors as any other command; what is shown is what came back.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::time::Instant;

use engine::state::Ended;
use engine::{Detach, Engine, EngineError, Foreground, Interruptions, Quiet};
use model::request::RunRequest;
use model::verdict::{Outcome, Verdict};
use serde::{Deserialize, Serialize};

use super::image;
use super::report::{Report, Stands, Wall};
use crate::errors::Failure;
use crate::idmap::IdMap;

/// One attack for each of the three walls that people ask about first: dropped code, new privileges,
/// the host's kernel.
const ATTACKS: [&str; 3] = ["drop-exec-root", "unshare-user", "core-pattern"];

/// How the embedded image is asked for, here and on any command line.
const NAME: &str = "demo:";

/// What happened; also `--format json`.
#[derive(Debug, Serialize)]
pub(crate) struct Tour {
    pub(crate) image: Imported,
    pub(crate) verdict: Judged,
    pub(crate) walls: Vec<Wall>,
    pub(crate) run_millis: u64,
    pub(crate) attacks: Vec<Attack>,
    pub(crate) attacks_millis: u64,
    pub(crate) refusal: Refusal,
    pub(crate) ledger: Proof,
}

/// The image, once it is in the store.
#[derive(Debug, Serialize)]
pub(crate) struct Imported {
    pub(crate) name: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
    pub(crate) millis: u64,
}

/// The verdict in numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Judged {
    pub(crate) outcome: Outcome,
    pub(crate) level: &'static str,
    pub(crate) applied: usize,
    pub(crate) missing: Vec<&'static str>,
}

/// What became of an attack; the probe says so itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Attack {
    pub(crate) name: String,
    pub(crate) tries: String,
    pub(crate) outcome: String,
    pub(crate) detail: String,
}

/// The request that was refused.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    pub(crate) request: &'static str,
    pub(crate) asked: String,
    pub(crate) rule: String,
    pub(crate) nist: Vec<&'static str>,
    pub(crate) cis: Vec<&'static str>,
    pub(crate) ledger_entry: u64,
}

/// The ledger, verified.
#[derive(Debug, Serialize)]
pub(crate) struct Proof {
    pub(crate) entries: u64,
    pub(crate) root: String,
}

impl Tour {
    /// Whether every wall stood and every attack was stopped.
    pub(crate) fn holds(&self) -> bool {
        self.walls.iter().all(|wall| wall.stands == Stands::Yes) && self.attacks.iter().all(Attack::stopped)
    }
}

impl Attack {
    pub(crate) fn stopped(&self) -> bool {
        self.outcome == "stopped"
    }
}

/// What a tour needs on its way.
pub(crate) struct Guide<'a> {
    /// Of a site that is thrown away afterwards.
    pub(crate) engine: &'a Engine,
    /// A directory for what the programs print.
    pub(crate) scratch: &'a Path,
    /// The tour ends early where somebody asks for it, so that the site can be thrown away.
    pub(crate) interruptions: &'a Interruptions,
}

/// Walks through all of it.
pub(crate) fn walk(guide: &Guide<'_>) -> Result<Tour, Failure> {
    let engine = guide.engine;
    let begun = Instant::now();
    let layer = image::layer().map_err(|error| Failure::internal(&error))?;
    let imported = engine.import_embedded(&layer, &image::config())?.image;
    let image = Imported {
        name: NAME.to_owned(),
        digest: imported.digest.short(),
        size: imported.size,
        millis: millis(begun),
    };
    let assessment = engine.assess(&request(&[]))?;
    let begun = Instant::now();
    let report = guide.captured(request(&["report", "--json"]))?;
    let walls = Report::parse(&report).map_err(|error| unexpected(&report, &error))?.walls(&IdMap::ours());
    let run_millis = millis(begun);
    let begun = Instant::now();
    let attacks = ATTACKS.iter().map(|name| guide.attack(name)).collect::<Result<_, _>>()?;
    Ok(Tour {
        image,
        verdict: judged(&assessment.verdict),
        walls,
        run_millis,
        attacks,
        attacks_millis: millis(begun),
        refusal: refusal(engine)?,
        ledger: proof(engine)?,
    })
}

impl Guide<'_> {
    fn attack(&self, name: &str) -> Result<Attack, Failure> {
        let said = self.captured(request(&["attack", name, "--json"]))?;
        serde_json::from_slice(&said).map_err(|error| unexpected(&said, &error))
    }

    /// Runs it and returns what it printed.
    fn captured(&self, request: RunRequest) -> Result<Vec<u8>, Failure> {
        if let Some(signal) = self.interruptions.asked() {
            return Err(Failure::interrupted(signal));
        }
        let path = self.scratch.join("said");
        let failed = |error: std::io::Error| Failure::file("use", &path, &error);
        let mut said =
            File::options().read(true).write(true).create(true).truncate(true).open(&path).map_err(failed)?;
        let foreground = Foreground { stdout: said.try_clone().map_err(failed)?.into(), ..quiet()? };
        let ended = self.engine.run(request, foreground, &mut Quiet)?;
        let mut bytes = Vec::new();
        said.rewind().and_then(|()| said.read_to_end(&mut bytes)).map_err(failed)?;
        match ended {
            Ended::Code { .. } => Ok(bytes),
            _ => Err(Failure::failed(
                "E-cli-demo",
                "the demo's program was killed",
                "try again with more memory",
            )),
        }
    }
}

fn judged(verdict: &Verdict) -> Judged {
    Judged {
        outcome: verdict.outcome,
        level: verdict.level.as_str(),
        applied: verdict.applied.len(),
        missing: verdict.missing.iter().map(|finding| finding.control.id).collect(),
    }
}

/// Asks for what `baseline` forbids. That it would be permitted is a fault, not a tour.
fn refusal(engine: &Engine) -> Result<Refusal, Failure> {
    let asked = RunRequest { privileged: true, ..request(&["report"]) };
    match engine.run(asked, quiet()?, &mut Quiet) {
        Err(EngineError::Refused { refusal, entry }) => Ok(Refusal {
            request: "coffer run --privileged demo:",
            asked: refusal.asked,
            rule: refusal.rule.to_owned(),
            nist: refusal.nist.to_vec(),
            cis: refusal.cis.to_vec(),
            ledger_entry: entry,
        }),
        Err(error) => Err(error.into()),
        Ok(_) => Err(Failure::failed(
            "E-cli-demo",
            "the demo's privileged request was not refused",
            "please report it with the output of coffer system check",
        )),
    }
}

fn proof(engine: &Engine) -> Result<Proof, Failure> {
    let verified = engine.ledger_verify(None)?;
    Ok(Proof { entries: verified.size, root: verified.root.to_string() })
}

fn request(command: &[&str]) -> RunRequest {
    RunRequest {
        image: NAME.to_owned(),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        remove: true,
        ..RunRequest::default()
    }
}

/// Neither input nor output.
fn quiet() -> Result<Foreground, Failure> {
    let path = Path::new("/dev/null");
    let null = || {
        File::options().read(true).write(true).open(path).map_err(|error| Failure::file("open", path, &error))
    };
    Ok(Foreground {
        stdin: null()?.into(),
        stdout: null()?.into(),
        stderr: null()?.into(),
        detach: Detach::Unavailable,
    })
}

fn unexpected(said: &[u8], error: &serde_json::Error) -> Failure {
    let said = String::from_utf8_lossy(said).chars().take(200).collect::<String>();
    Failure::failed(
        "E-cli-demo",
        format!("the demo's program did not report: {error}"),
        format!("it said: {said}\nplease report it with the output of coffer system check"),
    )
}

fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
