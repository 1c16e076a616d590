use model::finding::{Cvss, Exploited, Fix, Severity};
use proptest::prelude::*;

use super::*;
use crate::advisory::{Advisory, Affected, Record, Remark, Vulnerable};
use crate::database::{Builder, Mend};
use crate::version::{Bound, Interval, Order};

fn before(version: &str) -> Interval {
    Interval { from: None, to: Some(Bound::Excluding(version.into())) }
}

fn affected(ecosystem: &str, name: &str, ranges: Vec<Interval>) -> Affected {
    Affected { ranges, ..Affected::new(ecosystem, name) }
}

fn advisory(id: &str, affected: Vec<Affected>) -> Record {
    let cvss = vec![Cvss { score: 9.8, vector: "CVSS:3.1/AV:N".into() }];
    Record::Advisory(Box::new(Advisory {
        id: id.into(),
        aliases: vec![format!("ALIAS-{id}")],
        summary: format!("the summary of {id}\nand more"),
        severity: Some(Severity::High),
        source: "test".into(),
        cvss,
        affected,
        ..Advisory::default()
    }))
}

fn records() -> Vec<Record> {
    let range =
        Interval { from: Some(Bound::Including("2.0".into())), to: Some(Bound::Including("2.5".into())) };
    let go = Affected {
        symbols: vec![Vulnerable { path: "m/p".into(), symbols: vec!["F".into()], ..Vulnerable::default() }],
        versions: vec!["v0.9.0".into(), "v1.5.0".into(), "no version".into()],
        fix: Fix::Never,
        ..affected("Go", "m", vec![before("1.0.0")])
    };
    let exploited = Exploited { since: "2023-10-10".into(), due: "2023-10-31".into(), ransomware: true };
    vec![
        advisory("A-1", vec![affected("Debian:12", "curl", vec![before("1.0"), range])]),
        advisory("A-2", vec![affected("Debian:12", "curl", vec![Interval::ALL]), go]),
        Record::Remark { cve: "A-1".into(), remark: Remark::Exploited(exploited) },
        Record::Remark {
            cve: "A-1".into(),
            remark: Remark::Likelihood { probability: 0.5, percentile: 0.9 },
        },
    ]
}

fn built(records: &[Record]) -> Vec<u8> {
    let mut builder = Builder::new();
    records.iter().for_each(|record| builder.add(record));
    let built = builder.finish().unwrap();
    assert_eq!(built.left_out, []);
    built.bytes
}

fn shard() -> Shard {
    Shard::of_bytes(built(&records()), "test").unwrap()
}

/// The advisories that mean a version, with the range in words.
fn meant(shard: &Shard, ecosystem: &str, name: &str, version: &str) -> Vec<(String, String)> {
    let package = shard.package(ecosystem, name).unwrap().unwrap();
    let mut key = Vec::new();
    let position =
        Order::of_ecosystem(ecosystem).unwrap().key(version, &mut key).map(|()| package.position(&key)).ok();
    let mut found = Vec::new();
    let within = |start, end| position.is_some_and(|position| start <= position && position < end);
    let claims = package.claims(within, |claim| {
        let range = claim.interval.map(|interval| shard.ends(&package, interval).map(|ends| ends.words()));
        found.push((shard.head(claim.advisory)?.id.to_owned(), range.transpose()?.unwrap_or_default()));
        Ok(())
    });
    claims.unwrap();
    found
}

#[test]
fn a_version_is_in_the_intervals_that_hold_it() {
    let shard = shard();
    let all = || ("A-2".to_owned(), "every version".to_owned());
    let first = |range: &str| ("A-1".to_owned(), range.to_owned());
    for (version, range) in [
        ("0.9", Some("before 1.0")),
        ("1.0", None),
        ("1.9", None),
        ("2.0", Some("from 2.0 up to 2.5")),
        ("2.2", Some("from 2.0 up to 2.5")),
        ("2.5", Some("from 2.0 up to 2.5")),
        ("2.5+b1", None),
    ] {
        let expected: Vec<_> = range.map(first).into_iter().chain([all()]).collect();
        assert_eq!(meant(&shard, "Debian:12", "curl", version), expected, "{version}");
    }
}

#[test]
fn versions_that_are_named_count_unless_a_range_says_so_already() {
    let shard = shard();
    let only = |range: &str| vec![("A-2".to_owned(), range.to_owned())];
    assert_eq!(meant(&shard, "Go", "m", "v0.9.0"), only("before 1.0.0"));
    assert_eq!(meant(&shard, "Go", "m", "v1.5.0"), only("exactly v1.5.0"));
    // It names one that has no place in the order, so whoever asks has to look.
    assert_eq!(meant(&shard, "Go", "m", "v1.6.0"), only(""));
    assert_eq!(meant(&shard, "Go", "m", "no version"), only(""));
}

#[test]
fn what_was_put_in_comes_out() {
    let shard = shard();
    let [head] = shard.find("ALIAS-A-2").unwrap().try_into().unwrap();
    assert_eq!((head.id, head.source, head.summary), ("A-2", "test", "the summary of A-2"));
    assert_eq!((head.severity, head.cvss), (Some(Severity::High), Some((9.8, "CVSS:3.1/AV:N"))));
    let package = shard.package("Go", "m").unwrap().unwrap();
    let mut details = Vec::new();
    let all = package.claims(
        |_, _| true,
        |claim| {
            details.push(shard.details(&package, claim)?);
            Ok(())
        },
    );
    all.unwrap();
    let [details] = details.try_into().unwrap();
    assert_eq!((details.fix, details.versions), (Mend::Never, vec!["no version"]));
    assert_eq!((details.symbols[0].path, details.symbols[0].names.as_slice()), ("m/p", ["F"].as_slice()));
    let remarks = shard.remarks("A-1").unwrap().unwrap();
    assert_eq!(remarks.likelihood, Some((0.5, 0.9)));
    assert!(remarks.exploited.unwrap().ransomware);
    assert_eq!(shard.ecosystems().unwrap(), ["Debian:12", "Go"]);
    assert_eq!(shard.counts(), Counts { advisories: 2, packages: 2, remarks: 1 });
    assert_eq!((shard.remarks("A-2").unwrap(), shard.find("A-3").unwrap()), (None, vec![]));
    assert!(shard.package("Debian:11", "curl").unwrap().is_none());
    shard.verify().unwrap();
}

#[test]
fn what_was_taken_back_or_is_no_vulnerability_is_not_kept() {
    let mut records = records();
    let Record::Advisory(advisory) = &mut records[0] else { panic!("the first is an advisory") };
    advisory.withdrawn = Some("2024-01-01".into());
    let Record::Advisory(advisory) = &mut records[1] else { panic!("the second is an advisory") };
    advisory.topic = crate::advisory::Topic::Maintenance;
    let shard = Shard::of_bytes(built(&records), "test").unwrap();
    assert_eq!(shard.counts(), Counts { advisories: 0, packages: 0, remarks: 1 });
}

#[test]
fn what_has_no_order_is_left_out_and_said() {
    let mut builder = Builder::new();
    builder.add(&advisory(
        "A-1",
        vec![affected("Nowhere", "x", vec![]), affected("Debian:12", "y", vec![before("x:1")])],
    ));
    let left_out: Vec<_> = builder.finish().unwrap().left_out.into_iter().map(|left| left.package).collect();
    assert_eq!(left_out, ["x", "y"]);
}

#[test]
fn a_cut_or_foreign_file_is_not_opened() {
    let bytes = built(&records());
    let code = |bytes: &[u8]| Shard::of_bytes(bytes.to_vec(), "test").unwrap_err().code();
    assert_eq!(code(&bytes[..bytes.len() - 1]), "E-advisories-damaged");
    assert_eq!(code(b"coffadv\n"), "E-advisories-damaged");
    assert_eq!(code(b"something else"), "E-advisories-damaged");
    let mut newer = bytes;
    newer[8] += 1;
    assert_eq!(code(&newer), "E-advisories-format");
}

/// Everything that is said of `curl`, or what is wrong with the file.
fn said(bytes: Vec<u8>) -> Option<Vec<(String, String)>> {
    let shard = Shard::of_bytes(bytes, "test").ok()?;
    shard.verify().ok()?;
    Some(meant(&shard, "Debian:12", "curl", "0.9"))
}

proptest! {
    #[test]
    fn a_flipped_bit_is_noticed_or_changes_nothing(at: prop::sample::Index, bit in 0..8_u8) {
        let mut bytes = built(&records());
        let before = said(bytes.clone());
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let after = said(bytes);
        prop_assert!(after.is_none() || after == before);
    }

    #[test]
    fn any_bytes_are_a_shard_or_an_error(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        tail in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut bytes = built(&records());
        bytes.extend(tail);
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _either = Shard::of_bytes(mended(&bytes), "test").map(|shard| {
            let _either = shard.verify();
            let _either = shard.package("Debian:12", "curl");
        });
    }
}
