//! Signatures and statements beside images: of the store, of a registry, of a layout, and on their ways between them.

use std::collections::BTreeMap;

use engine::attest::{Demand, ForeignKey, Grounds, Layouts, Predicate, Saying, Testimony, Wanted};
use engine::ship::{Company, Copying, Extent, Packing, Pushing, Referrers, Wanted as Platform};
use engine::{EngineError, Format, Naming, Prune, Quiet, Removal};
use model::reference::{ImageName, Reference};
use trust::key::{Signer, SoftKey};

use super::engine;
use super::place::{BEGIN, Home, code, set_clock};
use super::shipping::{Image, Registry, index, referrer};

const BUILT: &str = r#"{"buildDefinition":{"buildType":"https://example.com/make","externalParameters":{}},"runDetails":{"builder":{"id":"https://example.com/ci"}}}"#;

pub(crate) fn key(seed: u8) -> SoftKey {
    SoftKey::from_seed(&[seed; 32]).unwrap()
}

fn signed() -> Saying {
    Saying::Signature { annotations: BTreeMap::new() }
}

fn provenance() -> Saying {
    Saying::Statement { predicate: Predicate::Provenance, said: BUILT.as_bytes().to_vec() }
}

impl Home {
    fn attest(&self, reference: &str, saying: &Saying, layouts: Layouts) {
        self.engine.attest(&self.registries, reference, saying, layouts, &key(1)).unwrap();
    }

    /// Says how an image was built, with a key.
    pub(crate) fn says_built(&self, reference: &str, seed: u8) {
        let key = key(seed);
        self.engine.attest(&self.registries, reference, &provenance(), Layouts::Both, &key).unwrap();
    }

    /// What holds by a key.
    fn testimony(&self, reference: &str, seed: u8, kind: &str) -> Result<Testimony, EngineError> {
        let pem = key(seed).public().to_pem().unwrap();
        let grounds = Grounds { keys: vec![ForeignKey::from_pem(&pem).unwrap()], ..Grounds::default() };
        let demand = Demand { grounds, wanted: Some(Wanted::by_word(kind)), ..Demand::default() };
        self.engine.testimony(&self.registries, reference, &Platform::host(), &demand)
    }

    #[track_caller]
    fn hears(&self, reference: &str, kind: &str) -> usize {
        self.testimony(reference, 1, kind).unwrap().accepted.len()
    }

    /// Pulls an image that nobody has said anything of.
    fn with_image(registry: &Registry, name: &str) -> Self {
        set_clock(BEGIN);
        registry.has(name, Some("1"), &Image::small(name));
        let home = Self::new();
        let pulled = home.pull(&format!("{}/{name}:1", registry.address)).unwrap();
        assert_eq!(pulled.company, Company::default());
        home.engine.tag(&pulled.image, &"app:1".parse().unwrap()).unwrap();
        home
    }

    fn import(&self, source: &str) {
        match source.parse().unwrap() {
            Reference::Archive(source) => {
                let naming = Naming::As(vec!["app:1".parse().unwrap()]);
                self.engine.import(&source, &naming, &mut Quiet).unwrap();
            }
            other => panic!("{other}"),
        }
    }

    fn copy(&self, from: &str, to: &str) {
        let how = Copying { extent: Extent::One(Platform::host()), referrers: Referrers::Along };
        self.engine.copy_image(&self.registries, from, to, &how, &mut Quiet).unwrap();
    }

    fn push(&self, to: &str, how: Pushing) -> u64 {
        let (image, to) = (self.engine.image("app:1").unwrap(), to.parse().unwrap());
        self.engine.push(&self.registries, &image, &to, how, &mut Quiet).unwrap().moved.referrers
    }
}

const ALONG: Pushing = Pushing { packing: None, referrers: Referrers::Along };

#[test]
fn what_is_said_of_an_image_of_the_store_lies_there_and_goes_where_the_image_goes() {
    let (here, there) = (Registry::new(), Registry::new());
    let home = Home::with_image(&here, "team/app");
    assert_eq!(code(home.testimony("app:1", 1, "signature")), "E-trust-evidence-none");
    home.attest("app:1", &signed(), Layouts::Both);
    home.attest("app:1", &provenance(), Layouts::Both);
    let check = |home: &Home, at: &str| {
        // Each in cosign's old layout and in the new one.
        assert_eq!(home.hears(at, "signature"), 2, "{at}");
        assert_eq!(home.hears(at, "provenance"), 2, "{at}");
        assert_eq!(code(home.testimony(at, 2, "signature")), "E-trust-evidence", "{at}");
    };
    check(&home, "app:1");
    assert_eq!(here.asked("PUT"), 0, "no registry was named");
    let id = home.engine.image("app:1").unwrap().digest.hex();
    check(&home, &id[..12]);
    let pushed = format!("{}/mirror/app:1", there.address);
    assert_eq!(home.push(&pushed, ALONG), 4);
    check(&home, &pushed);
    check(&home, &format!("docker://{pushed}"));
    let path = |name: &str| home.directory.path().join(name).display().to_string();
    let layout = format!("oci:{}", path("layout"));
    home.copy("app:1", &layout);
    check(&home, &layout);
    let archive = path("saved.tar");
    let image = home.engine.image("app:1").unwrap();
    let mut file = std::fs::File::create(&archive).unwrap();
    home.engine.save(&image, Format::OciArchive, &mut file).unwrap();
    let from_layout = format!("{}/again/app:1", there.address);
    home.copy(&layout, &format!("docker://{from_layout}"));
    check(&home, &from_layout);
    for source in [layout, format!("oci-archive:{archive}")] {
        let other = Home::new();
        other.import(&source);
        check(&other, "app:1");
    }
    let other = Home::new();
    assert_eq!(other.pull(&pushed).unwrap().company, Company { kept: 4, left: 0, failed: None });
    other.engine.tag(&other.engine.image(&pushed).unwrap(), &"app:1".parse().unwrap()).unwrap();
    there.forgets();
    check(&other, "app:1");
    assert_eq!(there.asked(""), 0, "what was kept needs no registry");
}

#[test]
fn a_push_can_leave_it_and_a_packed_image_is_another_one() {
    let registry = Registry::new();
    let home = Home::with_image(&registry, "team/app");
    home.attest("app:1", &signed(), Layouts::Both);
    let to = |name: &str| format!("{}/{name}:1", registry.address);
    assert_eq!(home.push(&to("left/app"), Pushing { referrers: Referrers::Left, ..ALONG }), 0);
    assert_eq!(code(home.testimony(&to("left/app"), 1, "signature")), "E-trust-evidence-none");
    assert_eq!(home.push(&to("packed/app"), Pushing { packing: Some(Packing::Gzip), ..ALONG }), 0);
    assert_eq!(code(home.testimony(&to("packed/app"), 1, "signature")), "E-trust-evidence-none");
    assert_eq!(home.push(&to("left/app"), ALONG), 2, "the image is there, and what is beside it is not");
    assert_eq!(home.hears(&to("left/app"), "signature"), 2);
}

#[test]
fn it_goes_with_the_image() {
    let registry = Registry::new();
    let home = Home::with_image(&registry, "team/app");
    home.attest("app:1", &signed(), Layouts::Both);
    let beside = home.directory.path().join("state/images/attached");
    assert_eq!(std::fs::read_dir(&beside).unwrap().count(), 1);
    let image = home.engine.image("app:1").unwrap();
    for name in &image.names {
        let name: ImageName = name.parse().unwrap();
        home.engine.remove_image(&name, Removal::Careful).unwrap();
    }
    assert_eq!(std::fs::read_dir(&beside).unwrap().count(), 0);
    home.engine.prune_images(Prune::Unused, &|_| true).unwrap();
    assert!(home.engine.verify_images(&mut Quiet).unwrap().is_empty());
}

#[test]
fn what_is_said_of_an_index_is_said_of_the_image_that_was_chosen_from_it() {
    set_clock(BEGIN);
    let registry = Registry::new();
    let (image, other) = (Image::small("for this host"), Image::new("s390x", &[]));
    let list = index(&[&image, &other]);
    registry.has("team/app", None, &image);
    registry.has("team/app", None, &other);
    registry.has("team/app", Some("1"), &list);
    let (home, name) = (Home::new(), format!("{}/team/app:1", registry.address));
    home.attest(&name, &signed(), Layouts::Both);
    home.attest(&name, &provenance(), Layouts::Referrer);
    let pulled = home.pull(&name).unwrap();
    assert_eq!(pulled.company.kept, 3);
    home.engine.tag(&pulled.image, &"app:1".parse().unwrap()).unwrap();
    assert_eq!((home.hears("app:1", "signature"), home.hears("app:1", "provenance")), (2, 1));
    let accepted = home.testimony("app:1", 1, "provenance").unwrap();
    assert_eq!(accepted.digest.to_string(), image.digest());
}

#[test]
fn a_pull_keeps_what_is_whole_and_leaves_what_is_too_much() {
    set_clock(BEGIN);
    let registry = Registry::new();
    let image = Image::small("signed");
    registry.has("team/app", Some("1"), &image);
    for number in 0..300 {
        registry.has("team/app", None, &referrer(&image, &number.to_string()));
    }
    let (home, name) = (Home::new(), format!("{}/team/app:1", registry.address));
    let company = home.pull(&name).unwrap().company;
    assert_eq!((company.kept, company.left, company.failed), (256, 44, None));
    registry.forgets();
    assert_eq!(home.pull(&name).unwrap().company.kept, 256);
    assert_eq!(registry.asked("GET /v2/team/app/blobs"), 0, "what is kept is not fetched again");
}

#[test]
fn what_is_about_an_artifact_goes_where_the_artifact_goes() {
    /// As many as may be about each other.
    const KEPT: usize = 8;
    set_clock(BEGIN);
    let (here, there) = (Registry::new(), Registry::new());
    let image = Image::small("with an inventory");
    here.has("team/app", Some("1"), &image);
    // An inventory, an attestation of it, a signature of that, and so on.
    let mut chain = vec![referrer(&image, "0")];
    for number in 1..KEPT + 2 {
        chain.push(referrer(&chain[number - 1], &number.to_string()));
    }
    chain.iter().rev().for_each(|artifact| here.has("team/app", None, artifact));
    let (home, name) = (Home::new(), format!("{}/team/app:1", here.address));
    let pulled = home.pull(&name).unwrap();
    assert_eq!(pulled.company, Company { kept: KEPT, left: 0, failed: None });
    home.engine.tag(&pulled.image, &"app:1".parse().unwrap()).unwrap();
    let check = |at: &str| {
        let has = |artifact: &Image| there.manifest(at, &artifact.digest()).is_some();
        assert_eq!(chain.iter().take_while(|artifact| has(artifact)).count(), KEPT, "{at}");
        assert_eq!(chain.iter().filter(|artifact| has(artifact)).count(), KEPT, "{at}");
    };
    let to = |repository: &str| format!("{}/{repository}:1", there.address);
    assert_eq!(home.push(&to("pushed"), ALONG), KEPT as u64);
    check("pushed");
    home.copy(&format!("docker://{name}"), &to("copied"));
    check("copied");
    let path = |name: &str| home.directory.path().join(name).display().to_string();
    let (layout, archive) = (format!("oci:{}", path("layout")), path("saved.tar"));
    home.copy("app:1", &layout);
    home.copy(&layout, &to("from-layout"));
    check("from-layout");
    let mut file = std::fs::File::create(&archive).unwrap();
    home.engine.save(&pulled.image, Format::OciArchive, &mut file).unwrap();
    for (source, repository) in [(layout, "from-import"), (format!("oci-archive:{archive}"), "from-saved")] {
        let other = Home::new();
        other.import(&source);
        assert_eq!(other.push(&to(repository), ALONG), KEPT as u64, "{repository}");
        check(repository);
        assert!(other.engine.verify_images(&mut Quiet).unwrap().is_empty());
    }
    assert_eq!(home.pull(&name).unwrap().company.kept, KEPT, "and again");
    for name in ["app:1", name.as_str()] {
        home.engine.remove_image(&name.parse().unwrap(), Removal::Careful).unwrap();
    }
    let beside = home.directory.path().join("state/images/attached");
    assert_eq!(std::fs::read_dir(&beside).unwrap().count(), 0);
}

#[test]
fn what_a_registry_makes_of_an_artifact_keeps_the_image_from_nobody() {
    use super::shipping::Trick;
    set_clock(BEGIN);
    let registry = Registry::new();
    let image = Image::small("signed");
    registry.has("team/app", Some("1"), &image);
    let (one, two) = (referrer(&image, "one"), referrer(&image, "two"));
    registry.has("team/app", None, &one);
    registry.has("team/app", None, &two);
    registry.misbehaves(Trick::Lie(one.layer()));
    let (home, name) = (Home::new(), format!("{}/team/app:1", registry.address));
    let company = home.pull(&name).unwrap().company;
    assert_eq!((company.kept, company.left, company.failed), (1, 1, None));
    registry.behaves();
    assert_eq!(home.pull(&name).unwrap().company.kept, 2, "the next pull brings it");
    assert!(home.engine.verify_images(&mut Quiet).unwrap().is_empty());
}

#[test]
fn nothing_that_does_not_hold_counts_and_each_has_its_reason() {
    let registry = Registry::new();
    let home = Home::with_image(&registry, "team/app");
    home.attest("app:1", &signed(), Layouts::Tag);
    let other_type = home.testimony("app:1", 1, "vuln").unwrap_err();
    assert_eq!(other_type.code(), "E-trust-signature-type", "{other_type}");
    assert_eq!(code(home.testimony("oci:nowhere", 1, "signature")), "E-store-format");
    assert_eq!(code(home.testimony("docker-archive:x.tar", 1, "signature")), "E-trust-evidence-place");
    // What is damaged on this machine is no evidence, and is said to be damaged.
    let image = home.engine.image("app:1").unwrap();
    let beside = home.directory.path().join("state/images/attached").join(image.digest.hex());
    let tag = beside.join(format!("sha256-{}.sig", image.digest.hex()));
    std::fs::write(&tag, "{").unwrap();
    assert_eq!(code(home.testimony("app:1", 1, "signature")), "E-store-corrupt");
    assert_eq!(home.engine.verify_images(&mut Quiet).unwrap()[0].file, tag);
}
