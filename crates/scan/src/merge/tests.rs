//! Layers as they come from the walk, and what an image of them has.

use model::inventory::{Distribution, Gap, Inventory, PackageKind};

use super::{is_hidden, merge};
use crate::catalog::Found;
use crate::facts::{Documents, Filed, LayerFacts, Release, Source};
use crate::mark::{Mark, Marks};

fn marks(paths: &[&str]) -> Marks {
    paths.iter().map(|path| Mark::of(path)).collect()
}

/// A layer that has these files, and the directories above them.
fn layer(files: &[&str]) -> LayerFacts {
    let above = files.iter().flat_map(|path| path.match_indices('/').map(|(end, _)| &path[..end]));
    LayerFacts { leaves: marks(files), directories: above.map(Mark::of).collect(), ..LayerFacts::default() }
}

fn with(mut layer: LayerFacts, path: &str, packages: Vec<Found>) -> LayerFacts {
    let packages = packages.into_iter().map(|found| Filed { found, files: Marks::default() }).collect();
    layer.sources.push(Source { path: path.to_owned(), packages });
    layer
}

fn dpkg(name: &str, version: &str) -> Found {
    Found::new(PackageKind::Dpkg, name, version)
}

fn names(packages: &[model::inventory::Package]) -> Vec<String> {
    packages
        .iter()
        .map(|package| format!("{} {} @{}", package.name, package.version, package.layer))
        .collect()
}

const STATUS: &str = "var/lib/dpkg/status";

#[test]
fn a_replaced_database_tells_what_each_layer_brought_and_took() {
    let one = with(layer(&[STATUS]), STATUS, vec![dpkg("a", "1"), dpkg("b", "1"), dpkg("c", "1")]);
    let two = with(layer(&[STATUS]), STATUS, vec![dpkg("a", "1"), dpkg("b", "2"), dpkg("d", "1")]);
    let three = layer(&["etc/motd"]);
    let four = with(layer(&[STATUS]), STATUS, vec![dpkg("a", "1"), dpkg("b", "2"), dpkg("d", "1")]);
    let inventory = merge(&[one, two, three, four]);
    assert_eq!(names(&inventory.packages), ["a 1 @0", "b 2 @1", "d 1 @1"]);
    assert_eq!(names(&inventory.removed), ["b 1 @0", "c 1 @0"]);
}

#[test]
fn whatever_takes_the_place_of_a_source_or_of_a_directory_above_it_removes_it() {
    let path = "opt/app/lib/x.jar";
    let jar = || with(layer(&[path]), path, vec![Found::new(PackageKind::Maven, "g:x", "1")]);
    let directory =
        LayerFacts { directories: marks(&["opt", "opt/app", "opt/app/lib", path]), ..LayerFacts::default() };
    let opaque = LayerFacts { opaque: marks(&["opt/app"]), ..layer(&["opt/app/other"]) };
    let hiding = [layer(&[path]), layer(&["opt"]), layer(&["opt/app/lib"]), directory, opaque];
    for above in hiding {
        let inventory = merge(&[jar(), above.clone()]);
        assert!(inventory.packages.is_empty(), "{above:?}");
        assert_eq!(names(&inventory.removed), ["g:x 1 @0"]);
        assert!(is_hidden(path, &[above]));
    }
    for beside in [layer(&["opt/app/lib/y.jar"]), layer(&["usr/x.jar"]), LayerFacts::default()] {
        let inventory = merge(&[jar(), beside.clone()]);
        assert_eq!(names(&inventory.packages), ["g:x 1 @0"], "{beside:?}");
        assert!(!is_hidden(path, &[beside]));
    }
}

#[test]
fn what_comes_back_elsewhere_is_not_removed() {
    let pip = || Found::new(PackageKind::PyPi, "pip", "24.0");
    let (old, new) = ("usr/lib/pip/METADATA", "opt/pip/METADATA");
    let inventory =
        merge(&[with(layer(&[old]), old, vec![pip()]), with(layer(&["usr/lib/pip", new]), new, vec![pip()])]);
    assert_eq!(names(&inventory.packages), ["pip 24.0 @1"]);
    assert!(inventory.removed.is_empty());
}

#[test]
fn remarks_become_licences_and_owners_and_no_packages() {
    let (list, copyright) = ("var/lib/dpkg/info/python3-six:all.list", "usr/share/doc/python3-six/copyright");
    let metadata = "usr/lib/python3/dist-packages/six.egg-info";
    let mut facts = layer(&[STATUS, list, copyright, metadata]);
    facts =
        with(facts, STATUS, vec![Found { architecture: "all".into(), ..dpkg("python3-six", "1.16.0-4") }]);
    facts = with(facts, metadata, vec![Found::new(PackageKind::PyPi, "six", "1.16.0")]);
    facts = with(facts, copyright, vec![Found { licences: vec!["Expat".into()], ..dpkg("python3-six", "") }]);
    facts = with(facts, list, vec![Found { architecture: "all".into(), ..dpkg("python3-six", "") }]);
    facts.sources.last_mut().unwrap().packages[0].files = marks(&["lib/python3/dist-packages/six.egg-info"]);
    let inventory = merge(&[facts]);
    let [debian, six] = &inventory.packages[..] else { panic!("{:?}", inventory.packages) };
    assert_eq!((debian.licences.as_slice(), debian.owner), (["Expat".to_owned()].as_slice(), None));
    assert_eq!((six.name.as_str(), six.owner), ("six", Some(0)));
}

#[test]
fn remarks_of_another_architecture_are_about_another_package() {
    let status = vec![Found { architecture: "amd64".into(), ..dpkg("libc6", "2.36") }];
    let list = "var/lib/dpkg/info/libc6:i386.list";
    let facts = with(layer(&[STATUS, list]), STATUS, status);
    let remark = Found { architecture: "i386".into(), licences: vec!["GPL-2".into()], ..dpkg("libc6", "") };
    let inventory = merge(&[with(facts, list, vec![remark])]);
    assert!(inventory.packages[0].licences.is_empty());
}

fn release(path: &str, id: &str) -> Release {
    Release {
        path: path.to_owned(),
        distribution: Distribution { id: id.to_owned(), ..Distribution::default() },
    }
}

fn id(inventory: &Inventory) -> Option<&str> {
    inventory.distribution.as_ref().map(|distribution| distribution.id.as_str())
}

#[test]
fn the_distribution_is_the_uppermost_that_can_be_seen_and_etc_before_usr() {
    let (etc, usr) = ("etc/os-release", "usr/lib/os-release");
    let debian = LayerFacts { releases: vec![release(usr, "debian")], ..layer(&[usr]) };
    let alpine = LayerFacts { releases: vec![release(etc, "alpine")], ..layer(&[etc]) };
    assert_eq!(id(&merge(&[alpine.clone(), debian.clone()])), Some("alpine"));
    assert_eq!(id(&merge(&[alpine.clone(), layer(&["etc"]), debian.clone()])), Some("debian"));
    assert_eq!(id(&merge(&[debian, layer(&[usr])])), None);
}

#[test]
fn gaps_of_files_that_are_hidden_are_none() {
    let gap = |location: &str| Gap { location: location.to_owned(), reason: "it is no ELF file".to_owned() };
    let lower = LayerFacts { gaps: vec![gap("a/x"), gap("a/y")], ..layer(&["a/x", "a/y"]) };
    assert_eq!(merge(&[lower, layer(&["a/x"])]).gaps, [gap("a/y")]);
}

#[test]
fn nested_archives_are_named_after_a_mark() {
    let found = Found { within: "BOOT-INF/lib/y.jar".into(), ..Found::new(PackageKind::Maven, "y", "2") };
    let inventory = merge(&[with(layer(&["app.jar"]), "app.jar", vec![found])]);
    assert_eq!(inventory.packages[0].location, "app.jar!BOOT-INF/lib/y.jar");
}

/// A crafted database of one name, or of one path, would have each of its packages meet each of its remarks.
#[test]
fn packages_of_one_name_or_of_one_path_are_merged_in_no_time() {
    const MANY: usize = 30_000;
    let program = "usr/bin/x";
    let named: Vec<Found> = (0..MANY).map(|number| dpkg("a", &number.to_string())).collect();
    let licences = (0..100).map(|number| format!("L{number}")).collect();
    let copyright = Found { licences, ..dpkg("a", "") };
    let remarks = (0..MANY).map(|number| Found { architecture: number.to_string(), ..dpkg("a", "") });
    let owning =
        (0..MANY).map(|number| Filed { found: dpkg(&format!("p{number}"), "1"), files: marks(&[program]) });
    let modules = (0..MANY).map(|number| Found::new(PackageKind::Go, format!("m{number}"), "v1")).collect();
    let mut layer = with(layer(&[STATUS, program]), STATUS, named);
    layer = with(with(layer, "usr/share/doc/a/copyright", vec![copyright]), program, modules);
    layer = with(layer, "var/lib/dpkg/info/x.list", remarks.collect());
    layer.sources.push(Source { path: "var/lib/dpkg/status.d/y".into(), packages: owning.collect() });
    let start = std::time::Instant::now();
    let inventory = merge(&[layer]);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert_eq!(inventory.packages.len(), 3 * MANY);
    let licensed = inventory.packages.iter().filter(|package| !package.licences.is_empty()).count();
    assert!((1..100).contains(&licensed), "{licensed}");
    let mut modules = inventory.packages.iter().filter(|package| package.kind == PackageKind::Go);
    assert!(modules.all(|module| module.owner.is_some()));
}

fn linked(mut layer: LayerFacts, package: &str, of: &str) -> LayerFacts {
    let path = format!("usr/share/doc/{package}");
    layer.documents.push(Documents { path, package: package.to_owned(), of: of.to_owned() });
    layer
}

/// The licences of each package, in the order of names.
fn licences(layers: &[LayerFacts]) -> Vec<Vec<String>> {
    merge(layers).packages.into_iter().map(|package| package.licences).collect()
}

#[test]
fn whose_documents_are_those_of_another_has_its_licences() {
    let installed = ["base", "lib", "other"].map(|name| dpkg(name, "1")).to_vec();
    let remark = Found { licences: vec!["GPL-3".to_owned()], ..dpkg("base", "") };
    let file = "usr/share/doc/base/copyright";
    let one = with(with(layer(&[STATUS, file]), STATUS, installed), file, vec![remark]);
    let two = linked(layer(&["usr/share/doc/lib"]), "lib", "base");
    let own = ["GPL-3".to_owned()];
    assert_eq!(licences(&[one.clone(), two.clone()]), [&own[..], &own, &[]], "across layers");
    let gone = layer(&["usr/share/doc/lib"]);
    assert_eq!(licences(&[one.clone(), two.clone(), gone]), [&own[..], &[], &[]]);
    let further = linked(layer(&["usr/share/doc/other"]), "other", "lib");
    assert_eq!(licences(&[one.clone(), two.clone(), further]), [&own[..], &own, &own]);
    let circle = linked(linked(layer(&[]), "lib", "other"), "other", "lib");
    assert_eq!(licences(&[one, circle]), [&own[..], &[], &[]]);
}

#[test]
fn alpine_is_edge_where_its_main_packages_come_from_there() {
    let release = |path: &str, codename: &str| Release {
        path: path.to_owned(),
        distribution: Distribution {
            id: "alpine".to_owned(),
            codename: codename.to_owned(),
            name: if codename.is_empty() { "Alpine Linux v3.16".to_owned() } else { String::new() },
            ..Distribution::default()
        },
    };
    let repositories = "etc/apk/repositories";
    let of = |releases: Vec<Release>| LayerFacts { releases, ..layer(&["etc/os-release", repositories]) };
    let both = of(vec![release("etc/os-release", ""), release(repositories, "edge")]);
    let found = |layers: &[LayerFacts]| {
        merge(layers).distribution.map(|distribution| (distribution.codename, distribution.name))
    };
    let edge = ("edge".to_owned(), "Alpine Linux v3.16, edge".to_owned());
    assert_eq!(found(std::slice::from_ref(&both)), Some(edge));
    let plain = (String::new(), "Alpine Linux v3.16".to_owned());
    assert_eq!(found(&[both, of(vec![release("etc/os-release", "")])]), Some(plain));
    assert_eq!(found(&[of(vec![release(repositories, "edge")])]), None, "repositories are no system");
}
