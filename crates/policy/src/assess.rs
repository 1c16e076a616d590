//! The verdict: rules and requests are judged, controls are checked, and nothing is acted on.

use model::finding::Scanned;
use model::image::Image;
use model::publish::Publish;
use model::request::RunRequest;
use model::trust::Vouched;
use model::usecase::{Data, Exposure, Host, Provenance, Tenants, UseCase};
use model::verdict::{Exception, Finding, Level, Outcome, Reason, Verdict};

use crate::asks::{self, Ask, Grant};
use crate::capabilities::{self, CapabilitySet, StartsAs};
use crate::catalogue::{Entry, Standing, is_recent};
use crate::rules::{self, Consequence, DEFAULT_CONFINEMENT};

/// What is judged: one request for one image on one host.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What was asked for. Paths of bind mounts are absolute and without symbolic links: the engine
    /// resolves them before it asks.
    pub request: &'a RunRequest,
    /// What would run.
    pub image: &'a Image,
    /// What the host can enforce.
    pub host: Host,
    /// The level in force, which overrides the request's.
    pub level: Level,
    /// What is known of the image's vulnerabilities.
    pub scanned: &'a Scanned,
    /// Who vouches for the image.
    pub vouched: &'a Vouched,
    /// Host directories that hold this engine's state, besides the usual ones: never mounted.
    pub own_state: &'a [String],
}

impl Question<'_> {
    /// The case that the request, the image and the host make. Absent answers take the mildest level.
    #[must_use]
    pub fn case(&self) -> UseCase {
        self.case_of(&self.asks())
    }

    fn asks(&self) -> Vec<Ask> {
        asks::all(self)
    }

    fn case_of(&self, asks: &[Ask]) -> UseCase {
        let answers = self.request.answers;
        UseCase {
            tenants: answers.tenants.unwrap_or(Tenants::Own),
            data: answers.data.unwrap_or(Data::Public),
            host: self.host,
            provenance: provenance(self.vouched, self.scanned),
            exposure: exposure(self.request),
            privileges: asks::privileges(asks),
        }
    }
}

/// What is known of where the image comes from. A doubt is no evidence, as is what nobody has said.
fn provenance(vouched: &Vouched, scanned: &Scanned) -> Provenance {
    match vouched {
        Vouched::Signed { built: Some(_), .. } if is_recent(scanned) => Provenance::Attested,
        Vouched::Signed { .. } => Provenance::Signed,
        Vouched::Nobody | Vouched::Doubted { .. } => Provenance::None,
    }
}

/// Who can reach it: as somebody answered, but never less than what published ports make certain.
fn exposure(request: &RunRequest) -> Exposure {
    let most = |of: fn(&Publish) -> Exposure| request.publish.iter().map(of).max().unwrap_or(Exposure::None);
    match request.answers.exposure {
        Some(answer) => answer.max(most(Publish::least_exposure)),
        None => most(Publish::likely_exposure),
    }
}

/// What the checks of the catalogue look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances<'a> {
    pub(crate) request: &'a RunRequest,
    pub(crate) image: &'a Image,
    pub(crate) host: Host,
    pub(crate) scanned: &'a Scanned,
    pub(crate) vouched: &'a Vouched,
    pub(crate) starts_as: StartsAs,
    pub(crate) capabilities: CapabilitySet,
}

/// Why not, with what only a refusal shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Objection {
    /// What was asked for: `` `--privileged` removes every wall ... ``.
    pub(crate) asked: String,
    /// As cited in the verdict.
    pub(crate) reason: Reason,
    /// The least strict level that objects.
    pub(crate) from: Level,
    /// Whether even `open` does not let it run.
    pub(crate) force: Force,
}

/// What an objection does at level `open`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Force {
    /// It refuses at every level.
    Always,
    /// `open` records it and lets the container run.
    ByLevel,
}

/// Judges a question.
#[must_use]
pub fn assess(question: &Question<'_>) -> Verdict {
    judge(question).0
}

/// The verdict and the objections behind its reasons, the gravest first.
pub(crate) fn judge(question: &Question<'_>) -> (Verdict, Vec<Objection>) {
    let asks = question.asks();
    let case = question.case_of(&asks);
    judge_case(question, case, &asks)
}

/// The same for a given case, so that a test can go through all of them.
pub(crate) fn judge_case(question: &Question<'_>, case: UseCase, asks: &[Ask]) -> (Verdict, Vec<Objection>) {
    let mut objections: Vec<Objection> =
        asks.iter().filter_map(|ask| ask_objection(ask, question.level)).collect();
    let at = circumstances(question, case.host);
    let (applied, missing) = findings(&at, &case, question.level, &mut objections);
    if question.level == Level::Restricted {
        objections.extend(missing.iter().map(unmet));
    }
    objections.sort_by_key(|objection| objection.force);
    let outcome = match (objections.is_empty(), missing.is_empty()) {
        (false, _) => Outcome::NoGo,
        (true, false) => Outcome::GoWithControls,
        (true, true) => Outcome::Go,
    };
    let reasons = objections.iter().map(|objection| objection.reason.clone()).collect();
    let exceptions = exceptions(asks, question.level);
    let (level, vouched) = (question.level, question.vouched.clone());
    (Verdict { outcome, level, case, vouched, applied, missing, reasons, exceptions }, objections)
}

fn circumstances<'a>(question: &Question<'a>, host: Host) -> Circumstances<'a> {
    let starts_as = asks::starts_as(question.request, question.image);
    // An unknown capability is refused by `validate`; until then it counts as all of them.
    let capabilities = capabilities::granted(question.request, starts_as).unwrap_or(CapabilitySet::ALL);
    let Question { request, image, scanned, vouched, .. } = *question;
    Circumstances { request, image, host, scanned, vouched, starts_as, capabilities }
}

/// Goes through the table: demands become findings, refusals become objections.
fn findings(
    at: &Circumstances<'_>,
    case: &UseCase,
    level: Level,
    objections: &mut Vec<Objection>,
) -> (Vec<Finding>, Vec<Finding>) {
    let mut applied = Vec::with_capacity(20);
    let mut missing = Vec::new();
    for rule in rules::fired(case, level) {
        match &rule.then {
            Consequence::Refuse { detail, remedy, nist, cis } => {
                let reason = Reason {
                    rule: rule.id,
                    detail: (*detail).to_owned(),
                    remedy: (*remedy).to_owned(),
                    nist,
                    cis,
                };
                let asked = (*detail).to_owned();
                objections.push(Objection { asked, reason, from: Level::Baseline, force: Force::ByLevel });
            }
            Consequence::Demand(entries) => {
                for entry in *entries {
                    check(entry, rule.id, at, &mut applied, &mut missing);
                }
            }
        }
    }
    (applied, missing)
}

/// Adds the finding about one control, unless an earlier rule did. What the request turns off is an
/// exception by itself; it is missing only where a rule beyond the default demands it.
fn check(
    entry: &'static Entry,
    rule: &'static str,
    at: &Circumstances<'_>,
    applied: &mut Vec<Finding>,
    missing: &mut Vec<Finding>,
) {
    let control = &entry.control;
    if applied.iter().chain(missing.iter()).any(|finding| std::ptr::eq(finding.control, control)) {
        return;
    }
    let gap = |detail: String| Finding { control, rule, detail, remedy: control.remedy.to_owned() };
    match (entry.standing)(at) {
        Standing::InForce(detail) => {
            applied.push(Finding { control, rule, detail, remedy: String::new() });
        }
        Standing::TurnedOff { .. } if rule == DEFAULT_CONFINEMENT => {}
        Standing::TurnedOff { by } => missing.push(gap(format!("turned off by `{by}`"))),
        Standing::Missing(detail) if detail.is_empty() => missing.push(gap(control.text.to_owned())),
        Standing::Missing(detail) => missing.push(gap(detail)),
    }
}

/// At `open` the objections are those of `baseline`: recorded, though what they object to is granted.
fn ask_objection(ask: &Ask, level: Level) -> Option<Objection> {
    let judged_at = level.max(Level::Baseline);
    if ask.rule.grant.at(judged_at) {
        return None;
    }
    let sentence = ask.sentence();
    let reason = Reason {
        rule: ask.rule.id,
        detail: sentence.clone(),
        remedy: ask.instead.clone(),
        nist: ask.rule.nist,
        cis: ask.rule.cis,
    };
    let force = if ask.rule.grant == Grant::Never { Force::Always } else { Force::ByLevel };
    let from = if ask.rule.grant.at(Level::Baseline) { Level::Restricted } else { Level::Baseline };
    Some(Objection { asked: sentence, reason, from, force })
}

/// `restricted` refuses what is missing.
fn unmet(finding: &Finding) -> Objection {
    let detail = format!("{} is missing: {}", finding.control.id, finding.detail);
    let reason = Reason {
        rule: finding.rule,
        detail: detail.clone(),
        remedy: finding.remedy.clone(),
        nist: finding.control.nist,
        cis: finding.control.cis,
    };
    Objection { asked: detail, reason, from: Level::Restricted, force: Force::ByLevel }
}

fn exceptions(asks: &[Ask], level: Level) -> Vec<Exception> {
    let granted = |ask: &&Ask| ask.rule.grant.at(level) && ask.rule.grant != Grant::BelowRestricted;
    asks.iter().filter(granted).map(|ask| ask.exception.clone()).collect()
}

#[cfg(test)]
mod tests;
