//! Advisories that are signed, and sites that use no others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod scanned;

use conversation::Session;

/// The example of RFC 8410, and a key of one byte; put together here, so that no key stands in this repository.
const KEYS: [(&str, &str); 2] = [
    ("ours", "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"),
    ("foreign", "MC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"),
];

fn session() -> Session {
    let session = Session::new();
    scanned::advisories(&session.work().join("feeds"));
    for (name, key) in KEYS {
        let (begin, end) =
            (["-----BEGIN", "PRIVATE KEY-----"].join(" "), ["-----END", "PRIVATE KEY-----"].join(" "));
        std::fs::write(session.work().join(name), format!("{begin}\n{key}\n{end}\n")).unwrap();
    }
    session
}

#[test]
fn a_site_with_a_pinned_key_uses_nothing_else() {
    let session = session();
    session.holds(
        "
$ coffer advisories import feeds
alpine  2
kev     1
pysec   1
$ coffer advisories export -o unsigned
$ coffer advisories export --key foreign -o theirs
signed; elsewhere: coffer advisories pin iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=
$ coffer advisories export --key ours -o signed
signed; elsewhere: coffer advisories pin Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
$ coffer advisories pin Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
signed by  Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
$ coffer advisories verify
coffer: the advisories in `HOME/root/advisories/index.json` are not signed by a key that is required [E-advisories-unsigned]
  get them from whoever has a key that is pinned, or pin theirs: coffer advisories pin KEY
exit 1
$ coffer advisories update unsigned
coffer: the advisories in `the new index` are not signed by a key that is required [E-advisories-unsigned]
  get them from whoever has a key that is pinned, or pin theirs: coffer advisories pin KEY
exit 1
$ coffer advisories update theirs
coffer: the advisories in `the new index` are not signed by a key that is required [E-advisories-unsigned]
  get them from whoever has a key that is pinned, or pin theirs: coffer advisories pin KEY
exit 1
",
    );
    assert!(session.coffer(["advisories", "update", "signed"]).status.success());
    session.holds(
        "
$ coffer advisories verify
✓ verified 3 sources of advisories: every byte is what was written
",
    );
}

#[test]
fn what_would_not_be_used_is_not_imported() {
    let session = session();
    session.holds(
        "
$ coffer advisories pin Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
signed by  Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
$ coffer advisories import feeds
coffer: this site uses only advisories that a pinned key has signed, and nobody would sign these [E-advisories-not-believed]
  sign them with a key that is pinned, `coffer advisories import --key FILE`; or take signed ones over, `coffer advisories update`
exit 1
$ coffer advisories import feeds --key foreign
coffer: this site uses only advisories that a pinned key has signed, and DIGEST would sign these [E-advisories-not-believed]
  sign them with a key that is pinned, `coffer advisories import --key FILE`; or take signed ones over, `coffer advisories update`
exit 1
$ coffer advisories import feeds --key feeds/ALPINE-1.json
coffer: the key has no line `-----BEGIN PRIVATE KEY-----`, or not the one that ends it [E-advisories-key]
  give a private key of Ed25519 in PEM: `openssl genpkey -algorithm ed25519 -out FILE` makes one
exit 1
$ coffer advisories import feeds --key ours
alpine  2
kev     1
pysec   1
$ coffer advisories pin iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=
signed by  Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
signed by  iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=
$ coffer advisories verify
✓ verified 3 sources of advisories: every byte is what was written
$ coffer advisories unpin Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
signed by  iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=
$ coffer advisories verify
coffer: the advisories in `HOME/root/advisories/index.json` are not signed by a key that is required [E-advisories-unsigned]
  get them from whoever has a key that is pinned, or pin theirs: coffer advisories pin KEY
exit 1
$ coffer advisories unpin iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=
anybody's advisories are used
$ coffer advisories unpin iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=
coffer: the key iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w= is not pinned [E-advisories-not-pinned]
  see which are: coffer advisories status
exit 1
$ coffer advisories verify
✓ verified 3 sources of advisories: every byte is what was written
",
    );
    let shown = session.coffer(["ledger", "show", "--filter", "kind=advisories"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(
        (shown.matches("change pin").count(), shown.matches("change unpin").count()),
        (2, 2),
        "{shown}"
    );
}

#[test]
fn a_list_of_keys_that_is_damaged_lets_nobody_s_advisories_count() {
    let session = session();
    assert!(session.coffer(["advisories", "import", "feeds"]).status.success());
    std::fs::create_dir(session.root().join("trust")).unwrap();
    for damaged in ["", "no key\n", "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\n"] {
        std::fs::write(session.root().join("trust/advisories"), damaged).unwrap();
        session.holds(
            "
$ coffer advisories status
coffer: `HOME/root/trust/advisories` is no list of keys, so that nobody's advisories are believed here [E-advisories-publishers]
  put it right, the Base64 of a key on each line; or remove it: `rm HOME/root/trust/advisories`
exit 1
",
        );
    }
}
