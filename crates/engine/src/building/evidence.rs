//! What is put beside an image that was built: what is in it, and how it was made.

use std::collections::BTreeMap;

use build::plan::{Plan, StepId};
use build::provenance::{
    self, Builder, Dependency, Detail, Done, Facts, Invocation, PREDICATE_TYPE, Request,
};
use model::digest::Digest;
use model::image::Image;
use model::request::HostAddress;
use store::{Artifact, ArtifactContent};

use super::draft::{Draft, Need};
use super::error::BuildError;
use super::request::{Evidence, Provenance, Times};
use super::solve::Root;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::examine::{Form, Look, Subject, Wishes};
use crate::time::rfc3339;

/// Media type of a statement that is not signed (in-toto/attestation, spec/v1/bundle.md).
const STATEMENT: &str = "application/vnd.in-toto+json";
/// As BuildKit marks statements.
const PREDICATE: &str = "in-toto.io/predicate-type";
/// Media type of a bill of material (CycloneDX 1.6, "Registered Media Types").
const BILL: &str = "application/vnd.cyclonedx+json";

/// A build that was done.
pub(super) struct Made<'a> {
    pub(super) draft: &'a Draft,
    pub(super) plan: &'a Plan,
    pub(super) bases: &'a BTreeMap<StepId, Image>,
    pub(super) roots: &'a [Root],
    /// Seconds since the epoch.
    pub(super) begun: i64,
}

impl Engine {
    /// Puts beside an image what does not lie there yet; everything of these kinds that does, in the end. Who builds
    /// the same again has made nothing new, and says nothing new.
    pub(super) fn testify(
        &self,
        made: &Made<'_>,
        image: &Image,
    ) -> Result<Vec<(String, Digest)>, BuildError> {
        let request = &made.draft.request;
        let there = self.store.attached(&image.digest.into())?;
        let lacks = |kind: &str| !there.iter().any(|attached| attached.artifact_type() == kind);
        if request.provenance != Provenance::None && lacks(STATEMENT) {
            let statement = self.statement(made, image)?;
            self.put_beside(image, STATEMENT, statement, &[(PREDICATE, PREDICATE_TYPE)])?;
        }
        if request.bill == Evidence::Attached && lacks(BILL) {
            let wishes = Wishes { looks: [Look::Licences].into(), ..Wishes::default() };
            let examined = self
                .examiner(&wishes)?
                .examine(&Subject::Image(image.digest.to_string()), &mut store::Quiet)?;
            self.put_beside(image, BILL, examined.document(Form::CycloneDx).into_bytes(), &[])?;
        }
        let there = self.store.attached(&image.digest.into())?;
        Ok(there.iter().map(|attached| (attached.artifact_type().to_owned(), attached.digest)).collect())
    }

    fn put_beside(
        &self,
        image: &Image,
        kind: &str,
        bytes: Vec<u8>,
        annotations: &[(&str, &str)],
    ) -> Result<(), BuildError> {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let annotations = annotations.iter().map(text).collect();
        let content = ArtifactContent { media_type: kind.to_owned(), bytes, annotations };
        let artifact = Artifact {
            artifact_type: kind.to_owned(),
            config: None,
            layers: vec![content],
            annotations: BTreeMap::new(),
        };
        self.store.attach(image, &artifact)?;
        Ok(())
    }

    fn statement(&self, made: &Made<'_>, image: &Image) -> Result<Vec<u8>, BuildError> {
        let request = &made.draft.request;
        let id = crate::id::ContainerId::random().map_err(EngineError::io("get random numbers"))?;
        let host = super::platform::host().to_string();
        let secrets: Vec<String> = request.steps.secrets.keys().cloned().collect();
        let agents: Vec<String> = request.steps.agents.keys().cloned().collect();
        let host_line = |host: &HostAddress| format!("{}={}", host.name, host.address);
        let hosts: Vec<String> = request.steps.hosts.iter().map(host_line).collect();
        let names = if image.names.is_empty() { vec![String::new()] } else { image.names.clone() };
        let subjects: Vec<(String, Digest)> = names.into_iter().map(|name| (name, image.digest)).collect();
        let done = |root: &Root| Done {
            key: Some(root.key),
            layer: root.layers.last().filter(|_| root.own).map(|layer| layer.diff_id),
            is_cached: root.is_cached,
        };
        let (origin, started, finished) = (self.origin()?, rfc3339(made.begun), rfc3339(self.now()));
        let facts = Facts {
            detail: if request.provenance == Provenance::Max { Detail::Max } else { Detail::Min },
            subjects: &subjects,
            request: &Request {
                path: &made.draft.file.name,
                digest: Digest::of(&made.draft.file.bytes),
                text: &String::from_utf8_lossy(&made.draft.file.bytes),
                target: request.target.as_deref(),
                platform: &request.platform.clone().unwrap_or_else(|| host.clone()),
                arguments: &request.arguments,
                labels: &request.labels,
                secrets: &secrets,
                agents: &agents,
                contexts: &request.contexts,
                network: network(request.steps.network),
                hosts: &hosts,
                is_reproducible: request.times != Times::Real,
            },
            plan: made.plan,
            done: &made.roots.iter().map(done).collect::<Vec<_>>(),
            dependencies: &made.dependencies(),
            builder: &Builder {
                id: &format!("https://cofferdam.org/build/{origin}"),
                version: env!("CARGO_PKG_VERSION"),
                platform: &host,
            },
            run: &Invocation { id: id.as_str(), started: &started, finished: &finished, byproducts: &[] },
        };
        Ok(provenance::statement(&facts))
    }
}

impl Made<'_> {
    /// Everything that went in, by digest: images, contexts that were fetched, and what steps took of whatever is no
    /// stage.
    fn dependencies(&self) -> Vec<Dependency> {
        let image = |(id, image): (&StepId, &Image)| {
            let Need { reference, platform } = self.draft.need(self.plan, *id)?;
            Some(Dependency::Image { reference, platform, digest: image.digest.into() })
        };
        let images = self.bases.iter().filter_map(image);
        let contexts = self.draft.contexts.values().filter_map(|context| context.fetched.as_deref().cloned());
        let inputs = self.roots.iter().flat_map(|root| root.inputs.iter().cloned());
        images.chain(contexts).chain(inputs).collect()
    }
}

fn network(network: build::plan::RunNetwork) -> &'static str {
    match network {
        build::plan::RunNetwork::Outbound => "outbound",
        build::plan::RunNetwork::None => "none",
        build::plan::RunNetwork::Host => "host",
    }
}
