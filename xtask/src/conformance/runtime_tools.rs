//! The validation programs of opencontainers/runtime-tools: each makes containers with the program that
//! `$RUNTIME` names, by runc's command line, and says in TAP what they were.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::bench::cgroups;
use crate::bench::machine;
use crate::bench::scratch::Scratch;
use crate::conformance::lists::{self, List};
use crate::conformance::tap::{self, Verdict};
use crate::conformance::{Lists, Settings, isolate, reasons};
use crate::leftovers;
use crate::shell::{self, Outcome};

const NAME: &str = "runtime-tools";

/// The slowest takes 15 s.
const LIMIT: Duration = Duration::from_secs(90);

/// They print what goes wrong, and nothing where the runtime refuses what it shall refuse.
const SILENT: [&str; 2] = ["process_capabilities_fail", "process_rlimits_fail"];

/// They race against the container: one signals its shell, perhaps before that has set its trap; one kills a
/// program that ends at once; one wants its output before that of a hook that runs beside it. They pass if they
/// pass once.
const RACES: [&str; 3] = ["killsig", "pidfile", "poststart"];
const TRIES: usize = 10;

/// Hierarchies of version 1 that its programs look for and a machine may not have mounted.
const HIERARCHIES: [&str; 3] = ["hugetlb", "net_cls", "net_prio"];

pub(crate) fn run(settings: &Settings) -> Outcome {
    if !shell::is_root() {
        return Err("the validation programs need root".to_owned());
    }
    let programs = programs(&settings.path)?;
    let chosen = |program: &&PathBuf| settings.only.as_ref().is_none_or(|only| *only == name(program));
    let chosen: Vec<&PathBuf> = programs.iter().filter(chosen).collect();
    let scratch = Scratch::short("conformance")?;
    let _mounted = cgroups::mounted(&HIERARCHIES)?;
    let mut found = List::new();
    for program in chosen {
        let verdict = judge(program, settings, scratch.path())?;
        found.insert(name(program), verdict.word().to_owned());
    }
    match (&settings.only, found.is_empty()) {
        (Some(only), true) => Err(format!("there is no program `{only}` in the suite")),
        (Some(_), false) => Ok(()),
        (None, _) => settle(settings, &found),
    }
}

/// The programs, which `make` has built beside their sources.
fn programs(checkout: &Path) -> Outcome<Vec<PathBuf>> {
    let validation = checkout.join("validation");
    let entries =
        std::fs::read_dir(&validation).map_err(|error| format!("{}: {error}", validation.display()))?;
    let program = |place: PathBuf| Some(place.join(place.file_name()?).with_extension("t"));
    let mut programs: Vec<PathBuf> =
        entries.flatten().filter_map(|entry| program(entry.path())).filter(|file| file.is_file()).collect();
    programs.sort_unstable();
    if programs.is_empty() || !checkout.join("runtimetest").is_file() {
        return Err(format!(
            "the suite is not built: CGO_ENABLED=0 make -C {} runtimetest validation-executables",
            checkout.display()
        ));
    }
    Ok(programs)
}

fn name(program: &Path) -> String {
    program.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Runs the program, as often as it needs, and prints what it says.
fn judge(program: &Path, settings: &Settings, scratch: &Path) -> Outcome<Verdict> {
    let tries = if RACES.contains(&name(program).as_str()) { TRIES } else { 1 };
    let mut verdict = one(program, settings, scratch)?;
    for _ in 1..tries {
        if verdict == Verdict::Pass {
            break;
        }
        verdict = one(program, settings, scratch)?;
    }
    Ok(verdict)
}

fn one(program: &Path, settings: &Settings, scratch: &Path) -> Outcome<Verdict> {
    let begun = Instant::now();
    let ended = isolate::run(program, &settings.path, &settings.program, scratch, LIMIT)?;
    leftovers::sweep(|name| matches!(name, "cgrouptest" | "testdir") || leftovers::is_uuid(name));
    let verdict = match ended.status {
        None => Verdict::Fail(format!("it hung for {} s and was killed", LIMIT.as_secs())),
        Some(status) if !status.success() => Verdict::Fail(status.to_string()),
        Some(_) if ended.stdout.is_empty() && SILENT.contains(&name(program).as_str()) => Verdict::Pass,
        Some(_) => tap::judge(&ended.stdout),
    };
    println!("{:32} {} {:5.1} s", name(program), verdict.word(), begun.elapsed().as_secs_f64());
    if let Verdict::Fail(why) = &verdict {
        println!("    {why}");
        ended
            .stderr
            .lines()
            .filter(|line| !line.trim().is_empty())
            .take(3)
            .for_each(|line| println!("    {line}"));
    }
    Ok(verdict)
}

/// Prints the sum, and compares the lists with what was found or writes them.
fn settle(settings: &Settings, found: &List) -> Outcome {
    let count = |word: &str| found.values().filter(|verdict| *verdict == word).count();
    println!("\n{} passed, {} failed, {} skipped", count("pass"), count("fail"), count("skip"));
    let who = lists::judged(&settings.program);
    let file = lists::file(NAME, &who);
    match settings.lists {
        Lists::Compared => {}
        Lists::Rewritten => lists::save(&file, &remarks(settings)?, found)?,
        Lists::Printed => {
            print!("\n{}", lists::text(&remarks(settings)?, found));
            return Ok(());
        }
    }
    let mut complaints = lists::differences(&lists::load(&file)?, found);
    if who == "ours" {
        complaints.extend(owed()?);
    }
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(format!("the lists are not true:\n  {}", complaints.join("\n  ")))
    }
}

/// What our lists owe: all that runc passes, and a reason for everything else. Where there is none, nothing.
fn owed() -> Outcome<Vec<String>> {
    let ours = reasons::ours(NAME)?;
    if ours.is_empty() {
        return Ok(Vec::new());
    }
    let mut complaints = reasons::complaints(&reasons::named(NAME)?, &ours);
    for (ours, runc) in [("ours.txt", "runc.txt"), ("ours-v2.txt", "runc-v2.txt")] {
        let file = |name: &str| lists::directory(NAME).join(name);
        if file(ours).exists() {
            let behind = lists::behind(&lists::load(&file(ours))?, &lists::load(&file(runc))?);
            complaints.extend(behind.iter().map(|program| format!("{program}: runc passes it ({runc})")));
        }
    }
    Ok(complaints)
}

/// Who said it, of what, where.
fn remarks(settings: &Settings) -> Outcome<Vec<String>> {
    let version = shell::capture(&mut shell::program(&settings.program, ["--version"]))?;
    let mut git = shell::program("git", ["rev-parse", "--short", "HEAD"]);
    let commit = shell::capture(git.current_dir(&settings.path)).unwrap_or_default();
    let suite = format!("opencontainers/runtime-tools {commit}").trim().to_owned();
    Ok(vec![version.lines().next().unwrap_or_default().to_owned(), suite, machine::describe().join(", ")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runc_passes_we_pass_and_the_rest_has_a_reason() {
        assert_eq!(owed().unwrap(), Vec::<String>::new());
    }
}
