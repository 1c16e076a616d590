//! `attest`, `verify`

mod grounds;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use engine::Engine;
use engine::attest::{self, Demand, Layouts, Predicate, Saying, Wanted};
use engine::examine::{Form, Look, Wishes};

use super::{Act, Entry, Life, act, options};
use crate::args::attest::{Attest, Layout, Verify};
use crate::context::Context;
use crate::desk::Keeper;
use crate::errors::{ExitCodes, Failure};
use crate::progress::{Bar, Lines};
use crate::render::attest::{self as render, AttestedJson, TestimonyJson};
use crate::value::pair::Pair;
use crate::{registries, site};

/// The largest predicate, in bytes.
const LARGEST: u64 = 64 << 20;

pub(super) const ATTEST: Entry = Entry {
    words: &["attest"],
    aliases: &[],
    life: Life::Trust,
    about: "Say something of an image, signed, beside it: what a scan found, what is in it, how it was made",
    examples: [
        ("coffer attest registry.example/team/app:1.4 --type vuln --key team/scanner-1", "scans it now"),
        ("coffer attest registry.example/team/app:1.4 --type provenance --predicate slsa.json --key ci.key", "in a build"),
    ],
    notes: "\
A name without a registry is an image of the store, if it has one of that name; what is said lies beside it there, and
`push`, `copy` and `image save` take it along. Other names are looked for in their registry, and so is docker://NAME.

TYPE is vuln, sbom, provenance, signature, or the address of another type of statement; the last takes any JSON. It is
an in-toto statement about the digest that the name stands for now, which `coffer verify` and cosign verify with the
public key.

What a stage requires before anybody promotes to it is made with this.",
    codes: ExitCodes::Ordinary,
    options: options::<Attest>,
    act: act::<Attest>,
};

pub(super) const VERIFY: Entry = Entry {
    words: &["verify"],
    aliases: &[],
    life: Life::Trust,
    about: "Verify signatures and statements beside an image: cosign's, Notation's and ours",
    examples: [
        ("coffer verify registry.example/team/app:1.4 --key cosign.pub", "that this key signed it"),
        ("coffer verify registry.example/team/app:1.4 --type vuln --key scanner.pub --print", "what a scan found"),
    ],
    notes: "\
A name without a registry is an image of the store, if it has one of that name: what lay beside it was kept when it was
pulled or imported. Other names are looked for in their registry, and so is docker://NAME.

Nothing is trusted by itself: give keys, an identity with its issuer and a trusted root, or authorities of Notation.
A signature beside an image says nothing of its name, and nothing of whether a newer one is withheld; what a publisher
vouches for says both: `coffer trust verify`.

Exit code: 0 if something holds, 1 if nothing does, with the reason of each.",
    codes: ExitCodes::Ordinary,
    options: options::<Verify>,
    act: act::<Verify>,
};

impl Act for Attest {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::new(&self.opening)?;
        let registries = registries::open(context, self.authfile.as_deref())?;
        let engine = site::open()?;
        let signer = keeper.desk(&registries)?.signing_key(&self.key);
        let signer = keeper.outcome(signer)?;
        let saying = self.saying(&engine, &registries)?;
        let layouts = match self.layout {
            Layout::Both => Layouts::Both,
            Layout::Tag => Layouts::Tag,
            Layout::Referrer => Layouts::Referrer,
        };
        let attested = engine.attest(&registries, &self.image, &saying, layouts, &*signer)?;
        context.show(
            || AttestedJson::new(&attested, &self.kind),
            || render::attested(&attested, &self.kind, context.style),
        )?;
        Ok(0)
    }
}

impl Attest {
    fn saying(
        &self,
        engine: &Engine,
        registries: &engine::registries::Registries,
    ) -> Result<Saying, Failure> {
        let needless =
            |what: &str| Failure::usage(format!("`--predicate` is not for {what}"), "leave it out");
        match (self.kind.as_str(), &self.predicate) {
            ("signature", None) => Ok(Saying::Signature { annotations: words(&self.annotation) }),
            ("signature", Some(_)) => Err(needless("a signature")),
            ("vuln", None) => {
                let examined = self.examined(engine, registries, Look::Vulnerabilities)?;
                Ok(attest::vulnerabilities(&examined).map_err(engine::EngineError::from)?)
            }
            ("sbom" | "cyclonedx", None) => {
                Ok(attest::bill(&self.examined(engine, registries, Look::Licences)?, Form::CycloneDx))
            }
            ("spdx", None) => {
                Ok(attest::bill(&self.examined(engine, registries, Look::Licences)?, Form::Spdx))
            }
            ("provenance", Some(path)) => {
                Ok(attest::provenance(read(path)?).map_err(engine::EngineError::from)?)
            }
            (kind, Some(path)) => Ok(Saying::Statement { predicate: predicate(kind)?, said: read(path)? }),
            (kind, None) => Err(Failure::usage(
                format!("what `{kind}` says is found nowhere but in a file"),
                "give it: --predicate FILE",
            )),
        }
    }

    /// What is in the image: of the store, or as its registry has it now. Nothing is learned that is not said.
    fn examined(
        &self,
        engine: &Engine,
        registries: &engine::registries::Registries,
        look: Look,
    ) -> Result<engine::examine::Examined, Failure> {
        let here = engine.at_hand(&self.image.parse().map_err(engine::EngineError::from)?)?;
        let image = match here {
            Some((_, image)) => image,
            None => {
                let name = crate::args::ship::name(&self.image).map_err(engine::EngineError::from)?;
                engine.pull(registries, &name, &engine::ship::Wanted::host(), &mut Lines::new())?.image
            }
        };
        let subject = engine.meant(&image.digest.to_string())?;
        let wishes = Wishes { looks: [look].into(), ..Wishes::default() };
        Ok(engine.examiner(&wishes)?.examine(&subject, &mut Bar::new())?)
    }
}

impl Act for Verify {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let demand = Demand {
            grounds: grounds::read_all(&self.grounds)?,
            annotations: words(&self.annotation),
            wanted: self.kind.as_deref().map(Wanted::by_word),
        };
        let platform = self.platform.clone().unwrap_or_else(engine::ship::Wanted::host);
        let testimony = site::open()?.testimony(&registries, &self.image, &platform, &demand)?;
        if self.print {
            return context.print(&render::said(&testimony)?).map(|()| 0);
        }
        context.show(|| TestimonyJson::new(&testimony), || render::testimony(&testimony, context.style))?;
        Ok(0)
    }
}

fn words(pairs: &[Pair]) -> BTreeMap<String, String> {
    pairs.iter().map(|pair| (pair.name.clone(), pair.value.clone())).collect()
}

/// A word that stands for one kind, or an address.
fn predicate(kind: &str) -> Result<Predicate, Failure> {
    match kind {
        "vuln" => Ok(Predicate::Vulnerabilities),
        "sbom" | "cyclonedx" => Ok(Predicate::CycloneDx),
        "spdx" => Ok(Predicate::Spdx),
        "vex" => Ok(Predicate::Vex),
        "custom" => Ok(Predicate::Custom),
        address if address.contains("://") => Ok(Predicate::of(address)),
        word => Err(Failure::usage(
            format!("`{word}` is no type of statement"),
            "one of vuln, sbom, spdx, provenance, vex, custom, signature, or an address: https://example.org/review/v1",
        )),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: &std::io::Error| Failure::file("read", path, error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::usage(format!("`{}` has more than 64 MiB", path.display()), "say less"));
    }
    Ok(bytes)
}
