//! A registry, and somebody in front of it who has every program and the keys of two signers.

use std::cell::Cell;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench::scratch::Scratch;
use crate::bench::start;
use crate::conformance::sigstore::repository::Repository;
use crate::registry::Registry;
use crate::shell::{self, Outcome};

/// What seals every key here.
const PASSPHRASE: &str = "correct horse";

/// Who signs.
pub(crate) const ANNA: &str = "anna";

/// Whom nobody believes.
pub(crate) const MALLORY: &str = "mallory";

/// Of what is said of images, by cosign's words, as little as makes sense.
const PREDICATES: [(&str, &str); 4] = [
    (
        "vuln",
        r#"{"invocation":{"uri":"","event_id":"","builder.id":""},"scanner":{"uri":"","version":"","db":{"uri":"","version":""},"result":{}},"metadata":{"scanStartedOn":"2026-01-01T00:00:00Z","scanFinishedOn":"2026-01-01T00:00:00Z"}}"#,
    ),
    ("cyclonedx", r#"{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[]}"#),
    ("spdxjson", r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"a","packages":[]}"#),
    (
        "slsaprovenance1",
        r#"{"buildDefinition":{"buildType":"https://example.com/make","externalParameters":{}},"runDetails":{"builder":{"id":"https://example.com/ci"}}}"#,
    ),
];

/// Whom notation believes: Anna.
const POLICY: &str = r#"{"version":"1.0","trustPolicies":[{"name":"anna","registryScopes":["*"],
"signatureVerification":{"level":"strict"},"trustStores":["ca:anna"],"trustedIdentities":["*"]}]}"#;

/// The programs, and keys that cosign and notation made.
pub(crate) struct Tools {
    coffer: PathBuf,
    cosign: PathBuf,
    notation: PathBuf,
    home: PathBuf,
}

/// A registry with what is done there.
pub(crate) struct Scene<'a> {
    name: &'static str,
    registry: &'a Registry,
    tools: &'a Tools,
    images: Cell<usize>,
}

/// An image in a registry. No two are alike.
#[derive(Clone)]
pub(crate) struct Image {
    host: String,
    repository: String,
    tag: String,
    digest: String,
}

impl Tools {
    /// Of a directory that has cosign and notation.
    pub(crate) fn find(directory: &Path, coffer: &Path, scratch: &Scratch) -> Outcome<Self> {
        let program = |name: &str| shell::program_file(&directory.join(name).display().to_string());
        let home = scratch.directory("home")?;
        let (cosign, notation) = (program("cosign")?, program("notation")?);
        let tools = Self { coffer: coffer.to_owned(), cosign, notation, home: home.clone() };
        for signer in [ANNA, MALLORY] {
            let keys = scratch.directory(&format!("home/{signer}"))?;
            shell::capture(tools.cosign(&["generate-key-pair"]).current_dir(&keys))?;
            shell::capture(&mut tools.notation(&["cert", "generate-test", signer]))?;
        }
        shell::capture(&mut tools.coffer(&["trust", "init", "team"]))?;
        let policy = home.join("policy.json");
        std::fs::write(&policy, POLICY).map_err(|error| format!("{}: {error}", policy.display()))?;
        shell::capture(tools.notation(&["policy", "import", "--force"]).arg(policy))?;
        let predicates = scratch.directory("home/predicates")?;
        for (name, predicate) in PREDICATES {
            let file = predicates.join(name);
            std::fs::write(&file, predicate).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(tools)
    }

    /// Who was asked: the versions of the programs.
    pub(crate) fn versions(&self) -> Outcome<Vec<String>> {
        let version = |text: String| {
            let line = text.lines().find_map(|line| line.split_once("ersion:"));
            line.map_or_else(|| "unknown".to_owned(), |(_, version)| version.trim().to_owned())
        };
        let cosign = version(shell::capture(&mut self.cosign(&["version"]))?);
        let notation = version(shell::capture(&mut self.notation(&["version"]))?);
        let coffer = start::version(&self.coffer)?;
        Ok(vec![format!("cosign {cosign}, notation {notation}, coffer {coffer}")])
    }

    fn coffer(&self, words: &[&str]) -> Command {
        self.command(&self.coffer, words)
    }

    fn cosign(&self, words: &[&str]) -> Command {
        self.command(&self.cosign, words)
    }

    fn notation(&self, words: &[&str]) -> Command {
        self.command(&self.notation, words)
    }

    /// Nothing of this machine's own settings reaches a program, and nothing asks.
    fn command(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = shell::program(program, words);
        command
            .current_dir(&self.home)
            .env("HOME", &self.home)
            .env("XDG_CONFIG_HOME", self.home.join(".config"));
        command.env("DOCKER_CONFIG", self.home.join(".docker")).env("COFFER_ROOT", self.home.join("coffer"));
        command.env("COSIGN_PASSWORD", PASSPHRASE).env("COFFER_TRUST_PASSPHRASE", PASSPHRASE);
        command.env("REGISTRY_AUTH_FILE", self.home.join(".docker/config.json"));
        command
    }
}

impl<'a> Scene<'a> {
    /// Logs in where that is needed: all three programs find it in the same file.
    pub(crate) fn new(name: &'static str, registry: &'a Registry, tools: &'a Tools) -> Outcome<Self> {
        let scene = Self { name, registry, tools, images: Cell::new(0) };
        if let Some((user, password)) = registry.credentials() {
            let mut login =
                scene.coffer(&["login", "--username", user, "--password-stdin", &registry.address()]);
            fed(&mut login, password)?;
        }
        Ok(scene)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn coffer(&self, words: &[&str]) -> Command {
        self.tools.coffer(words)
    }

    pub(crate) fn cosign(&self, words: &[&str]) -> Command {
        self.tools.cosign(words)
    }

    pub(crate) fn notation(&self, words: &[&str]) -> Command {
        self.tools.notation(words)
    }

    /// A file below the home directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.tools.home.join(name)
    }

    /// The certificate that notation made for a signer.
    pub(crate) fn certificate(&self, signer: &str) -> PathBuf {
        self.file(&format!(".config/notation/localkeys/{signer}.crt"))
    }

    /// Pushes a new image into a repository.
    pub(crate) fn image(&self, repository: &str) -> Outcome<Image> {
        let number = self.images.get();
        self.images.set(number + 1);
        let (work, tar) = (self.file(&format!("{}-{number}", self.name)), self.file("image.tar"));
        let written = std::fs::create_dir_all(&work)
            .and_then(|()| std::fs::write(work.join("content"), format!("{} {number}", self.name)));
        written.map_err(|error| format!("{}: {error}", work.display()))?;
        shell::capture(shell::program("tar", ["-cf"]).arg(&tar).arg("-C").arg(&work).arg("."))?;
        let (host, tag) = (self.registry.address(), number.to_string());
        let name = format!("{host}/{repository}:{tag}");
        shell::capture(
            self.coffer(&["image", "import", "-q"]).arg(format!("rootfs:{}", tar.display())).arg(&name),
        )?;
        let pushed = shell::capture(&mut self.coffer(&["push", "-q", &name]))?;
        let digest = pushed.trim().rsplit_once('@').ok_or("`push` says no digest")?.1.to_owned();
        Ok(Image { host, repository: repository.to_owned(), tag, digest })
    }

    /// The repository of an image, as documents.
    pub(crate) fn repository<'b>(&'b self, image: &'b Image) -> Repository<'b> {
        Repository::new(self.registry, &image.repository, &self.tools.home)
    }
}

impl Image {
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    pub(crate) fn name(&self) -> String {
        format!("{}/{}:{}", self.host, self.repository, self.tag)
    }

    /// By digest: what is signed is no tag.
    pub(crate) fn pinned(&self) -> String {
        format!("{}/{}@{}", self.host, self.repository, self.digest)
    }

    pub(crate) fn docker(&self) -> String {
        format!("docker://{}", self.name())
    }

    /// The same image in another registry's repository.
    pub(crate) fn at(&self, scene: &Scene<'_>, repository: &str) -> Self {
        Self { host: scene.registry.address(), repository: repository.to_owned(), ..self.clone() }
    }
}

fn fed(command: &mut Command, text: &str) -> Outcome {
    let line = shell::line(command);
    let failed = |error: std::io::Error| format!("cannot run `{line}`: {error}");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    child.stdin.take().ok_or("there is no standard input")?.write_all(text.as_bytes()).map_err(failed)?;
    let output = child.wait_with_output().map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("`{line}` failed: {}", said.trim())) }
}
