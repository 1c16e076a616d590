//! Every format against its authority's schema, with an image in which nothing is well-behaved.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::fs;
use std::path::Path;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use common::any::any_scan;
use common::{HOSTILE, Owned, empty, sample};
use proptest::prelude::*;
use report::{cyclonedx, sarif, spdx, view};
use serde_json::Value;

/// A schema, with those that it refers to.
struct Schema(Schemas, SchemaIndex);

impl Schema {
    fn read(files: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas");
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V7);
        compiler.enable_format_assertions();
        for file in files {
            let schema = serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap();
            compiler.add_resource(&format!("http://cyclonedx.org/schema/{file}"), schema).unwrap();
        }
        let mut schemas = Schemas::new();
        let first = format!("http://cyclonedx.org/schema/{}", files[0]);
        let index = compiler.compile(&first, &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
        Self(schemas, index)
    }

    #[track_caller]
    fn holds(&self, text: &str) -> Value {
        let value = serde_json::from_str(text).unwrap();
        self.0.validate(&value, self.1).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
        value
    }
}

fn cyclonedx_schema() -> Schema {
    Schema::read(&["bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json"])
}

#[test]
fn cyclonedx_is_valid() {
    let schema = cyclonedx_schema();
    schema.holds(&cyclonedx::cyclonedx(&empty().scan()));
    let bom = schema.holds(&cyclonedx::cyclonedx(&sample().scan()));
    assert_eq!(bom["components"].as_array().unwrap().len(), 7);
    // One entry for what is the same in two packages; the one in a package that is not there is left out.
    assert_eq!(bom["vulnerabilities"].as_array().unwrap().len(), 6);
    let purl = &bom["metadata"]["component"]["purl"];
    let start = "pkg:oci/app@sha256:aaaa";
    assert!(purl.as_str().unwrap().starts_with(start), "{purl}");
}

#[test]
fn a_broken_document_is_not_valid() {
    let schema = cyclonedx_schema();
    let text = cyclonedx::cyclonedx(&sample().scan()).replace("\"operating-system\"", "\"system\"");
    assert!(schema.0.validate(&serde_json::from_str(&text).unwrap(), schema.1).is_err());
}

#[test]
fn spdx_is_valid() {
    let schema = Schema::read(&["spdx-2.3.schema.json"]);
    schema.holds(&spdx::spdx(&empty().scan()));
    let document = schema.holds(&spdx::spdx(&sample().scan()));
    let declared = |name: &str| {
        let packages = document["packages"].as_array().unwrap();
        packages.iter().find(|package| package["name"] == name).unwrap()["licenseDeclared"].clone()
    };
    assert_eq!(declared("six"), "MIT");
    let curl = declared("libcurl4");
    let start = "curl AND (GPL-2.0-or-later OR LicenseRef-other) AND LicenseRef-BSD-words-";
    assert!(curl.as_str().unwrap().starts_with(start), "{curl}");
    // Every name of the document's own is explained.
    let own = document["hasExtractedLicensingInfos"].as_array().unwrap();
    assert_eq!(own.len(), 3);
}

#[test]
fn sarif_is_valid_and_as_github_wants_it() {
    let schema = Schema::read(&["sarif-2.1.0.schema.json"]);
    schema.holds(&sarif::sarif(&empty().scan()));
    let log = schema.holds(&sarif::sarif(&sample().scan()));
    let run = &log["runs"][0];
    let (rules, results) = (&run["tool"]["driver"]["rules"], run["results"].as_array().unwrap());
    // One file, three secrets, five that count and are there, two mistakes.
    assert_eq!(results.len(), 1 + 3 + 5 + 2);
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let severity: f32 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        assert!(severity > 0.0 && severity <= 10.0, "{severity}");
        let location = &result["locations"][0]["physicalLocation"];
        assert!(location["region"]["startLine"].as_u64().unwrap() >= 1);
        let uri = location["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`:".contains(&byte)), "{uri}");
    }
    let prints: std::collections::BTreeSet<String> =
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(prints.len(), results.len(), "every result has a print of its own");
}

#[test]
fn remarks_on_a_file_are_valid_sarif() {
    let rule =
        |id, level| sarif::Rule { id, level, what: "What.", why: "Why [x](y)?", instead: "Write `{0}`." };
    let remark = |id, first, message| sarif::Remark {
        rule: rule(id, sarif::Level::Warning),
        first,
        last: first + 1,
        message,
    };
    let remarks = [remark("A", 0, "one"), remark("B", 2, HOSTILE), remark("A", 7, "one")];
    let tool = report::subject::Tool { name: "coffer", version: "0.1.0" };
    let schema = Schema::read(&["sarif-2.1.0.schema.json"]);
    schema.holds(&sarif::remarks(&sarif::Remarks { tool, file: "", remarks: &[] }));
    let log =
        schema.holds(&sarif::remarks(&sarif::Remarks { tool, file: "a b/Dockerfile", remarks: &remarks }));
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 2);
    let results = run["results"].as_array().unwrap();
    assert_eq!((&results[2]["ruleIndex"], &results[2]["level"]), (&Value::from(0), &Value::from("warning")));
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/Dockerfile");
    assert_eq!(place["region"], serde_json::json!({"startLine": 1, "endLine": 1}));
    let print = |index: usize| results[index]["partialFingerprints"].to_string();
    assert_ne!(print(0), print(2));
}

#[test]
fn a_result_keeps_its_print_when_versions_and_layers_change() {
    let prints = |owned: &Owned| {
        let log: Value = serde_json::from_str(&sarif::sarif(&owned.scan())).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    let mut later = sample();
    for package in &mut later.inventory.packages {
        (package.version, package.layer) = ("9".to_owned(), 9);
    }
    assert_eq!(prints(&sample()), prints(&later));
}

#[test]
fn the_same_scan_gives_the_same_bytes_and_another_another_name() {
    let (one, mut other) = (sample(), sample());
    other.inventory.packages.pop();
    for format in [cyclonedx::cyclonedx, spdx::spdx, sarif::sarif] {
        assert_eq!(format(&one.scan()), format(&sample().scan()));
    }
    let serial = |owned: &Owned| {
        let bom: Value = serde_json::from_str(&cyclonedx::cyclonedx(&owned.scan())).unwrap();
        bom["serialNumber"].clone()
    };
    assert_ne!(serial(&one), serial(&other));
}

#[test]
fn our_own_json_counts_what_it_lists() {
    let owned = sample();
    let scan = owned.scan();
    let view = serde_json::to_value(view::Scan::of(&scan)).unwrap();
    assert_eq!(view["format"], 1);
    assert_eq!(view["distribution"]["codename"], "bookworm");
    let summary = &view["summary"];
    let found = view["vulnerabilities"].as_array().unwrap();
    let open = found.iter().filter(|found| found["dismissed"].is_null()).count();
    let counted: u64 =
        summary["vulnerabilities"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!((open, counted, &summary["dismissed"]), (5, 5, &Value::from(2)));
    assert_eq!((&summary["fixable"], &summary["exploited"]), (&Value::from(2), &Value::from(1)));
    let log4j = &found[0];
    assert_eq!(log4j["package"]["purl"], "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1");
    assert_eq!(log4j["package"]["layer_digest"], format!("sha256:{}", "3".repeat(64)));
    assert_eq!((&log4j["fix"], &log4j["fixed_version"]), (&"fixed".into(), &"2.15.0".into()));
    assert_eq!(view["licences"]["MIT"]["packages"], 1);
    assert_eq!(view["licences"][HOSTILE]["expression"], Value::Null);
}

/// Whatever is in an image, every document is one.
#[test]
fn any_scan_gives_valid_documents() {
    let (cyclonedx_schema, spdx_schema, sarif_schema) = (
        cyclonedx_schema(),
        Schema::read(&["spdx-2.3.schema.json"]),
        Schema::read(&["sarif-2.1.0.schema.json"]),
    );
    proptest!(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() }, |(owned in any_scan())| {
        let scan = owned.scan();
        let bom = cyclonedx_schema.holds(&cyclonedx::cyclonedx(&scan));
        refers_to_what_is_there(&bom);
        let document = spdx_schema.holds(&spdx::spdx(&scan));
        names_are_distinct(document["packages"].as_array().unwrap(), "SPDXID");
        let log = sarif_schema.holds(&sarif::sarif(&scan));
        github_takes(&log["runs"][0]);
    });
}

#[track_caller]
fn names_are_distinct(elements: &[Value], member: &str) {
    let names: std::collections::BTreeSet<&str> =
        elements.iter().map(|element| element[member].as_str().unwrap()).collect();
    assert_eq!(names.len(), elements.len(), "{names:?}");
}

#[track_caller]
fn refers_to_what_is_there(bom: &Value) {
    let none = Vec::new();
    let components = bom["components"].as_array().unwrap_or(&none);
    names_are_distinct(components, "bom-ref");
    for affected in bom["vulnerabilities"]
        .as_array()
        .unwrap_or(&none)
        .iter()
        .flat_map(|found| found["affects"].as_array().unwrap())
    {
        assert!(components.iter().any(|component| component["bom-ref"] == affected["ref"]), "{affected}");
    }
}

/// What GitHub asks of a result and its rule beyond the schema.
#[track_caller]
fn github_takes(run: &Value) {
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    names_are_distinct(rules, "id");
    for rule in rules {
        let severity: f32 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        assert!((0.1..=10.0).contains(&severity), "{severity}");
        let length = |text: &Value| text.as_str().unwrap().chars().count();
        assert!(length(&rule["id"]) <= 255 && length(&rule["shortDescription"]["text"]) <= 1024);
        assert!(length(&rule["fullDescription"]["text"]) <= 1024 * 3);
        assert!(!rule["help"]["text"].as_str().unwrap().is_empty(), "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`:".contains(&byte)), "{uri}");
        assert!(!uri.starts_with('/') && !uri.split('/').any(|part| part == ".."), "{uri}");
    }
    let prints: std::collections::BTreeSet<String> =
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(prints.len(), results.len(), "every result has a print of its own");
}
