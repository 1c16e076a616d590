//! A thousand inventories on a shelf, matched anew after the advisories changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::bench::measure;
use crate::bench::results::Row;
use crate::bench::scan::scanners::{Material, Scanner, ours};
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

/// Inventories, and how many of them the peers get: they take one process for each.
const INVENTORIES: usize = 1000;
const SAMPLE: usize = 20;

/// Packages in each, out of those of this machine.
const PACKAGES: usize = 300;

/// One in so many is so old that every advisory about it counts.
const OLD: usize = 10;

/// Images for the question which of them have a vulnerability: the others have the notes of the first, again and again.
const MANY: usize = 5000;

/// The figure of ours alone, for that question.
const ASKED: &str = "affected_5000_ms";

/// The figure of everybody, for all of the inventories.
const METRIC: &str = "rematch_1000_ms";

const ROUNDS: usize = 5;

/// A row for each scanner.
pub(crate) fn rows(
    program: &Path,
    version: &str,
    scratch: &Scratch,
    material: &Material,
    scanners: &[Scanner<'_>],
) -> Outcome<(Vec<Row>, Vec<String>)> {
    let shelf = Shelf::stock(program, scratch, material)?;
    let mut row = Row::new("shelf: coffer", version);
    row.put(METRIC, shelf.rematch()?);
    shelf.enlarge()?;
    row.put(ASKED, shelf.asked()?);
    let mut rows = vec![row];
    let sboms = (0..SAMPLE).map(|number| shelf.sbom(number)).collect::<Outcome<Vec<_>>>()?;
    for scanner in scanners {
        let Some(command) = &scanner.sbom else { continue };
        let mut row = Row::new(&format!("shelf: {}", scanner.name), &scanner.version);
        let times = sboms.iter().map(|sbom| time(&mut command(sbom))).collect::<Outcome<Vec<_>>>()?;
        row.put(METRIC, times.iter().sum::<f64>() * INVENTORIES as f64 / SAMPLE as f64);
        rows.push(row);
    }
    let notes = vec![format!(
        "The shelf has {INVENTORIES} images of {PACKAGES} Debian packages each; the peers get the SBOMs of {SAMPLE} \
         of them, one process for each, and their time is taken {} times",
        INVENTORIES / SAMPLE
    )];
    Ok((rows, notes))
}

/// The digests of images by their names, in hexadecimal digits.
fn digests(listed: &str) -> Outcome<BTreeMap<String, String>> {
    let listed: Vec<Value> = serde_json::from_str(listed).map_err(|error| error.to_string())?;
    let one = |image: &Value| {
        let name = image.pointer("/names/0")?.as_str()?;
        let name = name.rsplit('/').next()?.strip_suffix(":latest")?;
        Some((name.to_owned(), image.get("digest")?.as_str()?.strip_prefix("sha256:")?.to_owned()))
    };
    Ok(listed.iter().filter_map(one).collect())
}

/// Half of the times are longer. The first run, which brings everything into the page cache, does not count.
fn median(command: &mut Command) -> Outcome<f64> {
    time(command)?;
    let mut times = (0..ROUNDS).map(|_| time(command)).collect::<Outcome<Vec<_>>>()?;
    times.sort_unstable_by(f64::total_cmp);
    Ok(measure::quantile(&times, 0.5))
}

fn time(command: &mut Command) -> Outcome<f64> {
    let time = measure::timed(command)?.ok_or_else(|| format!("`{}` failed", shell::line(command)))?;
    Ok(measure::milliseconds(time))
}

/// A store full of small images.
struct Shelf<'a> {
    program: &'a Path,
    state: PathBuf,
    work: PathBuf,
}

impl<'a> Shelf<'a> {
    /// Imports the images and scans each of them once.
    fn stock(program: &'a Path, scratch: &Scratch, material: &Material) -> Outcome<Self> {
        let shelf = Self { program, state: scratch.path().join("shelf"), work: scratch.directory("stock")? };
        shell::capture(shelf.command(&["advisories", "import"]).arg(&material.advisories))?;
        let installed = read(Path::new("/var/lib/dpkg/status"))?;
        let installed: Vec<&str> =
            installed.split("\n\n").filter(|text| text.contains("\nVersion: ")).collect();
        if installed.len() < PACKAGES {
            return Err(format!(
                "this machine has fewer than {PACKAGES} Debian packages to stock a shelf with"
            ));
        }
        for number in 0..INVENTORIES {
            let tarball = shelf.tarball(&status(number, &installed))?;
            let import = ["image", "import", "--tag", &name(number)];
            shell::capture(shelf.command(&import).arg(tarball))?;
            shell::capture(&mut shelf.command(&["scan", "--format", "json", &name(number)]))?;
        }
        Ok(shelf)
    }

    fn command(&self, words: &[&str]) -> Command {
        ours(self.program, &self.state, words)
    }

    /// All of them, out of the store, against the database as it is now.
    fn rematch(&self) -> Outcome<f64> {
        let mut rematch = self.command(&["scan", "--all", "--format", "json"]);
        median(&mut rematch)
    }

    /// Many more images, each with what is known of one of the first.
    fn enlarge(&self) -> Outcome {
        for number in INVENTORIES..MANY {
            let tarball = self.tarball(&format!("Package: p{number}\n"))?;
            shell::capture(self.command(&["image", "import", "--tag", &name(number)]).arg(tarball))?;
        }
        let listed = shell::capture(&mut self.command(&["image", "list", "--format", "json"]))?;
        let digests = digests(&listed)?;
        let note = |number: usize| {
            let digest = digests.get(&name(number)).ok_or_else(|| format!("there is no {}", name(number)))?;
            Ok::<_, String>(self.state.join("images/notes/images").join(digest))
        };
        for number in INVENTORIES..MANY {
            let (known, unknown) = (note(number % INVENTORIES)?, note(number)?);
            std::fs::copy(&known, &unknown).map_err(|error| format!("{}: {error}", known.display()))?;
        }
        Ok(())
    }

    /// Which images have a vulnerability that some of them have.
    fn asked(&self) -> Outcome<f64> {
        let scan = shell::capture(&mut self.command(&["scan", "--format", "json", &name(0)]))?;
        let scan: Value = serde_json::from_str(&scan).map_err(|error| error.to_string())?;
        let found = scan.pointer("/vulnerabilities/0/id").and_then(Value::as_str);
        let found = found.ok_or("nothing on the shelf is vulnerable")?;
        median(&mut self.command(&["advisories", "affected", found]))
    }

    fn sbom(&self, number: usize) -> Outcome<PathBuf> {
        let file = self.work.join(format!("{number}.cdx.json"));
        let mut command = self.command(&["sbom", &name(number), "--format", "cyclonedx-json", "--output"]);
        shell::capture(command.arg(&file))?;
        Ok(file)
    }

    /// A root filesystem with a release of Debian and a list of packages.
    fn tarball(&self, status: &str) -> Outcome<PathBuf> {
        let root = self.work.join("root");
        write(&root.join("var/lib/dpkg/status"), status)?;
        write(&root.join("etc/os-release"), "ID=debian\nVERSION_ID=\"11\"\nVERSION_CODENAME=bullseye\n")?;
        let tarball = self.work.join("root.tar");
        shell::capture(shell::program("tar", ["-cf"]).arg(&tarball).arg("-C").arg(&root).arg("."))?;
        Ok(tarball)
    }
}

fn name(number: usize) -> String {
    format!("shelf-{number}")
}

/// The packages of one image: others in each, some of them old.
fn status(number: usize, installed: &[&str]) -> String {
    let chosen = installed.iter().cycle().skip(number).step_by(3).take(PACKAGES).enumerate();
    chosen.map(|(place, text)| if place % OLD == 0 { aged(text) } else { format!("{text}\n\n") }).collect()
}

/// The same package in its first version.
fn aged(text: &str) -> String {
    let line = |line: &str| match line.split_once(": ") {
        Some(("Version", _)) => "Version: 0.1-1\n".to_owned(),
        // Without a version of its own, the source's is the package's.
        Some(("Source", source)) => {
            format!("Source: {}\n", source.split_whitespace().next().unwrap_or_default())
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).chain(["\n".to_owned()]).collect()
}

fn read(file: &Path) -> Outcome<String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn write(file: &Path, text: &str) -> Outcome {
    let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(file, text)).map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_package_has_no_version_but_its_first() {
        let text = "Package: libssl3\nSource: openssl (3.0.1-1)\nVersion: 3.0.15-1";
        assert_eq!(aged(text), "Package: libssl3\nSource: openssl\nVersion: 0.1-1\n\n");
    }

    #[test]
    fn images_are_known_by_the_name_that_they_were_given() {
        let listed =
            r#"[{"names": ["docker.io/library/shelf-7:latest"], "digest": "sha256:ab"}, {"names": []}]"#;
        assert_eq!(digests(listed), Ok(BTreeMap::from([(name(7), "ab".to_owned())])));
        assert!(digests("{").is_err());
    }

    #[test]
    fn every_image_has_packages_of_its_own() {
        let installed: Vec<String> =
            (0..400).map(|number| format!("Package: p{number}\nVersion: 2")).collect();
        let installed: Vec<&str> = installed.iter().map(String::as_str).collect();
        let (first, second) = (status(0, &installed), status(1, &installed));
        assert_eq!(first.matches("Package: ").count(), PACKAGES);
        assert_eq!(first.matches("Version: 0.1-1\n").count(), PACKAGES / OLD);
        assert_ne!(first, second);
    }
}
