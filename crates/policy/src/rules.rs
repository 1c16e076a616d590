//! The decision table: which use cases demand which controls, and which are refused.
//!
//! A rule names the mildest cases in which it fires and fires in every riskier case too, so the table
//! is monotone by construction; a test goes over all pairs of cases all the same.

use model::usecase::{Data, Exposure, Host, Privileges, Provenance, Tenants, UseCase};
use model::verdict::{Level, Outcome, Supplier};

use crate::catalogue as c;
use crate::catalogue::Entry;

/// One rule of the table.
#[derive(Debug)]
pub struct Rule {
    /// Stable name.
    pub id: &'static str,
    /// It fires in each of these cases and in every case that is at least as risky as one of them.
    pub from: &'static [UseCase],
    /// What it says.
    pub then: Consequence,
}

/// What a rule says.
#[derive(Debug)]
pub enum Consequence {
    /// These controls have to be in force.
    Demand(&'static [&'static Entry]),
    /// No go.
    Refuse {
        /// What is wrong, one sentence without a full stop.
        detail: &'static str,
        /// What would change the answer.
        remedy: &'static str,
        /// Sections of NIST SP 800-190.
        nist: &'static [&'static str],
        /// Recommendations of the CIS Docker Benchmark 1.6.
        cis: &'static [&'static str],
    },
}

impl Rule {
    /// Whether it fires.
    #[must_use]
    pub fn fires(&self, case: &UseCase) -> bool {
        self.from.iter().any(|mildest| mildest.no_riskier_than(case))
    }
}

/// The id of the rule that demands the default confinement of everything.
pub const DEFAULT_CONFINEMENT: &str = "default-confinement";

/// No risk at all: the corner from which the others are named.
const CALM: UseCase = UseCase {
    tenants: Tenants::Own,
    data: Data::Public,
    host: Host::Hardened,
    provenance: Provenance::Attested,
    exposure: Exposure::None,
    privileges: Privileges::None,
};
const SEVERAL: UseCase = UseCase { tenants: Tenants::Several, ..CALM };
const HOSTILE: UseCase = UseCase { tenants: Tenants::Hostile, ..CALM };
const INTERNAL_DATA: UseCase = UseCase { data: Data::Internal, ..CALM };
const REGULATED: UseCase = UseCase { data: Data::Regulated, ..CALM };
const REACHABLE: UseCase = UseCase { exposure: Exposure::Internal, ..CALM };
const INTERNET: UseCase = UseCase { exposure: Exposure::Internet, ..CALM };
const BELOW: UseCase = UseCase { host: Host::Below, ..CALM };

/// The table: refusals first, then demands, the default last.
pub static TABLE: &[Rule] = &[
    Rule {
        id: "hostile-needs-own-kernel",
        from: &[HOSTILE],
        then: Consequence::Refuse {
            detail: "tenants who may attack each other would share one kernel",
            remedy: "run it on a machine, or in a virtual machine, where no other tenant runs, with `--tenants own`",
            nist: &["4.3.4", "4.5.2"],
            cis: &[],
        },
    },
    Rule {
        id: "unconfined-needs-own-tenant",
        from: &[UseCase { privileges: Privileges::Unconfined, ..SEVERAL }],
        then: Consequence::Refuse {
            detail: "a container without walls would share the host with other teams",
            remedy: "leave out what removes the wall, or run it on a host that no other team uses",
            nist: &["4.3.4", "4.4.3"],
            cis: &["5.5"],
        },
    },
    Rule {
        id: "unconfined-needs-no-internet",
        from: &[UseCase { privileges: Privileges::Unconfined, ..INTERNET }],
        then: Consequence::Refuse {
            detail: "everybody on the internet would reach a container without walls",
            remedy: "leave out what removes the wall, or put a confined container in front and reach this one from it only",
            nist: &["4.4.2", "4.4.3"],
            cis: &["5.5", "5.10"],
        },
    },
    Rule {
        id: "unconfined-needs-no-regulated-data",
        from: &[UseCase { privileges: Privileges::Unconfined, ..REGULATED }],
        then: Consequence::Refuse {
            detail: "regulated data would lie in a container without walls",
            remedy: "leave out what removes the wall, or keep regulated data out of this container",
            nist: &["4.3.4", "4.4.3"],
            cis: &["5.5"],
        },
    },
    Rule {
        id: "regulated-needs-provenance",
        from: &[UseCase { provenance: Provenance::None, ..REGULATED }],
        then: Consequence::Refuse {
            detail: "an image that nobody vouches for would see regulated data",
            remedy: "keep regulated data out of it, or pin who signs it: coffer trust pin PLACE --root FINGERPRINT",
            nist: &["4.1.5"],
            cis: &["4.2", "4.5"],
        },
    },
    Rule {
        id: "weak-host-needs-low-stakes",
        from: &[
            UseCase { host: Host::Below, ..SEVERAL },
            UseCase { host: Host::Below, ..REGULATED },
            UseCase { host: Host::Below, ..INTERNET },
        ],
        then: Consequence::Refuse {
            detail: "this host cannot enforce the default confinement, and too much depends on it",
            remedy: "coffer system check, and supply what it names",
            nist: &["4.5.1", "4.5.3"],
            cis: &["1.2.1"],
        },
    },
    Rule { id: "weak-host", from: &[BELOW], then: Consequence::Demand(&[&c::HOST_BASELINE]) },
    Rule {
        id: "strong-host-for-high-stakes",
        from: &[HOSTILE, REGULATED],
        then: Consequence::Demand(&[&c::HOST_BASELINE, &c::HOST_HARDENING]),
    },
    Rule {
        id: "unsigned-image",
        from: &[
            UseCase { provenance: Provenance::None, ..SEVERAL },
            UseCase { provenance: Provenance::None, ..INTERNAL_DATA },
            UseCase { provenance: Provenance::None, ..REACHABLE },
        ],
        then: Consequence::Demand(&[&c::SIGNATURE]),
    },
    Rule {
        id: "unscanned-image",
        from: &[
            UseCase { provenance: Provenance::Signed, ..SEVERAL },
            UseCase { provenance: Provenance::Signed, ..INTERNAL_DATA },
            UseCase { provenance: Provenance::Signed, ..REACHABLE },
        ],
        then: Consequence::Demand(&[&c::SCAN]),
    },
    Rule {
        id: "unattested-build",
        from: &[
            UseCase { provenance: Provenance::Signed, ..REGULATED },
            UseCase { provenance: Provenance::Signed, ..INTERNET },
        ],
        then: Consequence::Demand(&[&c::ATTESTED_BUILD]),
    },
    Rule {
        id: "exceptions-near-others",
        from: &[
            UseCase { privileges: Privileges::Unconfined, ..CALM },
            UseCase { privileges: Privileges::Elevated, ..SEVERAL },
            UseCase { privileges: Privileges::Elevated, ..INTERNAL_DATA },
            UseCase { privileges: Privileges::Elevated, ..REACHABLE },
        ],
        then: Consequence::Demand(&[&c::FOUR_EYES, &c::EXPIRY]),
    },
    Rule {
        id: "internet-exposure",
        from: &[INTERNET],
        then: Consequence::Demand(&[
            &c::EXEC_ISLANDS,
            &c::MEMFD_NOEXEC,
            &c::SECCOMP,
            &c::LEARNED_SECCOMP,
            &c::EGRESS_ALLOW_LIST,
        ]),
    },
    Rule {
        id: "regulated-data",
        from: &[REGULATED],
        then: Consequence::Demand(&[
            &c::FILE_SECRETS,
            &c::RECORDED_ACCESS,
            &c::WITNESSED_LEDGER,
            &c::EXEC_ISLANDS,
            &c::MOUNT_FLAGS,
        ]),
    },
    Rule {
        id: "mixed-data-on-one-kernel",
        from: &[HOSTILE, UseCase { data: Data::Regulated, ..SEVERAL }],
        then: Consequence::Demand(&[&c::OWN_KERNEL]),
    },
    Rule {
        id: "several-teams",
        from: &[SEVERAL],
        then: Consequence::Demand(&[
            &c::USER_NAMESPACE,
            &c::PRIVATE_NAMESPACES,
            &c::NETWORK_NONE,
            &c::SECCOMP,
            &c::PIDS_LIMIT,
            &c::MEMORY_LIMIT,
        ]),
    },
    Rule {
        id: DEFAULT_CONFINEMENT,
        from: &[CALM],
        then: Consequence::Demand(&[
            &c::IMAGE_DIGEST,
            &c::LEDGER,
            &c::USER_NAMESPACE,
            &c::PRIVATE_NAMESPACES,
            &c::NETWORK_NONE,
            &c::CAPABILITIES,
            &c::NO_NEW_PRIVILEGES,
            &c::SECCOMP,
            &c::EXEC_ISLANDS,
            &c::MEMFD_NOEXEC,
            &c::LANDLOCK,
            &c::MASKED_PATHS,
            &c::MINIMAL_DEVICES,
            &c::MOUNT_FLAGS,
            &c::PIDS_LIMIT,
            &c::MEMORY_LIMIT,
        ]),
    },
];

/// What `restricted` demands besides, in every case.
pub static RESTRICTED: &[Rule] =
    &[Rule { id: "unpromoted-image", from: &[CALM], then: Consequence::Demand(&[&c::STAGE_SIGNATURE]) }];

/// The rules that fire in a case at a level, in the table's order.
pub fn fired(case: &UseCase, level: Level) -> impl Iterator<Item = &'static Rule> {
    let case = *case;
    let stricter = if level == Level::Restricted { RESTRICTED } else { &[] };
    TABLE.iter().chain(stricter).filter(move |rule| rule.fires(&case))
}

/// The answer of the table alone, before any evidence: what a person supplies counts as missing.
#[must_use]
pub fn outcome(case: &UseCase) -> Outcome {
    fired(case, Level::Baseline).map(|rule| rule.then.outcome()).max().unwrap_or(Outcome::NoGo)
}

impl Consequence {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Refuse { .. } => Outcome::NoGo,
            Self::Demand(entries) => {
                let person = entries.iter().any(|entry| entry.control.supplier == Supplier::Person);
                if person { Outcome::GoWithControls } else { Outcome::Go }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn demanded(case: &UseCase, level: Level) -> BTreeSet<&'static str> {
        fired(case, level)
            .flat_map(|rule| match &rule.then {
                Consequence::Demand(entries) => *entries,
                Consequence::Refuse { .. } => &[],
            })
            .map(|entry| entry.control.id)
            .collect()
    }

    #[test]
    fn more_risk_never_removes_a_control_and_never_makes_the_answer_milder() {
        let judged = |case| (case, outcome(&case), demanded(&case, Level::Baseline));
        let cases: Vec<_> = UseCase::all().map(judged).collect();
        for (mild, mild_outcome, mild_controls) in &cases {
            for (risky, risky_outcome, risky_controls) in &cases {
                if mild.no_riskier_than(risky) {
                    assert!(mild_outcome <= risky_outcome, "{mild:?} {risky:?}");
                    assert!(mild_controls.is_subset(risky_controls), "{mild:?} {risky:?}");
                }
            }
        }
    }

    #[test]
    fn the_table_says_go_with_controls_and_no_go_as_often_as_agreed() {
        let count = |wanted| UseCase::all().filter(|case| outcome(case) == wanted).count();
        let counts = [Outcome::Go, Outcome::GoWithControls, Outcome::NoGo].map(count);
        assert_eq!(counts, [26, 226, 477]);
    }

    #[test]
    fn every_rule_changes_some_case_and_has_an_id_of_its_own() {
        let ids: BTreeSet<_> = TABLE.iter().chain(RESTRICTED).map(|rule| rule.id).collect();
        assert_eq!(ids.len(), TABLE.len() + RESTRICTED.len());
        for rule in TABLE {
            assert!(UseCase::all().any(|case| rule.fires(&case)), "{}", rule.id);
            let only_default = rule.id == DEFAULT_CONFINEMENT;
            assert_eq!(UseCase::all().all(|case| rule.fires(&case)), only_default, "{}", rule.id);
        }
    }

    #[test]
    fn every_control_of_the_catalogue_is_demanded_by_some_rule() {
        let demanded: BTreeSet<_> =
            UseCase::all().flat_map(|case| demanded(&case, Level::Restricted)).collect();
        for entry in c::ALL {
            assert!(demanded.contains(entry.control.id), "{}", entry.control.id);
        }
        assert_eq!(demanded.len(), c::ALL.len());
    }

    #[test]
    fn restricted_demands_one_thing_more_in_every_case() {
        for case in UseCase::all() {
            let (baseline, restricted) =
                (demanded(&case, Level::Baseline), demanded(&case, Level::Restricted));
            assert_eq!(demanded(&case, Level::Open), baseline);
            assert_eq!(
                restricted.difference(&baseline).collect::<Vec<_>>(),
                [&"stage-signature"],
                "{case:?}"
            );
        }
    }

    #[test]
    fn every_refusal_says_what_to_do_and_whom_it_cites() {
        for rule in TABLE {
            if let Consequence::Refuse { detail, remedy, nist, .. } = rule.then {
                assert!(!detail.is_empty() && !remedy.is_empty() && !nist.is_empty(), "{}", rule.id);
            }
        }
    }

    #[test]
    fn an_image_that_nobody_vouches_for_runs_where_nothing_is_at_stake() {
        let case = UseCase { provenance: Provenance::None, host: Host::Baseline, ..CALM };
        assert_eq!(outcome(&case), Outcome::Go);
    }
}
