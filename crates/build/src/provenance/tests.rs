//! Statements are of SLSA's form, say what they should, and nothing that they should not.

use model::digest::Digest;

use super::*;
use crate::plan::{Base, Options, Plan};
use crate::{Limits, parse};

const FILE: &str = "FROM debian:12\nARG TOKEN VERSION\nRUN --mount=type=secret,id=key make\nCOPY a /b\n";

struct Case {
    detail: Detail,
    plan: Plan,
    arguments: BTreeMap<String, String>,
    secrets: Vec<String>,
    dependencies: Vec<Dependency>,
}

fn plan(text: &str) -> Plan {
    let options = Options { epoch: Some(7), ..Options::for_platform("linux/amd64".parse().unwrap()) };
    let bases = BTreeMap::from([(("debian:12".to_owned(), "linux/amd64".to_owned()), Base::default())]);
    Plan::make(&parse(text.as_bytes(), &Limits::default()).unwrap(), &options, &bases).unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn case(detail: Detail) -> Case {
    let digest = Digest::of(b"debian").into();
    let image = Dependency::Image { reference: "debian:12".into(), platform: "linux/amd64".into(), digest };
    let git = Dependency::Git {
        remote: "https://me:hunter3@example.org/a.git".into(),
        reference: Some("v1".into()),
        commit: "0123456789abcdef0123456789abcdef01234567".into(),
    };
    let address = Dependency::Address { url: "https://example.org/x?token=hunter4".into(), digest };
    let context = Dependency::Context { name: "context".into(), digest };
    Case {
        detail,
        plan: plan(FILE),
        arguments: pairs(&[
            ("VERSION", "1.2"),
            ("TOKEN", "hunter2"),
            ("https_proxy", "http://me:hunter5@proxy"),
        ]),
        secrets: vec!["TOKEN".into(), "key".into()],
        dependencies: vec![git, image.clone(), context, address, image],
    }
}

impl Case {
    fn text(&self) -> String {
        let subjects = [("app:1".to_owned(), Digest::of(b"manifest"))];
        let (labels, contexts) = (pairs(&[("team", "a")]), pairs(&[("extra", "directory")]));
        let request = Request {
            path: "Dockerfile",
            digest: Digest::of(FILE.as_bytes()),
            text: FILE,
            target: None,
            platform: "linux/amd64",
            arguments: &self.arguments,
            labels: &labels,
            secrets: &self.secrets,
            agents: &["default".to_owned()],
            contexts: &contexts,
            network: "outbound",
            hosts: &["mirror.test=192.0.2.7".to_owned()],
            is_reproducible: true,
        };
        let done = [
            Done { key: None, layer: None, is_cached: true },
            Done { key: None, layer: Some(Digest::of(b"layer")), is_cached: false },
        ];
        let facts = Facts {
            detail: self.detail,
            subjects: &subjects,
            request: &request,
            plan: &self.plan,
            done: &done,
            dependencies: &self.dependencies,
            builder: &Builder { id: "https://builder.example/1", version: "0.1.0", platform: "linux/amd64" },
            run: &Invocation {
                id: "a1b2",
                started: "2026-01-02T03:04:05Z",
                finished: "2026-01-02T03:05:05Z",
                byproducts: &[("log".to_owned(), Digest::of(b"log"))],
            },
        };
        String::from_utf8(statement(&facts)).unwrap()
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

/// The fields of slsa.dev/spec/v1.0/provenance and of in-toto's Statement, ResourceDescriptor and DigestSet: which have
/// to be there, of what kind they are, and that others have a name of ours.
const SCHEMA: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["_type", "subject", "predicateType", "predicate"],
  "additionalProperties": false,
  "properties": {
    "_type": {"const": "https://in-toto.io/Statement/v1"},
    "subject": {"type": "array", "minItems": 1, "items": {
      "allOf": [{"$ref": "#/$defs/resource"}], "required": ["digest"]}},
    "predicateType": {"const": "https://slsa.dev/provenance/v1"},
    "predicate": {
      "type": "object",
      "required": ["buildDefinition", "runDetails"],
      "additionalProperties": false,
      "properties": {
        "buildDefinition": {
          "type": "object",
          "required": ["buildType", "externalParameters"],
          "additionalProperties": false,
          "properties": {
            "buildType": {"$ref": "#/$defs/uri"},
            "externalParameters": {"type": "object"},
            "internalParameters": {"type": "object"},
            "resolvedDependencies": {"type": "array", "items": {"$ref": "#/$defs/resource"}}
          }
        },
        "runDetails": {
          "type": "object",
          "required": ["builder"],
          "additionalProperties": false,
          "properties": {
            "builder": {
              "type": "object",
              "required": ["id"],
              "additionalProperties": false,
              "properties": {
                "id": {"$ref": "#/$defs/uri"},
                "version": {"type": "object", "additionalProperties": {"type": "string"}},
                "builderDependencies": {"type": "array", "items": {"$ref": "#/$defs/resource"}}
              }
            },
            "metadata": {
              "type": "object",
              "additionalProperties": false,
              "patternProperties": {"^[a-z]+_[a-z]+$": {}},
              "properties": {
                "invocationId": {"type": "string", "minLength": 1},
                "startedOn": {"$ref": "#/$defs/time"},
                "finishedOn": {"$ref": "#/$defs/time"}
              }
            },
            "byproducts": {"type": "array", "items": {"$ref": "#/$defs/resource"}}
          }
        }
      }
    }
  },
  "$defs": {
    "uri": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:.+"},
    "time": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"},
    "resource": {
      "type": "object",
      "additionalProperties": false,
      "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}, {"required": ["content"]}],
      "properties": {
        "uri": {"$ref": "#/$defs/uri"},
        "digest": {"type": "object", "minProperties": 1, "additionalProperties": {
          "type": "string", "pattern": "^[0-9a-f]+$"}},
        "name": {"type": "string", "minLength": 1},
        "downloadLocation": {"$ref": "#/$defs/uri"},
        "mediaType": {"type": "string"},
        "content": {"type": "string"},
        "annotations": {"type": "object"}
      }
    }
  }
}"##;

fn errors(value: &Value) -> Option<String> {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("slsa.json", serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let index = compiler.compile("slsa.json", &mut schemas).unwrap();
    schemas.validate(value, index).err().map(|error| format!("{error:#}"))
}

#[test]
fn statements_are_slsa_s() {
    for detail in [Detail::Min, Detail::Max] {
        assert_eq!(errors(&case(detail).value()), None);
    }
    let mut wrong = case(Detail::Min).value();
    wrong["predicate"]["runDetails"]["builder"]["id"] = json!("no address");
    assert!(errors(&wrong).is_some(), "the schema refuses something");
}

#[test]
fn what_went_in_is_there_once_and_sorted() {
    let value = case(Detail::Min).value();
    let dependencies = &value["predicate"]["buildDefinition"]["resolvedDependencies"];
    let uris: Vec<&str> = dependencies.as_array().unwrap().iter().filter_map(|d| d["uri"].as_str()).collect();
    assert_eq!(
        uris,
        [
            "pkg:docker/debian@12?platform=linux%2Famd64",
            "https://example.org/x",
            "https://example.org/a.git#v1"
        ]
    );
    assert_eq!(dependencies[2]["digest"]["gitCommit"], "0123456789abcdef0123456789abcdef01234567");
    assert_eq!(dependencies[3]["name"], "context");
}

#[test]
fn nothing_opens_a_door() {
    for detail in [Detail::Min, Detail::Max] {
        let text = case(detail).text();
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[test]
fn values_of_arguments_are_for_max() {
    let min = case(Detail::Min).value();
    let external = &min["predicate"]["buildDefinition"]["externalParameters"];
    assert_eq!(external["argumentNames"], json!(["VERSION"]));
    assert_eq!((external.get("arguments"), external.get("secrets")), (None, None));
    assert_eq!(external["dockerfile"]["digest"]["sha256"], Digest::of(FILE.as_bytes()).hex());
    let max = case(Detail::Max).value();
    let external = &max["predicate"]["buildDefinition"]["externalParameters"];
    assert_eq!(external["arguments"], json!({"VERSION": "1.2"}));
    assert_eq!((&external["secrets"], &external["ssh"]), (&json!(["TOKEN", "key"]), &json!(["default"])));
    assert_eq!(external.get("argumentNames"), None);
}

#[test]
fn steps_are_for_max() {
    let internal =
        |detail| case(detail).value()["predicate"]["buildDefinition"]["internalParameters"].clone();
    assert_eq!(internal(Detail::Min), json!({"builderPlatform": "linux/amd64", "sourceDateEpoch": 7}));
    let max = internal(Detail::Max);
    assert_eq!(max["dockerfileText"], FILE);
    let layer = Digest::of(b"layer").hex();
    let expected = json!([
        {"id": 0, "instruction": "FROM", "lines": [1, 1], "cached": true},
        {"id": 1, "instruction": "RUN", "lines": [3, 3], "below": 0, "layer": {"sha256": layer}, "cached": false},
        {"id": 2, "instruction": "COPY", "lines": [4, 4], "below": 1, "from": ["context"], "cached": false},
    ]);
    assert_eq!(max["steps"], expected);
}

#[test]
fn a_build_is_hermetic_if_nothing_unknown_could_come_in() {
    let hermetic = |text: &str| steps::is_hermetic(&plan(text));
    let sum = "0".repeat(64);
    assert!(hermetic("FROM debian:12\nCOPY a /b\nRUN --network=none make"));
    assert!(hermetic(&format!("FROM debian:12\nADD --checksum=sha256:{sum} https://example.org/x /x")));
    for open in [
        "RUN make",
        "RUN --network=host make",
        "ADD https://example.org/x /x",
        "RUN --network=none --mount=type=ssh x",
    ] {
        assert!(!hermetic(&format!("FROM debian:12\n{open}")), "{open}");
    }
}

#[test]
fn the_same_facts_are_the_same_bytes() {
    let mut other = case(Detail::Max);
    other.dependencies.reverse();
    assert_eq!(case(Detail::Max).text(), other.text());
}
