//! purl-spec's own test suite, and package URLs of packages there and back.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::inventory::{Distribution, Package, PackageKind, SourcePackage, Symbols};

#[derive(Deserialize)]
struct Suite {
    tests: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    description: String,
    test_group: String,
    test_type: String,
    input: Form,
    expected_output: Option<Form>,
    expected_failure: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Form {
    Text(String),
    Components(Components),
}

#[derive(Debug, PartialEq, Deserialize)]
struct Components {
    #[serde(rename = "type")]
    kind: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    version: Option<String>,
    qualifiers: Option<BTreeMap<String, String>>,
    subpath: Option<String>,
}

impl Components {
    fn parts(&self) -> Parts {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        Parts {
            kind: text(&self.kind),
            namespace: text(&self.namespace),
            name: text(&self.name),
            version: text(&self.version),
            qualifiers: self.qualifiers.clone().unwrap_or_default(),
            subpath: text(&self.subpath),
        }
    }
}

/// The suite is at odds with itself in one place: capitals in the names of qualifiers are an error for gem and rpm, and
/// here they are not.
const AT_ODDS: &str =
    "pkg:Maven/org.apache.xmlgraphics/batik-anim@1.9.1?type=pom&repositorY_url=repo.spring.io/release";

/// What ours makes of a test's input.
fn answer(case: &Case) -> Result<Purl, PurlError> {
    match &case.input {
        Form::Components(components) => Purl::try_from(components.parts()),
        // What is recommended is to make the best of what others write.
        Form::Text(text) if case.test_group == "recommended" || text == AT_ODDS => Purl::forgiving(text),
        Form::Text(text) => text.parse(),
    }
}

fn holds(case: &Case) -> bool {
    match (answer(case), &case.expected_output) {
        (Err(_), _) => case.expected_failure,
        (Ok(purl), Some(Form::Text(text))) => !case.expected_failure && purl.to_string() == *text,
        (Ok(purl), Some(Form::Components(components))) => {
            !case.expected_failure && *purl.parts() == components.parts()
        }
        (Ok(_), None) => false,
    }
}

#[test]
fn the_specification_s_own_suite_passes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/purl");
    let mut count = 0;
    let mut failed = Vec::new();
    for folder in ["spec", "types"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let suite: Suite = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            for case in &suite.tests {
                count += 1;
                if !holds(case) {
                    let answer = answer(case).map(|purl| purl.to_string());
                    let (name, kind) = (path.file_stem().unwrap(), &case.test_type);
                    failed.push(format!(
                        "{name:?} {kind} {:?}: {} -> {answer:?}",
                        case.input, case.description
                    ));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} of {count}:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(count, 586);
}

fn package(kind: PackageKind, name: &str, version: &str) -> Package {
    Package {
        kind,
        name: name.to_owned(),
        version: version.to_owned(),
        source: None,
        architecture: String::new(),
        licences: Vec::new(),
        location: String::new(),
        layer: 0,
        owner: None,
        symbols: Symbols::Unknown,
    }
}

fn source(name: &str, version: &str) -> Option<SourcePackage> {
    Some(SourcePackage { name: name.to_owned(), version: version.to_owned() })
}

fn distribution(id: &str, version: &str) -> Distribution {
    Distribution { id: id.to_owned(), version: version.to_owned(), ..Distribution::default() }
}

#[test]
fn packages_of_every_kind_have_one() {
    use PackageKind::*;
    let debian = distribution("debian", "12");
    let curl = Package {
        architecture: "amd64".to_owned(),
        source: source("curl", "7.88.1-10"),
        ..package(Dpkg, "libcurl4", "7.88.1-10+b1")
    };
    let rhel = distribution("rhel", "9.3");
    let tests = [
        (
            &debian,
            curl,
            "pkg:deb/debian/libcurl4@7.88.1-10%2Bb1?arch=amd64&distro=debian-12&upstream=curl%407.88.1-10",
        ),
        (&rhel, package(Rpm, "vim", "2:8.2-1.el9"), "pkg:rpm/redhat/vim@8.2-1.el9?distro=rhel-9.3&epoch=2"),
        (&debian, package(PyPi, "zope-interface", "5.4"), "pkg:pypi/zope-interface@5.4"),
        (&debian, package(Npm, "@babel/core", "7.0.0"), "pkg:npm/%40babel/core@7.0.0"),
        (&debian, package(RubyGems, "rake", "13.0"), "pkg:gem/rake@13.0"),
        (&debian, package(Maven, "org.a:b", "1.0"), "pkg:maven/org.a/b@1.0"),
        (&debian, package(Maven, "b", "1.0"), "pkg:maven/b@1.0"),
        (&debian, package(Go, "github.com/a/b", "v1.0.0"), "pkg:golang/github.com/a/b@v1.0.0"),
        (&debian, package(Go, "stdlib", "v1.21.3"), "pkg:golang/stdlib@1.21.3"),
        (&debian, package(Cargo, "serde", "1.0.0"), "pkg:cargo/serde@1.0.0"),
        (&debian, package(Packagist, "a/b", "1.0"), "pkg:composer/a/b@1.0"),
        (&debian, package(NuGet, "A.B", "1.0"), "pkg:nuget/A.B@1.0"),
        (&debian, package(Generic, "nginx", ""), "pkg:generic/nginx"),
    ];
    for (distribution, package, expected) in tests {
        let purl = Purl::of(&package, Some(distribution)).unwrap();
        assert_eq!(purl.to_string(), expected);
        assert_eq!(expected.parse::<Purl>().unwrap().package().unwrap(), package);
    }
    let alpine = Purl::of(&package(Apk, "curl", "8.0-r0"), Some(&distribution("alpine", "3.19.1"))).unwrap();
    assert_eq!(alpine.to_string(), "pkg:apk/alpine/curl@8.0-r0?distro=alpine-3.19.1");
    assert_eq!(alpine.distribution().unwrap(), distribution("alpine", "3.19.1"));
    assert_eq!(Purl::of(&package(Npm, "", "1"), None), None);
}

#[test]
fn what_other_tools_write_is_understood() {
    let read = |text: &str| Purl::forgiving(text).unwrap();
    let syft = read(
        "pkg:rpm/rhel/libcurl@7.76.1-26.el9?arch=x86_64&epoch=1&distro=rhel-9.3&upstream=curl-7.76.1-26.el9.src.rpm",
    );
    let package = syft.package().unwrap();
    assert_eq!(
        (package.version.as_str(), package.source),
        ("1:7.76.1-26.el9", source("curl", "1:7.76.1-26.el9"))
    );
    assert_eq!(
        read("pkg:rpm/redhat/a@1?distro=redhat-8.6").distribution().unwrap(),
        distribution("rhel", "8.6")
    );
    assert_eq!(
        read("pkg:apk/alpine/musl@1.2.4-r2?distro=3.18.4").distribution().unwrap(),
        distribution("alpine", "3.18.4")
    );
    let rolling = read("pkg:rpm/opensuse/a@1?distro=opensuse-tumbleweed").distribution().unwrap();
    assert_eq!(rolling, distribution("opensuse-tumbleweed", ""));
    assert_eq!(read("pkg:deb/debian/a@1").distribution().unwrap(), distribution("debian", ""));
    assert_eq!(read("pkg:npm/a@1?distro=debian-12").distribution(), None);
    assert_eq!(read("pkg:golang/stdlib@v1.2").package().unwrap().version, "v1.2");
    assert_eq!(read("pkg:hex/jason@1.1.2").package(), None);
}

#[test]
fn what_is_none_says_why() {
    let wrong = |text: &str| text.parse::<Purl>().unwrap_err().to_string();
    assert_eq!(wrong("npm/a@1"), "it does not begin with `pkg:`");
    assert_eq!(wrong("pkg:npm/@1"), "it has no name");
    assert_eq!(wrong("pkg:npm/a%2"), "`a%2` is not percent-encoded UTF-8");
    assert_eq!(wrong("pkg:npm/a%FF"), "`a%FF` is not percent-encoded UTF-8");
    assert_eq!(wrong("pkg:npm/a%+1"), "`a%+1` is not percent-encoded UTF-8");
    assert_eq!(wrong("pkg:swift/a@1"), "packages of type `swift` have a namespace");
    assert!(wrong("pkg:npm/a?b=1&b=2").contains("each once"));
    assert!(matches!(format!("pkg:npm/{}", "a".repeat(LONGEST)).parse::<Purl>(), Err(PurlError::Length(_))));
}

fn parts() -> impl Strategy<Value = Parts> {
    let qualifiers = proptest::collection::btree_map("[a-z][a-z0-9._-]{0,8}", "\\PC{1,8}", 0..4);
    (any::<prop::sample::Index>(), "\\PC{0,12}", "\\PC{1,12}", "\\PC{0,12}", qualifiers, "\\PC{0,12}")
        .prop_map(|(kind, namespace, name, version, qualifiers, subpath)| {
            const KINDS: [&str; 7] = ["deb", "git", "npm", "golang", "generic", "composer", "cargo"];
            let kind = (*kind.get(&KINDS)).to_owned();
            Parts { kind, namespace, name, version, qualifiers, subpath }
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(parts in parts()) {
        // Only those of git need more than a name.
        prop_assume!(parts.kind != "git" || Purl::try_from(parts.clone()).is_ok());
        let purl = Purl::try_from(parts).unwrap();
        prop_assert_eq!(purl.to_string().parse::<Purl>().unwrap(), purl);
    }

    #[test]
    fn any_text_is_one_or_an_error(text in "(pkg:)?(npm|deb|golang|rpm)?/?[@/%#?&=a-z0-9.:+]{0,40}.{0,10}") {
        if let Ok(purl) = Purl::forgiving(&text) {
            prop_assert_eq!(purl.to_string().parse::<Purl>().unwrap(), purl.clone());
            let _package = (purl.package(), purl.distribution());
        }
    }
}
