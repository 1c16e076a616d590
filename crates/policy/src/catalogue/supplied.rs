//! Controls that a person has to supply.

use model::finding::Scanned;
use model::request::Network;
use model::trust::Vouched;
use model::usecase::Host;
use model::verdict::{Control, Supplier};

use super::{Entry, Standing};
use crate::assess::Circumstances;

/// Somebody vouches for the image.
pub static SIGNATURE: Entry = Entry {
    control: Control {
        id: "signature",
        text: "a publisher whom this site trusts signed the image",
        why: "a name says nothing about who made the content",
        remedy: "pin whoever signs it: coffer trust pin PLACE --root FINGERPRINT",
        nist: &["4.1.5"],
        cis: &["4.2", "4.5"],
        supplier: Supplier::Person,
    },
    standing: |at| match at.vouched {
        Vouched::Nobody => Standing::Missing(String::new()),
        Vouched::Signed { publisher, place, .. } => {
            Standing::InForce(format!("{publisher} signed it, who is pinned for {place}"))
        }
        Vouched::Doubted { publisher, doubt, .. } => {
            Standing::Missing(format!("{publisher} does not vouch for it: {doubt}"))
        }
    },
};

/// Somebody said that it may go where it is going.
pub static STAGE_SIGNATURE: Entry = Entry {
    control: Control {
        id: "stage-signature",
        text: "a stage of its publisher let the image through",
        why: "who may publish an image need not be who may say where it runs",
        remedy: "pin its publisher, coffer trust pin PLACE --root FINGERPRINT, who then says \
                 coffer trust promote IMAGE --to STAGE",
        nist: &["4.1.5", "4.2.3"],
        cis: &["4.5"],
        supplier: Supplier::Person,
    },
    standing: |at| match (at.vouched, at.vouched.stages()) {
        (Vouched::Signed { publisher, .. }, []) => {
            Standing::Missing(format!("{publisher} signed it and has promoted it to no stage"))
        }
        (Vouched::Signed { publisher, .. }, stages) => {
            Standing::InForce(format!("{publisher} promoted it to {}", stages.join(", ")))
        }
        (Vouched::Doubted { publisher, .. }, _) => {
            Standing::Missing(format!("{publisher} does not vouch for it"))
        }
        (Vouched::Nobody, _) => Standing::Missing("nobody is pinned for where it comes from".to_owned()),
    },
};

/// The build is known.
pub static ATTESTED_BUILD: Entry = Entry {
    control: Control {
        id: "attested-build",
        text: "a signed statement says from what and where the image was built",
        why: "a signature says who published it, not what went into it",
        remedy: "have whoever builds it say so: coffer attest IMAGE --type provenance",
        nist: &["4.1.3", "4.1.5"],
        cis: &["4.2"],
        supplier: Supplier::Person,
    },
    standing: |at| match at.vouched {
        Vouched::Signed { built: Some(by), .. } => {
            Standing::InForce(format!("a signed statement says that {by} built it"))
        }
        Vouched::Nobody | Vouched::Signed { built: None, .. } | Vouched::Doubted { .. } => {
            Standing::Missing(String::new())
        }
    },
};

/// Known vulnerabilities are known.
pub static SCAN: Entry = Entry {
    control: Control {
        id: "scan",
        text: "a recent scan for known vulnerabilities and secrets",
        why: "most break-ins use a hole that was already published",
        remedy: "coffer advisories import PATH, where the advisories are old or missing; then coffer scan IMAGE",
        nist: &["4.1.1", "4.1.3", "4.1.4"],
        cis: &["4.4"],
        supplier: Supplier::Person,
    },
    standing: |at| match at.scanned {
        Scanned::Never => Standing::Missing(String::new()),
        Scanned::Compared { age_days, .. } if !is_recent(at.scanned) => {
            Standing::Missing(format!("it was compared with advisories that are {age_days} days old"))
        }
        Scanned::Compared { urgent, .. } => {
            let count = urgent.len();
            Standing::InForce(match count {
                0 => "nothing critical in it is known to be exploited".to_owned(),
                1 => "one critical vulnerability in it is known to be exploited".to_owned(),
                _ => format!("{count} critical vulnerabilities in it are known to be exploited"),
            })
        }
    },
};

/// Days for which advisories are recent.
const RECENT: u32 = 14;

/// Whether the image was compared with advisories that are recent.
pub(crate) fn is_recent(scanned: &Scanned) -> bool {
    matches!(scanned, Scanned::Compared { age_days, .. } if *age_days <= RECENT)
}

/// Two people agreed to the exception.
pub static FOUR_EYES: Entry = Entry {
    control: Control {
        id: "four-eyes",
        text: "a second person approved what goes beyond the default",
        why: "an exception is a decision for everybody on this host",
        remedy: "leave the exception out, or have a second person approve it and keep that with your change",
        nist: &["4.3.1", "4.5.4"],
        cis: &["5.4", "5.6"],
        supplier: Supplier::Person,
    },
    standing: absent,
};

/// The exception ends.
pub static EXPIRY: Entry = Entry {
    control: Control {
        id: "expiry",
        text: "the exception has an end date",
        why: "exceptions outlive the reason they were made for",
        remedy: "leave the exception out, or set a date on which you stop this container",
        nist: &["4.4.3"],
        cis: &[],
        supplier: Supplier::Person,
    },
    standing: absent,
};

/// The ledger's head is kept where this host cannot change it.
pub static WITNESSED_LEDGER: Entry = Entry {
    control: Control {
        id: "witnessed-ledger",
        text: "the ledger's checkpoint is kept on another machine",
        why: "whoever owns this host can rewrite a ledger that nobody else has seen",
        remedy: "coffer ledger checkpoint, and keep its output on another machine",
        nist: &["4.4.5"],
        cis: &["2.13"],
        supplier: Supplier::Person,
    },
    standing: absent,
};

/// Administrators leave a trace.
pub static RECORDED_ACCESS: Entry = Entry {
    control: Control {
        id: "recorded-access",
        text: "every administrator's access to this host is recorded",
        why: "data that administrators can read unseen is not protected from them",
        remedy: "record the host's administrator sessions, and keep the records on another machine",
        nist: &["4.3.1", "4.5.4"],
        cis: &["1.1.3"],
        supplier: Supplier::Person,
    },
    standing: absent,
};

/// No secrets in the environment.
pub static FILE_SECRETS: Entry = Entry {
    control: Control {
        id: "file-secrets",
        text: "secrets are files, not environment variables",
        why: "an environment is inherited, printed and recorded",
        remedy: "put the secret into a file and mount it: --mount type=bind,src=FILE,dst=/run/secrets/NAME,ro",
        nist: &["4.1.4"],
        cis: &["4.10"],
        supplier: Supplier::Person,
    },
    standing: |at| match secret_name(at) {
        Some(name) => Standing::Missing(format!("the variable {name} looks like a secret")),
        None => Standing::InForce("no environment variable looks like a secret".to_owned()),
    },
};

/// A kernel that is not shared.
pub static OWN_KERNEL: Entry = Entry {
    control: Control {
        id: "own-kernel",
        text: "a virtual machine or a host of its own",
        why: "one hole in a shared kernel opens every container on it",
        remedy: "run it on a machine, or in a virtual machine, where no other tenant runs",
        nist: &["4.3.4", "4.5.2"],
        cis: &[],
        supplier: Supplier::Person,
    },
    standing: absent,
};

/// Only the destinations it needs.
pub static EGRESS_ALLOW_LIST: Entry = Entry {
    control: Control {
        id: "egress-allow-list",
        text: "it reaches only the destinations that it needs",
        why: "what was broken into calls home",
        remedy: "leave out `--network`, or filter its traffic in the host's firewall",
        nist: &["4.4.2"],
        cis: &["5.10"],
        supplier: Supplier::Person,
    },
    standing: |at| match at.request.network {
        Network::None => Standing::InForce("no network, hence no destinations".to_owned()),
        Network::Outbound => {
            Standing::Missing("it reaches whatever the host reaches, but for the host itself".to_owned())
        }
        Network::Host => {
            Standing::Missing("on the host's network it reaches whatever the host reaches".to_owned())
        }
    },
};

/// Only the system calls it was seen to make.
pub static LEARNED_SECCOMP: Entry = Entry {
    control: Control {
        id: "learned-seccomp",
        text: "a system call filter made for this image",
        why: "half of the system calls of the default filter are never used by one program",
        remedy: "this version cannot learn one: confine it with a mandatory access control profile of your own",
        nist: &["4.4.3", "4.4.4"],
        cis: &["5.22"],
        supplier: Supplier::Person,
    },
    standing: absent,
};

/// The host can do what the default needs.
pub static HOST_BASELINE: Entry = Entry {
    control: Control {
        id: "host-baseline",
        text: "the host can enforce everything of the default confinement",
        why: "a wall that the kernel cannot build is not there",
        remedy: "coffer system check",
        nist: &["4.5.1", "4.5.3"],
        cis: &["1.2.1", "1.2.2"],
        supplier: Supplier::Person,
    },
    standing: |at| match at.host {
        Host::Below => {
            Standing::Missing("the host lacks something that the default confinement needs".to_owned())
        }
        Host::Baseline | Host::Hardened => {
            Standing::InForce("the host has what the default needs".to_owned())
        }
    },
};

/// The host is more than adequate.
pub static HOST_HARDENING: Entry = Entry {
    control: Control {
        id: "host-hardening",
        text: "a mandatory access control system and a verified boot",
        why: "the host is the one thing that every container relies on",
        remedy: "coffer system check",
        nist: &["4.5.1", "4.5.3", "4.3.5"],
        cis: &["1.2.1", "5.2", "5.3"],
        supplier: Supplier::Person,
    },
    standing: |at| match at.host {
        Host::Hardened => Standing::InForce("the host is hardened and verified".to_owned()),
        Host::Baseline | Host::Below => Standing::Missing(String::new()),
    },
};

/// No evidence of it can be given to this version.
fn absent(_: &Circumstances<'_>) -> Standing {
    Standing::Missing(String::new())
}

/// The first variable whose name says that its value is a secret. Names that end in `_FILE` say where
/// one is, which is the remedy.
fn secret_name<'a>(at: &Circumstances<'a>) -> Option<&'a str> {
    const MARKS: [&str; 6] = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "PRIVATE_KEY", "API_KEY"];
    let entries = at.request.env.iter().chain(&at.image.config.env);
    entries.filter_map(|entry| entry.split_once('=')).map(|(name, _)| name).find(|name| {
        let upper = name.to_ascii_uppercase();
        !upper.ends_with("_FILE") && MARKS.iter().any(|mark| upper.contains(mark))
    })
}
