//! Values for tests.

use std::collections::BTreeMap;

use model::digest::Digest;
use model::finding::Scanned;
use model::image::{ExecDir, Image, ImageConfig, ImageFacts};
use model::request::RunRequest;
use model::trust::Vouched;
use model::usecase::Host;
use model::verdict::Level;

use crate::Question;

/// An image that starts as root, with a shell.
pub(crate) fn image() -> Image {
    Image {
        digest: Digest::of(b"manifest"),
        config_digest: Digest::of(b"config"),
        names: vec!["alpine:latest".to_owned()],
        size: 1,
        created: None,
        imported: 0,
        layers: Vec::new(),
        config: ImageConfig { cmd: vec!["/bin/sh".to_owned()], ..ImageConfig::default() },
        facts: ImageFacts {
            exec_dirs: vec![
                exec_dir("/bin", &["busybox"], 80),
                exec_dir("/lib", &["ld-musl-x86_64.so.1"], 9),
            ],
            ..ImageFacts::default()
        },
        history: Vec::new(),
    }
}

/// An image whose user is not root.
pub(crate) fn user_image() -> Image {
    let mut image = image();
    image.config.user = "1000:1000".to_owned();
    image
}

pub(crate) fn exec_dir(path: &str, files: &[&str], others: u64) -> ExecDir {
    ExecDir { path: path.to_owned(), files: files.iter().map(|name| (*name).to_owned()).collect(), others }
}

/// `coffer run alpine`.
pub(crate) fn request() -> RunRequest {
    RunRequest { image: "alpine".to_owned(), labels: BTreeMap::new(), ..RunRequest::default() }
}

pub(crate) fn question<'a>(request: &'a RunRequest, image: &'a Image, level: Level) -> Question<'a> {
    Question {
        request,
        image,
        host: Host::Baseline,
        level,
        scanned: &Scanned::Never,
        vouched: &Vouched::Nobody,
        own_state: &[],
    }
}

/// What the publisher of `registry.example/team` signed, promoted to these stages, and built by somebody.
pub(crate) fn signed(stages: &[&str], built: Option<&str>) -> Vouched {
    Vouched::Signed {
        publisher: "team".to_owned(),
        place: "registry.example/team".to_owned(),
        stages: stages.iter().map(|stage| (*stage).to_owned()).collect(),
        built: built.map(str::to_owned),
    }
}

/// What that publisher has revoked.
pub(crate) fn doubted() -> Vouched {
    Vouched::Doubted {
        publisher: "team".to_owned(),
        place: "registry.example/team".to_owned(),
        doubt: "it was revoked on 2026-11-20: CVE-2026-1".to_owned(),
        remedy: "ask for its successor".to_owned(),
    }
}
