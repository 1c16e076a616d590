//! cosign and notation, which sign images and verify what others signed: they judge what we leave beside an image, and
//! we judge what they leave there, in our registry and in Debian's.

mod scene;
mod repository;
mod forgery;
mod checks;
mod pair;
mod cosign;
mod notation;
mod copied;

use crate::bench::scratch::Scratch;
use crate::conformance::Settings;
use crate::conformance::lists::{self, List};
use crate::packages;
use crate::registry::Registry;
use crate::shell::Outcome;

use checks::Check;
use scene::{Scene, Tools};

const NAME: &str = "sigstore";

pub(crate) fn run(settings: &Settings) -> Outcome {
    packages::ensure(packages::SIGSTORE)?;
    let scratch = Scratch::new(NAME)?;
    let tools = Tools::find(&settings.path, &settings.program, &scratch)?;
    let ours = Registry::ours(&scratch, &settings.program, &settings.options)?;
    let debian = Registry::debian(&scratch)?;
    let scenes = [Scene::new("coffer", &ours, &tools)?, Scene::new("debian", &debian, &tools)?];
    let mut found = List::new();
    for scene in &scenes {
        let mut checks = Vec::new();
        for pair in [&cosign::JUDGES, &cosign::JUDGED, &notation::JUDGED] {
            checks.extend(pair.checks(scene)?);
        }
        checks.extend(cosign::own_keys(scene)?);
        checks.extend(notation::certificates(scene)?);
        judge(settings, scene, checks, &mut found)?;
    }
    let [first, second] = &scenes;
    judge(settings, second, copied::checks(first, second)?, &mut found)?;
    judge(settings, first, copied::checks(second, first)?, &mut found)?;
    settle(settings, &tools, &found)
}

/// Asks, prints each verdict and adds it to the list.
fn judge(settings: &Settings, scene: &Scene<'_>, checks: Vec<Check>, found: &mut List) -> Outcome {
    for check in checks {
        let name = format!("{}/{}", scene.name(), check.name());
        if settings.only.as_ref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let verdict = check.verdict()?;
        println!("{name:60} {}", verdict.word());
        if let Some(said) = verdict.said() {
            println!("    {}", said.replace('\n', "\n    "));
        }
        found.insert(name, verdict.word().to_owned());
    }
    Ok(())
}

/// Compares the list with what was found, or writes it. All of it has to pass.
fn settle(settings: &Settings, tools: &Tools, found: &List) -> Outcome {
    let passed = found.values().filter(|verdict| *verdict == "pass").count();
    println!("\n{passed} of {} passed", found.len());
    if settings.only.is_some() {
        return lists::failed(found).first().map_or(Ok(()), |failed| Err(failed.clone()));
    }
    lists::agree(settings, &lists::directory(NAME).join("ours.txt"), found, || tools.versions())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_on_file_fails() {
        let list = lists::load(&lists::directory(NAME).join("ours.txt")).unwrap();
        assert_eq!(lists::failed(&list), Vec::<String>::new());
        assert!(list.len() > 100);
    }
}
