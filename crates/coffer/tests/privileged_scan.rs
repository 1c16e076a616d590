//! Scanning, as a person sees it: images, what is in them, what is wrong with them, and what follows from that.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod layers;
mod scanned;

use conversation::Session;
use serde_json::Value;

/// A session with two versions of an image, and advisories that are not imported yet.
fn session() -> Session {
    let session = Session::new();
    scanned::image(&session.work().join("old"), "3.1.4-r1");
    scanned::image(&session.work().join("new"), "3.1.4-r5");
    scanned::advisories(&session.work().join("feeds"));
    for (from, name) in [("oci:old", "shop:1"), ("oci:new", "shop:2")] {
        assert!(session.coffer(["image", "import", from, name]).status.success());
    }
    session
}

fn with_advisories() -> Session {
    let session = session();
    assert!(session.coffer(["advisories", "import", "feeds"]).status.success());
    session
}

#[track_caller]
fn json(session: &Session, line: &str) -> Value {
    let output = session.coffer(line.split(' '));
    let read = serde_json::from_slice(&output.stdout);
    assert!(read.is_ok(), "{}", session.said(&output));
    read.unwrap()
}

/// What lists of the JSON have under a name.
fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap()).collect()
}

/// A list of words.
fn each_word(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

#[test]
fn privileged_without_advisories_everything_else_is_found_and_what_is_missing_is_said() {
    session().holds(
        "
$ coffer scan shop:1 --scanners vuln,secret
shop:1  DIGEST  Alpine Linux v3.19  4 packages

  vulnerabilities were not looked for

SEVERITY  SECRET                                   WHERE
critical  a token of GitLab glpa… (26 characters)  app/settings.env:1, layer 1, removed later but still in it

  advisories  none were asked; get some: coffer advisories import PATH
$ coffer advisories status
coffer: there are no advisories in `HOME/root/advisories` [E-advisories-missing]
  get some with `coffer advisories import` or `coffer advisories update`
exit 1
$ coffer advisories affected openssl
IMAGE   PACKAGE     VERSION   SEVERITY  FIXED IN
shop:1  libcrypto3  3.1.4-r1
        libssl3     3.1.4-r1

1 of 1 image with a package called openssl
1 image was never scanned: coffer scan --all
",
    );
}

#[test]
fn privileged_the_most_urgent_comes_first_and_what_an_update_mends_is_said() {
    session().holds(
        "
$ coffer advisories import feeds
alpine  2
kev     1
pysec   1
$ coffer scan shop:1 --scanners vuln
shop:1  DIGEST  Alpine Linux v3.19  4 packages

  2 critical  3 medium  2 known to be exploited

PACKAGE              VERSION   VULNERABILITY  SEVERITY  FIXED IN  URGENCY  REMARK
libcrypto3, libssl3  3.1.4-r1  CVE-2099-0001  critical  3.1.4-r5  100      exploited, by ransomware too
                               CVE-2099-0002  medium    3.1.4-r3  37
jinja2               2.11.1    CVE-2099-0003  medium    2.11.3    37

  gap         etc/os-release: end of life since 2025-11-01: nobody looks for what is wrong with Alpine Linux v3.19 any more
  advisories  3 sources, of today
$ coffer scan shop:1 --scanners vuln --severity high --fail-on critical
shop:1  DIGEST  Alpine Linux v3.19  4 packages

  2 critical  2 known to be exploited

PACKAGE              VERSION   VULNERABILITY  SEVERITY  FIXED IN  URGENCY  REMARK
libcrypto3, libssl3  3.1.4-r1  CVE-2099-0001  critical  3.1.4-r5  100      exploited, by ransomware too

  gap         etc/os-release: end of life since 2025-11-01: nobody looks for what is wrong with Alpine Linux v3.19 any more
  advisories  3 sources, of today
exit 1
$ coffer scan diff shop:1 shop:2
shop:1  5 vulnerabilities
shop:2  1 vulnerability

   PACKAGE     BEFORE    AFTER
~  libcrypto3  3.1.4-r1  3.1.4-r5
~  libssl3     3.1.4-r1  3.1.4-r5

        VULNERABILITY  SEVERITY  PACKAGE
mended  CVE-2099-0001  critical  libcrypto3
mended  CVE-2099-0001  critical  libssl3
mended  CVE-2099-0002  medium    libcrypto3
mended  CVE-2099-0002  medium    libssl3
  1 is in both
",
    );
}

#[test]
fn privileged_a_finding_is_explained_and_so_is_that_there_is_none() {
    with_advisories().holds(
        "
$ coffer scan explain cve-2099-0001 shop:1
cve-2099-0001
Anybody can run code
    says        alpine as ALPINE-1
    cvss        9.8  CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H

  libcrypto3, libssl3 3.1.4-r1
    built from  openssl 3.1.4-r1
    found in    lib/apk/db/installed
    layer       1 of 2  DIGEST  ADD rootfs
    matches     Alpine:v3.19: before 3.1.4-r5
    fix         update to 3.1.4-r5
    severity    critical, says cvss
    exploited   since 2099-01-02, by ransomware too; due by 2099-01-23 (CISA)
    urgency     100 of 100
                critical severity, says cvss (+55)
                known to be exploited since 2099-01-02, for ransomware too (CISA) (+40)
                mended in 3.1.4-r5 (+5)
                CVSS 9.8 (+5)
$ coffer scan explain CVE-2099-0001 shop:2
CVE-2099-0001
Anybody can run code
    says        alpine as ALPINE-1

  shop:2 has no package in a version that it is about
$ coffer scan explain CVE-1999-1 shop:2
CVE-1999-1

  no advisory here is about it, so nobody can say whether shop:2 has it
",
    );
}

#[test]
fn privileged_which_images_have_it_is_asked_of_none_of_them() {
    let session = with_advisories();
    session.holds(
        "
$ coffer advisories affected CVE-2099-0001
0 of 0 images affected by CVE-2099-0001
2 images were never scanned: coffer scan --all
$ coffer scan --all
IMAGE   PACKAGES  CRITICAL  HIGH  MEDIUM  LOW  EXPLOITED  SECRETS  MALWARE
shop:1  4         2         -     3       -    2          1        -
shop:2  4         -         -     1       -    -          1        -
",
    );
    // Nothing of them is opened: there is nothing to open any more.
    std::fs::rename(session.root().join("images/layers"), session.work().join("layers")).unwrap();
    session.holds(
        "
$ coffer advisories affected CVE-2099-0001
IMAGE   PACKAGE     VERSION   SEVERITY  FIXED IN
shop:1  libcrypto3  3.1.4-r1  critical  3.1.4-r5
        libssl3     3.1.4-r1  critical  3.1.4-r5

1 of 2 images affected by CVE-2099-0001
$ coffer advisories affected CVE-1999-1
coffer: no advisory here is about CVE-1999-1 [E-advisories-unheard]
  look for a mistake in it, and whether there are advisories of whoever publishes it: `coffer advisories status`
exit 1
$ coffer scan shop:2 --scanners vuln --only-fixed
shop:2  DIGEST  Alpine Linux v3.19  4 packages

  1 medium

PACKAGE  VERSION  VULNERABILITY  SEVERITY  FIXED IN  URGENCY  REMARK
jinja2   2.11.1   CVE-2099-0003  medium    2.11.3    37

  gap         etc/os-release: end of life since 2025-11-01: nobody looks for what is wrong with Alpine Linux v3.19 any more
  advisories  3 sources, of today
",
    );
}

#[test]
fn privileged_what_is_exploited_is_refused_recorded_or_accepted() {
    let session = with_advisories();
    // Nobody has scanned it yet, and a start never does.
    session.holds(
        "
$ coffer run --rm --policy restricted shop:1 /probe true
coffer: refused: stage-signature is missing: nobody is pinned for where it comes from
  rule     unpromoted-image  (NIST 4.1.5 4.2.3, CIS 4.5)
  level    restricted
  instead  pin its publisher, coffer trust pin PLACE --root FINGERPRINT, who then says coffer trust promote IMAGE --to STAGE
  or       let it run and have that recorded: coffer run --policy baseline ... shop:1
  recorded ledger entry 3  [E-policy-refused]
exit 125
",
    );
    assert!(session.coffer(["scan", "shop:1"]).status.success());
    session.holds(
        "
$ coffer run --rm --policy restricted shop:1 /probe true
coffer: refused: the image has CVE-2099-0001 in openssl 3.1.4-r1: critical, and known to be exploited
  rule     no-known-exploited-vulnerability  (NIST 4.1.1, CIS 4.4)
  level    restricted
  instead  update openssl to 3.1.4-r5 and build the image again; or accept it: coffer advisories accept CVE-2099-0001 --package openssl --reason WHY --until DAY
  or       let it run and have that recorded: coffer run --policy baseline ... shop:1
  further  reasons: 1, see coffer assess
  recorded ledger entry 5  [E-policy-refused]
exit 125
$ coffer run --rm shop:1 /probe true
coffer: shop:1 has CVE-2099-0001 in openssl 3.1.4-r1: critical, and known to be exploited; `coffer scan shop:1` tells more
$ coffer advisories accept CVE-2099-0001 --package openssl --reason 'one tenant' --until tomorrow
coffer: `tomorrow` does not work for `--until`: it is no day [E-cli-value]
  right would be: a day such as 2027-01-31, or never
exit 2
$ coffer advisories accept CVE-2099-0001 --package openssl --reason 'one tenant' --until 2099-12-31
accepted CVE-2099-0001 in openssl until 2099-12-31
$ coffer run --rm --policy restricted shop:1 /probe true
coffer: refused: stage-signature is missing: nobody is pinned for where it comes from
  rule     unpromoted-image  (NIST 4.1.5 4.2.3, CIS 4.5)
  level    restricted
  instead  pin its publisher, coffer trust pin PLACE --root FINGERPRINT, who then says coffer trust promote IMAGE --to STAGE
  or       let it run and have that recorded: coffer run --policy baseline ... shop:1
  recorded ledger entry 11  [E-policy-refused]
exit 125
$ coffer scan shop:1 --scanners vuln --severity critical --fail-on critical
shop:1  DIGEST  Alpine Linux v3.19  4 packages

  none that was asked for, and 3 others

  dismissed   2 findings do not count; --format json says why
  gap         etc/os-release: end of life since 2025-11-01: nobody looks for what is wrong with Alpine Linux v3.19 any more
  advisories  3 sources, of today
",
    );
    let permits = json(&session, "ledger show --filter kind=permit --format json");
    let recorded = permits.as_array().unwrap().iter().filter(|permit| permit["exceptions"].is_array());
    let recorded: Vec<&str> = recorded.flat_map(|permit| each(&permit["exceptions"], "id")).collect();
    assert_eq!(recorded, ["known-exploited CVE-2099-0001 openssl"]);
    // An acceptance that cannot be read is none.
    std::fs::write(session.root().join("ignore.toml"), "[[ignore]]\nid = 1\n").unwrap();
    let output = session.coffer(["run", "--rm", "--policy", "restricted", "shop:1", "/probe", "true"]);
    let said = session.said(&output);
    assert!(said.contains("rule     no-known-exploited-vulnerability"), "{said}");
}

#[test]
fn privileged_documents_of_others_dismiss_what_they_are_about() {
    let session = with_advisories();
    let ignore = "[[ignore]]\nid = 'CVE-2099-0002'\nreason = 'no timing here'\nuntil = '2099-01-01'\n\
                  [[ignore]]\nid = 'CVE-2099-0003'\nreason = 'not called'\nuntil = '2020-01-01'\n";
    std::fs::write(session.work().join("ignore.toml"), ignore).unwrap();
    let vex = serde_json::json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1", "author": "me",
        "timestamp": "2099-01-01T00:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": { "name": "CVE-2099-0001" }, "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
            "products": [{ "@id": "pkg:apk/alpine/libssl3" }],
        }],
    });
    std::fs::write(session.work().join("vex.json"), vex.to_string()).unwrap();
    let scan = json(&session, "scan shop:1 --vex vex.json --ignore ignore.toml --format json");
    let all = scan["vulnerabilities"].as_array().unwrap();
    let dismissed = all
        .iter()
        .filter(|found| !found["dismissed"].is_null())
        .map(|found| (found["id"].as_str().unwrap(), found["package"]["name"].as_str().unwrap()));
    let mut dismissed: Vec<_> = dismissed.collect();
    dismissed.sort_unstable();
    let expected =
        [("CVE-2099-0001", "libssl3"), ("CVE-2099-0002", "libcrypto3"), ("CVE-2099-0002", "libssl3")];
    assert_eq!(dismissed, expected);
    let said = session.said(&session.coffer(["scan", "shop:1", "--ignore", "ignore.toml"]));
    assert!(
        said.contains("CVE-2099-0003 was accepted until 2020-01-01 (not called), and counts again"),
        "{said}"
    );
    for (option, file, code) in [
        ("--vex", "ignore.toml", "[E-vex-malformed]"),
        ("--ignore", "vex.json", "[E-ignore-malformed]"),
        ("--ignore", "missing", "[E-scan-file]"),
        ("--hashes", "ignore.toml", "[E-scan-hashes]"),
    ] {
        let said = session.said(&session.coffer(["scan", "shop:1", option, file]));
        assert!(said.contains(code) && said.ends_with("exit 1\n"), "{said}");
    }
}

#[test]
fn privileged_other_things_than_images_are_scanned_the_same_way() {
    let session = with_advisories();
    let ids = |target: &str| {
        let scan = json(&session, &format!("scan {target} --scanners vuln --format json"));
        let mut ids: Vec<String> =
            each(&scan["vulnerabilities"], "id").into_iter().map(str::to_owned).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let expected = ["CVE-2099-0001", "CVE-2099-0002", "CVE-2099-0003"];
    assert_eq!(ids("shop:1"), expected);
    assert_eq!(ids("./old"), expected, "an image layout");
    assert!(session.coffer(["save", "shop:1", "-o", "shop.tar"]).status.success());
    assert_eq!(ids("shop.tar"), expected, "an archive");
    for form in ["cyclonedx-json", "spdx-json"] {
        let bill = session.coffer(["sbom", "shop:1", "--format", form, "-o", "bill.json"]);
        assert!(bill.status.success(), "{}", session.said(&bill));
        assert_eq!(ids("bill.json"), expected, "{form}");
    }
    assert_eq!(json(&session, "sbom shop:1")["bomFormat"], "CycloneDX");
    let tree = session.work().join("tree");
    let layers = std::fs::read_dir(session.root().join("images/layers")).unwrap();
    // The store has those of shop:2 as well.
    let is_of_1 = |layer: &std::path::PathBuf| {
        let installed = std::fs::read_to_string(layer.join("lib/apk/db/installed"));
        installed.is_ok_and(|installed| installed.contains("3.1.4-r1"))
    };
    let bottom = layers.map(|layer| layer.unwrap().path().join("fs")).find(is_of_1);
    let copied = std::process::Command::new("cp").arg("-a").arg(bottom.unwrap()).arg(&tree).status().unwrap();
    assert!(copied.success());
    assert_eq!(ids("./tree"), expected, "a directory");
    std::fs::write(session.work().join("noise.json"), "{}").unwrap();
    std::fs::write(session.work().join("requirements.txt"), "flask==0.12\n").unwrap();
    for (target, code) in [
        ("nothing", "[E-store-unknown]"),
        ("./missing", "[E-store-read]"),
        ("noise.json", "[E-scan-sbom]"),
        ("requirements.txt", "[E-scan-kind]"),
        ("container:nobody", "[E-state-unknown]"),
    ] {
        let said = session.said(&session.coffer(["scan", target]));
        assert!(said.contains(code) && said.ends_with("exit 1\n"), "{target}: {said}");
    }
}

#[test]
fn privileged_who_asks_of_vulnerabilities_alone_learns_no_more_and_others_learn_the_rest() {
    let session = with_advisories();
    let count = |list: &Value| list.as_array().unwrap().len();
    let lean = json(&session, "scan shop:1 --scanners vuln --format json");
    assert_eq!(each_word(&lean["scanners"]), ["vuln"]);
    assert_eq!((count(&lean["vulnerabilities"]), count(&lean["secrets"])), (5, 0));
    let refused =
        session.said(&session.coffer(["run", "--policy", "restricted", "shop:1", "/probe", "true"]));
    assert!(refused.contains("CVE-2099-0001"), "a start needs no more: {refused}");
    let whole = json(&session, "scan shop:1 --format json");
    assert_eq!(each_word(&whole["scanners"]), ["vuln", "secret", "misconfig", "licence"]);
    assert_eq!((&whole["vulnerabilities"], count(&whole["secrets"])), (&lean["vulnerabilities"], 1));
    assert!(count(&whole["misconfigurations"]) > 0);
    assert_eq!(json(&session, "scan shop:1 --scanners vuln --format json")["summary"], lean["summary"]);
    let all = json(&session, "scan --all --format json");
    let secrets: i64 = all.as_array().unwrap().iter().map(|one| one["secrets"].as_i64().unwrap()).sum();
    assert_eq!((count(&all), secrets), (2, 2), "one in each");
}

#[test]
fn privileged_a_container_is_its_image_and_what_it_has_written() {
    let session = with_advisories();
    assert!(session.coffer(["run", "--name", "web", "shop:1", "/probe", "true"]).status.success());
    let upper = std::fs::read_dir(session.root().join("containers")).unwrap().next().unwrap().unwrap().path();
    // What the container would write: an update of its packages.
    let database = upper.join("upper/lib/apk/db");
    std::fs::create_dir_all(&database).unwrap();
    std::fs::write(database.join("installed"), "P:libssl3\nV:3.1.4-r3\nA:x86_64\no:openssl\n\n").unwrap();
    for target in ["web", "container:web"] {
        let scan = json(&session, &format!("scan {target} --scanners vuln --format json"));
        assert_eq!(each(&scan["vulnerabilities"], "id"), ["CVE-2099-0001", "CVE-2099-0003"]);
        assert_eq!(scan["target"]["layers"].as_array().unwrap().len(), 3);
    }
}

#[test]
fn privileged_files_that_a_list_knows_are_malware_even_if_they_were_removed() {
    let session = session();
    let eicar = layers::layer(&[("opt/eicar", b"not really"), ("opt/other", b"fine")]);
    scanned::layout(&session.work().join("bad"), &[eicar, layers::layer(&[("opt/.wh.eicar", b"")])]);
    let sha256 = model::digest::Digest::of(b"not really").hex();
    std::fs::write(session.work().join("list.csv"), format!("# feed\n{sha256},Test.File\n")).unwrap();
    let scan = json(&session, "scan ./bad --hashes list.csv --fail-on critical --format json");
    assert_eq!(scan["malware"].as_array().unwrap().len(), 1);
    assert_eq!(scan["malware"][0]["title"], "Test.File");
    assert_eq!(scan["malware"][0]["place"]["file"]["path"], "opt/eicar");
    assert_eq!(scan["malware"][0]["place"]["file"]["removed"], true);
    let code =
        session.coffer(["scan", "./bad", "--hashes", "list.csv", "--fail-on", "critical"]).status.code();
    assert_eq!(code, Some(1));
}

/// An image with a program that a rule describes, which a later layer removes.
#[cfg(feature = "yara")]
fn with_rules() -> Session {
    let session = session();
    let layers = [layers::layer(&[("opt/miner", b"stratum+tcp://pool"), ("opt/other", b"fine")])];
    scanned::layout(
        &session.work().join("bad"),
        &[&layers[..], &[layers::layer(&[("opt/.wh.miner", b"")])]].concat(),
    );
    std::fs::create_dir_all(session.work().join("rules/coins")).unwrap();
    let rule = r#"rule miner { meta: description = "Mines coins" author = "nobody" strings: $a = "stratum+tcp://"
        condition: $a and filename == "miner" }"#;
    std::fs::write(session.work().join("rules/coins/miner.yar"), rule).unwrap();
    std::fs::write(session.work().join("rules/README"), "no rule").unwrap();
    session
}

#[cfg(feature = "yara")]
#[test]
fn privileged_files_that_a_rule_describes_are_malware_by_a_process_without_executable_memory() {
    let session = with_rules();
    let scan = json(&session, "scan ./bad --yara rules --format json");
    assert_eq!(each(&scan["malware"], "rule"), ["miner"]);
    let found = &scan["malware"][0];
    assert_eq!((&found["title"], &found["meta"]["author"]), (&"Mines coins".into(), &"nobody".into()));
    let place = &found["place"]["file"];
    assert_eq!(
        (&place["path"], &place["layer"], &place["removed"]),
        (&"opt/miner".into(), &0.into(), &true.into())
    );
    let sha256 = model::digest::Digest::of(b"stratum+tcp://pool").hex();
    assert_eq!(found["sha256"], sha256);
    let code = session.coffer(["scan", "./bad", "--yara", "rules", "--fail-on", "critical"]).status.code();
    assert_eq!(code, Some(1));
}

#[cfg(feature = "yara")]
#[test]
fn privileged_rules_that_cannot_be_followed_end_a_scan_before_it_begins() {
    let session = with_rules();
    std::fs::write(session.work().join("rules/wrong.yara"), "rule a {\n condition: $b }").unwrap();
    std::fs::create_dir(session.work().join("none")).unwrap();
    session.holds(
        "
$ coffer scan ./bad --yara rules
coffer: `rules/wrong.yara` cannot be used: 2:13: error: unknown variable $b [E-scan-yara]
  mend the rule or leave its file out; a scan goes by all rules or by none
exit 1
$ coffer scan ./bad --yara none
coffer: `none` cannot be used: no file in it ends in .yar or .yara [E-scan-yara]
  mend the rule or leave its file out; a scan goes by all rules or by none
exit 1
$ coffer scan ./bad --yara missing
coffer: cannot read `missing`: No such file or directory (os error 2) [E-scan-file]
  check the path: `ls -ld missing`
exit 1
",
    );
}

#[cfg(not(feature = "yara"))]
#[test]
fn privileged_whoever_asks_for_rules_without_having_them_is_told_so() {
    let session = session();
    std::fs::write(session.work().join("rules.yar"), "rule a { condition: true }").unwrap();
    session.holds(
        "
$ coffer scan shop:1 --yara rules.yar
coffer: this program was built without YARA rules [E-scan-no-yara]
  build it with them: `cargo build --release -p coffer --features yara`
exit 1
",
    );
}

#[test]
fn privileged_every_form_is_a_document_and_a_file_is_whole() {
    let session = with_advisories();
    for (form, member) in
        [("json", "vulnerabilities"), ("sarif", "runs"), ("cyclonedx", "components"), ("spdx", "packages")]
    {
        let document = json(&session, &format!("scan shop:1 --format {form}"));
        assert!(document[member].is_array(), "{form}");
        let line = format!("scan shop:1 --format {form} -o out");
        assert_eq!(session.said(&session.coffer(line.split(' '))), "");
        let file: Value =
            serde_json::from_slice(&std::fs::read(session.work().join("out")).unwrap()).unwrap();
        assert!(file[member].is_array(), "{form}");
    }
    let page = session.said(&session.coffer(["scan", "shop:1", "--format", "html"]));
    assert!(page.starts_with("<!") && page.contains("CVE-2099-0001"), "{page:.200}");
}

#[test]
fn privileged_advisories_are_carried_from_site_to_site() {
    let (here, there) = (with_advisories(), session());
    assert!(here.coffer(["advisories", "export", "-o", "all.coffer"]).status.success());
    let file = here.work().join("all.coffer");
    let file = file.to_str().unwrap();
    let taken = there.coffer(["advisories", "update", file, "--format", "json"]);
    let taken: Value = serde_json::from_slice(&taken.stdout).unwrap();
    assert_eq!(each(&taken["sources"], "source"), ["alpine", "kev", "pysec"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(there.coffer(["advisories", "import", "feeds"]).status.success());
    let older = there.said(&there.coffer(["advisories", "update", file]));
    assert!(older.contains("[E-advisories-older]") && older.ends_with("exit 1\n"), "{older}");
    assert!(there.coffer(["advisories", "update", file, "--allow-older"]).status.success());
    there.holds(
        "
$ coffer advisories verify
✓ verified 3 sources of advisories: every byte is what was written
$ coffer advisories update feeds/ALPINE-1.json
coffer: `the exported advisories` of the advisories is damaged: Unknown frame descriptor [E-advisories-damaged]
  get them again with `coffer advisories update` or `coffer advisories import`
exit 1
$ coffer advisories import http://example.com/feed.json
coffer: `http://example.com/feed.json` is no address that files are fetched from [E-advisories-address]
  give one that begins with https://, or fetch the file yourself
exit 1
",
    );
    std::fs::write(there.work().join("noise"), "nothing").unwrap();
    there.holds(
        "
$ coffer advisories import noise
coffer: there are no advisories in `noise` [E-advisories-nothing]
  give OSV, secdb, CSAF, KEV or EPSS as they are published; docs/scan.md lists all formats
exit 1
",
    );
}
