//! From nothing to a first verified pull, as each tool's own documentation tells it: a publisher who has no key yet and
//! a consumer who knows nobody, each with a home of their own. The image is in the registry already.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bench::measure::{Contestant, Step};
use crate::bench::results::Row;
use crate::bench::scratch::Scratch;
use crate::bench::start;
use crate::bench::trust::notary::Notary;
use crate::registry::Registry;
use crate::shell::{self, Outcome};

/// What a person types, a command a line. `$A` is the publisher's home and `$B` the consumer's; what the consumer has
/// to be told (a fingerprint, a public key, a certificate) is read from the publisher's.
struct Script {
    name: &'static str,
    lines: &'static [&'static str],
}

const COFFER: Script = Script {
    name: "coffer",
    lines: &[
        "HOME=$A COFFER_ROOT=$A/root $TOOL trust init team >$A/said",
        "HOME=$A COFFER_ROOT=$A/root $TOOL trust sign $PLACE/app:1",
        "HOME=$B COFFER_ROOT=$B/root $TOOL trust pin $PLACE --root $(sed -n '1s/.* //p' $A/said)",
        "HOME=$B COFFER_ROOT=$B/root $TOOL pull --quiet $PLACE/app:1",
    ],
};

/// Whoever answers first is believed: the documentation's way. Pinning a root is a file more.
const NOTARY: Script = Script {
    name: "notary",
    lines: &[
        "skopeo inspect --tls-verify=false --raw docker://$PLACE/app:1 >$A/manifest",
        "$TOOL -s $NOTARY -d $A/trust init $PLACE/app",
        "$TOOL -s $NOTARY -d $A/trust add --publish $PLACE/app 1 $A/manifest",
        "$TOOL -s $NOTARY -d $B/trust lookup $PLACE/app 1 >$B/said",
        "skopeo copy --src-tls-verify=false docker://$PLACE/app@$(cut -d' ' -f2 $B/said) dir:$B/image",
    ],
};

/// Without a log, as ours and notary have none.
const COSIGN: Script = Script {
    name: "cosign",
    lines: &[
        "HOME=$A $TOOL generate-key-pair --output-key-prefix $A/cosign",
        "HOME=$A $TOOL sign --yes --use-signing-config=false --tlog-upload=false --key $A/cosign.key $PLACE/app:1",
        "HOME=$B $TOOL verify --insecure-ignore-tlog --key $A/cosign.pub $PLACE/app:1 >$B/said",
        "skopeo copy --src-tls-verify=false docker://$PLACE/app@$(grep -o 'sha256:[0-9a-f]*' $B/said | head -n 1) \
         dir:$B/image",
    ],
};

/// With a certificate for tests. The policy is a file that the consumer has written before.
const NOTATION: Script = Script {
    name: "notation",
    lines: &[
        "HOME=$A $TOOL cert generate-test team",
        "HOME=$A $TOOL sign --insecure-registry --key team $PLACE/app:1",
        "HOME=$B $TOOL cert add --type ca --store team $A/.config/notation/localkeys/team.crt",
        "HOME=$B $TOOL policy import --force $POLICY",
        "HOME=$B $TOOL verify --insecure-registry $PLACE/app:1 >$B/said",
        "skopeo copy --src-tls-verify=false docker://$PLACE/app@$(grep -o 'sha256:[0-9a-f]*' $B/said | head -n 1) \
         dir:$B/image",
    ],
};

const SCRIPTS: [&Script; 4] = [&COFFER, &NOTARY, &COSIGN, &NOTATION];

/// What seals every key.
const PASSPHRASE: &str = "correct horse";

/// Whoever takes longer waits for somebody.
const LIMIT: Duration = Duration::from_secs(60);

const POLICY: &str = r#"{"version":"1.0","trustPolicies":[{"name":"team","registryScopes":["*"],
"signatureVerification":{"level":"strict"},"trustStores":["ca:team"],"trustedIdentities":["*"]}]}"#;

/// The registry, and the image that every round brings into a repository of its own.
pub(crate) struct Stage {
    directory: PathBuf,
    registry: String,
}

impl Stage {
    /// The image is one small file: what is measured is trust.
    pub(crate) fn new(scratch: &Scratch, registry: &Registry, coffer: &Path) -> Outcome<Self> {
        let directory = scratch.directory("beginnings")?;
        let tar = directory.join("image.tar");
        let written = std::fs::write(directory.join("content"), "content")
            .and_then(|()| std::fs::write(directory.join("policy.json"), POLICY));
        written.map_err(|error| format!("{}: {error}", directory.display()))?;
        shell::capture(shell::program("tar", ["-cf"]).arg(&tar).arg("-C").arg(&directory).arg("content"))?;
        let (root, image) = (directory.join("root"), format!("{}/seed/app:1", registry.address()));
        let ours = |words: &[&str]| {
            let mut command = shell::program(coffer, words);
            command.env("COFFER_ROOT", &root);
            command
        };
        shell::capture(
            ours(&["image", "import", "-q"]).arg(format!("rootfs:{}", tar.display())).arg(&image),
        )?;
        shell::capture(&mut ours(&["push", "-q", &image]))?;
        Ok(Self { directory, registry: registry.address() })
    }

    pub(crate) fn coffer(&self, program: &Path) -> Outcome<Contestant> {
        Ok(self.contestant(&COFFER, start::version(program)?, program.to_owned(), String::new()))
    }

    pub(crate) fn notary(&self, notary: &Notary) -> Outcome<Contestant> {
        let program = shell::program_file("notary")?;
        Ok(self.contestant(&NOTARY, notary.version().to_owned(), program, notary.url()))
    }

    pub(crate) fn cosign(&self, program: PathBuf) -> Outcome<Contestant> {
        Ok(self.contestant(&COSIGN, version(&program)?, program, String::new()))
    }

    pub(crate) fn notation(&self, program: PathBuf) -> Outcome<Contestant> {
        Ok(self.contestant(&NOTATION, version(&program)?, program, String::new()))
    }

    fn contestant(
        &self,
        script: &'static Script,
        version: String,
        tool: PathBuf,
        notary: String,
    ) -> Contestant {
        let (directory, registry) = (self.directory.clone(), self.registry.clone());
        let steps = Box::new(move |round: usize| {
            let name = format!("{}-{round}", script.name);
            let shell = |text: String| {
                let mut command = shell::program("sh", ["-c", &text]);
                command.env("A", directory.join(&name).join("a")).env("B", directory.join(&name).join("b"));
                command.env("PLACE", format!("{registry}/{name}")).env("SEED", format!("{registry}/seed"));
                command
                    .env("TOOL", &tool)
                    .env("NOTARY", &notary)
                    .env("POLICY", directory.join("policy.json"));
                sealed(&mut command);
                command
            };
            let made = "rm -rf $A $B && mkdir -p $A $B && \
                        skopeo copy --quiet --src-tls-verify=false --dest-tls-verify=false \
                        docker://$SEED/app:1 docker://$PLACE/app:1";
            vec![Step::Waited(shell(made.to_owned())), Step::Timed(shell(script.lines.join(" && ")))]
        });
        Contestant { name: script.name.to_owned(), version, steps, limit: LIMIT }
    }
}

/// Every tool is told the passphrase in its own way, so that nobody waits for a person.
fn sealed(command: &mut Command) {
    let variables = [
        "COFFER_TRUST_PASSPHRASE",
        "COSIGN_PASSWORD",
        "NOTARY_ROOT_PASSPHRASE",
        "NOTARY_SNAPSHOT_PASSPHRASE",
        "NOTARY_TARGETS_PASSPHRASE",
    ];
    command.envs(variables.map(|variable| (variable, PASSPHRASE))).env_remove("XDG_CONFIG_HOME");
}

/// Adds how many commands each took, and how many times as long as ours.
pub(crate) fn compared(rows: &mut [Row]) {
    let ours = rows.iter().find(|row| row.who == COFFER.name).and_then(|row| row.value("median_ms"));
    for row in rows {
        if let Some(script) = SCRIPTS.iter().find(|script| script.name == row.who) {
            row.put("commands", script.lines.len() as f64);
        }
        if let (Some(ours), Some(theirs)) = (ours, row.value("median_ms")) {
            row.put("times_coffer", theirs / ours);
        }
    }
}

/// The line `Version: v1` or `GitVersion: v1` of what `PROGRAM version` says.
fn version(program: &Path) -> Outcome<String> {
    let text = shell::capture(&mut shell::program(program, ["version"]))?;
    let line = text.lines().find_map(|line| line.split_once("ersion:"));
    line.map(|(_, version)| version.trim().to_owned()).ok_or_else(|| "`version` says none".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_compared_with_ours() {
        let row = |who: &str, median: f64| {
            let mut row = Row::new(who, "1");
            row.put("median_ms", median);
            row
        };
        let mut rows = [row("notary", 300.0), row("coffer", 600.0)];
        compared(&mut rows);
        let figures = |row: &Row| (row.value("commands"), row.value("times_coffer"));
        assert_eq!(rows.each_ref().map(figures), [(Some(5.0), Some(0.5)), (Some(4.0), Some(1.0))]);
    }
}
