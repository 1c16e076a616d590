//! Who scans, and what each of them is given.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::Settings;
use crate::bench::scan::IMAGES;
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

/// Trivy as it is without options, and ours when it looks for no more than Trivy told to.
pub(crate) const TRIVY_DEFAULTS: &str = "trivy, secrets too";
const LEAN: &str = "coffer, vulnerabilities alone";

/// What every scanner works on.
pub(crate) struct Material {
    /// Docker-archives, `NAME.tar`.
    images: PathBuf,
    /// Published advisories, as Cofferdam imports them.
    pub(crate) advisories: PathBuf,
    /// The same for the peers, as benches/peers writes them.
    databases: PathBuf,
}

/// The command that matches the SBOM at a path.
type Matching<'a> = Box<dyn Fn(&Path) -> Command + 'a>;

/// One scanner.
pub(crate) struct Scanner<'a> {
    pub(crate) name: &'static str,
    pub(crate) version: String,
    /// Makes the next scan a cold one: whatever was learned of images goes.
    pub(crate) forget: Box<dyn Fn() -> Outcome + 'a>,
    /// Scans the image of a name.
    pub(crate) image: Box<dyn Fn(&str) -> Command + 'a>,
    /// Matches an SBOM anew; our own inventories need no such file.
    pub(crate) sbom: Option<Matching<'a>>,
}

impl Material {
    pub(crate) fn given(settings: &Settings) -> Outcome<Self> {
        let missing = |what: &str| format!("which {what}? docs/benchmarks.md says what `bench scan` needs");
        let absolute = |path: &Option<PathBuf>, what: &str| {
            let path = path.as_ref().ok_or_else(|| missing(what))?;
            path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))
        };
        Ok(Self {
            images: absolute(&settings.images, "images (--images DIR)")?,
            advisories: absolute(&settings.advisories, "advisories (--advisories DIR)")?,
            databases: absolute(&settings.databases, "databases of the peers (--databases DIR)")?,
        })
    }

    pub(crate) fn archive(&self, image: &str) -> PathBuf {
        self.images.join(format!("{image}.tar"))
    }
}

/// With the images in its store, where `pull`, `import` and `build` put them: a scan reads nothing else. Once for
/// everything, and once for vulnerabilities alone.
pub(crate) fn coffer<'a>(
    program: &'a Path,
    version: &str,
    scratch: &Scratch,
    material: &Material,
) -> Outcome<[Scanner<'a>; 2]> {
    let state = scratch.path().join("coffer");
    shell::capture(ours(program, &state, &["advisories", "import"]).arg(&material.advisories))?;
    for image in IMAGES {
        let archive = material.archive(image);
        if archive.is_file() {
            shell::capture(ours(program, &state, &["image", "import"]).arg(archive))?;
        }
    }
    let scanner = |name, options: &'static [&'static str]| {
        let (state, facts) = (state.clone(), state.clone());
        Scanner {
            name,
            version: version.to_owned(),
            forget: Box::new(move || forget(&facts)),
            image: Box::new(move |image| {
                let mut command = ours(program, &state, &["scan", "--format", "json", image]);
                command.args(options);
                command
            }),
            sbom: None,
        }
    };
    Ok([scanner("coffer", &[]), scanner(LEAN, &["--scanners", "vuln"])])
}

/// With an empty store: the image is unpacked into it, as for a first start, and then scanned.
pub(crate) fn coffer_from_archive<'a>(
    program: &'a Path,
    version: &str,
    scratch: &Scratch,
    material: &'a Material,
) -> Outcome<Scanner<'a>> {
    let state = scratch.path().join("empty");
    shell::capture(ours(program, &state, &["advisories", "import"]).arg(&material.advisories))?;
    let store = state.clone();
    Ok(Scanner {
        name: "coffer, archive",
        version: version.to_owned(),
        forget: Box::new(move || emptied(&store, &["advisories"])),
        image: Box::new(move |image| {
            let mut command = ours(program, &state, &["scan", "--format", "json"]);
            command.arg(material.archive(image));
            command
        }),
        sbom: None,
    })
}

/// A command of ours with a state of its own.
pub(crate) fn ours(program: &Path, state: &Path, words: &[&str]) -> Command {
    let mut command = shell::program(program, words);
    command.env("COFFER_ROOT", state);
    command
}

/// What Trivy looks for.
#[derive(Clone, Copy)]
pub(crate) enum Sought {
    /// Vulnerabilities alone: what it does fastest.
    Vulnerabilities,
    /// Secrets as well, as it does unless it is told otherwise.
    Defaults,
}

impl Sought {
    fn name(self) -> &'static str {
        match self {
            Self::Vulnerabilities => "trivy",
            Self::Defaults => TRIVY_DEFAULTS,
        }
    }

    fn scanners(self) -> &'static str {
        match self {
            Self::Vulnerabilities => "vuln",
            Self::Defaults => "vuln,secret",
        }
    }
}

pub(crate) fn trivy<'a>(
    settings: &Settings,
    scratch: &Scratch,
    material: &'a Material,
    sought: Sought,
) -> Outcome<Scanner<'a>> {
    let program = settings.peer("trivy")?;
    let version = said(&program, "Version")?;
    let cache = scratch.directory(sought.name())?;
    copied(&material.databases.join("trivy"), &cache)?;
    let learned = cache.join("fanal");
    let command = move |words: &[&str]| {
        let mut command = shell::program(&program, words);
        command.args(["--quiet", "--format", "json", "--scanners", sought.scanners(), "--offline-scan"]);
        command.args([
            "--skip-db-update",
            "--skip-java-db-update",
            "--skip-version-check",
            "--disable-telemetry",
        ]);
        command.arg("--cache-dir").arg(&cache);
        command
    };
    let of_sbom = command.clone();
    let sbom = move |file: &Path| {
        let mut command = of_sbom(&["sbom"]);
        command.arg(file);
        command
    };
    Ok(Scanner {
        name: sought.name(),
        version,
        forget: Box::new(move || removed(&learned)),
        image: Box::new(move |image| {
            let mut command = command(&["image"]);
            command.arg("--input").arg(material.archive(image));
            command
        }),
        sbom: match sought {
            Sought::Vulnerabilities => Some(Box::new(sbom)),
            Sought::Defaults => None,
        },
    })
}

/// It keeps nothing between scans.
pub(crate) fn grype<'a>(
    settings: &Settings,
    scratch: &Scratch,
    material: &'a Material,
) -> Outcome<Scanner<'a>> {
    let program = settings.peer("grype")?;
    let version = said(&program, "Version")?;
    let cache = scratch.directory("grype")?;
    copied(&material.databases.join("grype"), &cache)?;
    let command = move |source: &str, file: &Path| {
        let mut command = Command::new(&program);
        command.args(["--quiet", "--output", "json"]).arg(format!("{source}:{}", file.display()));
        command.env("GRYPE_DB_CACHE_DIR", &cache).env("GRYPE_DB_AUTO_UPDATE", "false");
        command.env("GRYPE_DB_VALIDATE_AGE", "false").env("GRYPE_CHECK_FOR_APP_UPDATE", "false");
        command
    };
    let of_sbom = command.clone();
    Ok(Scanner {
        name: "grype",
        version,
        forget: Box::new(|| Ok(())),
        image: Box::new(move |image| command("docker-archive", &material.archive(image))),
        sbom: Some(Box::new(move |file| of_sbom("sbom", file))),
    })
}

/// The value of the line `KEY: VALUE` of what `PROGRAM version` says.
fn said(program: &Path, key: &str) -> Outcome<String> {
    let text = shell::capture(&mut shell::program(program, ["version"]))?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'));
    line.map(|value| value.trim().to_owned()).ok_or_else(|| format!("`version` says no {key}"))
}

fn forget(state: &Path) -> Outcome {
    removed(&state.join("images/notes"))
}

fn removed(directory: &Path) -> Outcome {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot empty {}: {error}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// Removes all that is in a directory but the entries of these names.
fn emptied(directory: &Path, but: &[&str]) -> Outcome {
    let failed = |error: std::io::Error| format!("cannot empty {}: {error}", directory.display());
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if but.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            removed(&entry.path())?;
        } else {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

fn copied(from: &Path, to: &Path) -> Outcome {
    shell::capture(Command::new("cp").arg("-rT").args([from, to])).map(drop)
}
