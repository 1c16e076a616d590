//! Publishers, signers and consumers in conversation: from nothing to a verified pull, and everything that is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod served;
mod company;

use std::time::{Duration, Instant};

use company::Company;

#[test]
fn from_nothing_to_a_verified_pull_in_four_commands() {
    let mut company = Company::new(&["anna", "ben"], &["ONE"]);
    company.pushes("anna", "one", "ONE/team/app:1.4");
    let begun = Instant::now();
    let made = company.works("anna", "trust init team");
    let fingerprint = made.lines().next().unwrap().rsplit(' ').next().unwrap();
    company.call("FINGERPRINT", fingerprint);
    company.works("anna", "trust sign ONE/team/app:1.4");
    company.works("ben", "trust pin ONE/team --root FINGERPRINT");
    company.works("ben", "pull ONE/team/app:1.4");
    println!("from nothing to a verified pull: {} ms", begun.elapsed().as_millis());
    company.holds(
        "
anna$ coffer trust sign ONE/team/app:1.4
team has signed that already
ben$ coffer trust verify ONE/team/app:1.4
ONE/team/app:1.4  DIGEST
team signed it, who is pinned for ONE/team
",
    );
}

#[test]
fn what_a_publisher_sees() {
    let mut company = Company::new(&["anna", "ben"], &["ONE"]);
    company.pushes("anna", "one", "ONE/team/app:1.4");
    company.holds(
        "
anna$ coffer trust keys
PUBLISHER  ROLE  KEY  FILE  KEPT
anna$ coffer trust sign ONE/team/app:1.4
coffer: this user is no publisher [E-trust-which-publisher]
  become one: `coffer trust init NAME`; or make a key for somebody else's: `coffer trust keys make NAME ROLE`
exit 1
",
    );
    let made = company.works("anna", "trust init team");
    company.call("FINGERPRINT", made.lines().next().unwrap().rsplit(' ').next().unwrap());
    company.holds(
        "
anna$ coffer trust init team
coffer: there is a publisher `team` already [E-trust-publisher-exists]
  choose another name; `coffer trust keys` shows what there is
exit 1
anna$ coffer trust sign ONE/team/app:1.4
releases `app:1.4` as DIGEST, number 1
signed     by release ID
published  ONE/team, fresh until TIME
consumers  coffer trust pin ONE/team --root FINGERPRINT
",
    );
}

/// A publisher of one release, and whoever has pinned them.
fn released(options: &str) -> Company {
    let mut company = Company::new(&["anna", "ben"], &["ONE"]);
    company.pushes("anna", "one", "ONE/team/app:1");
    let fingerprint = company.publishes("anna", options, "ONE/team/app:1");
    company.call("FINGERPRINT", fingerprint);
    company.works("ben", "trust pin ONE/team --root FINGERPRINT");
    company
}

#[test]
fn two_signers_type_the_same_command() {
    let mut company = Company::new(&["anna", "ben", "carla"], &["ONE"]);
    company.pushes("anna", "one", "ONE/team/app:1");
    let made = company.works("ben", "trust keys make team release --format json");
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    company.call("BEN.PUB", made.get("public_key").unwrap().as_str().unwrap());
    let init = "trust init team --keys release=1:2 --key release=BEN.PUB --format json";
    let made: serde_json::Value = serde_json::from_str(&company.works("anna", init)).unwrap();
    company.call("FINGERPRINT", made.get("fingerprint").unwrap().as_str().unwrap());
    company.holds(
        "
anna$ coffer trust sign ONE/team/app:1
releases `app:1` as DIGEST, number 1
signed     by release ID
waits      1 signature of release, by ID
they type  coffer trust sign ONE/team/app:1
carla$ coffer trust pin ONE/team --root FINGERPRINT
coffer: `ONE/team` has nothing that a publisher says [E-trust-nothing]
  check the name; its publisher begins with: coffer trust sign ONE/team/NAME:TAG
exit 1
anna$ coffer trust sign ONE/team/app:1
releases `app:1` as DIGEST, number 1
waits      1 signature of release, by ID
they type  coffer trust sign ONE/team/app:1
",
    );
    // Whoever was never told whose documents these are is shown all of them, and signs none unasked.
    let said = company.fails("ben", "trust sign ONE/team/app:1");
    assert!(said.contains("[E-trust-declined]"), "{said}");
    let wrong = "0".repeat(64);
    let said = company.fails("ben", &format!("trust sign --all ONE/team/app:1 --root {wrong}"));
    assert!(said.contains("[E-trust-fingerprint]"), "{said}");
    let said = company.works("ben", "trust sign --all ONE/team/app:1 --root FINGERPRINT");
    assert!(said.contains("waits      the online key"), "{said}");
    company.works("anna", "trust sign ONE/team/app:1");
    company.works("carla", "trust pin ONE/team --root FINGERPRINT");
    company.works("carla", "pull -q ONE/team/app:1");
    // Whoever was told the fingerprint once is not asked for it again.
    company.works("ben", "trust sign ONE/team/app:1");
}

#[test]
fn a_promotion_takes_what_the_stage_requires() {
    let company = released("");
    company.works("anna", "trust keys make team scanner");
    company.holds(
        "
anna$ coffer trust promote ONE/team/app:1 --to staging
coffer: there is no stage `staging`; there is none at all [E-trust-no-such-stage]
  make it: `coffer trust delegate PUBLISHER staging`
exit 1
",
    );
    company.works("anna", "trust delegate team staging --requires vuln=team/scanner-1");
    company.holds(
        "
anna$ coffer trust promote ONE/team/app:1 --to staging
coffer: promotion to `staging` wants vuln, which nobody who may has given for this digest [E-trust-not-attested]
  give it: `coffer attest IMAGE --type vuln --key FILE`, with a key that the stage names
exit 1
",
    );
    company.works("anna", "attest ONE/team/app:1 --type vuln --key team/scanner-1");
    company.works("ben", "trust pin ONE/team --root FINGERPRINT --stage staging");
    let said = company.fails("ben", "pull ONE/team/app:1");
    assert!(said.contains("staging"), "{said}");
    company.works("anna", "trust promote ONE/team/app:1 --to staging");
    company.works("ben", "trust refresh");
    company.works("ben", "pull -q ONE/team/app:1");
}

#[test]
fn a_stage_that_is_removed_is_refused_by_its_name() {
    let company = released("");
    company.works("anna", "trust delegate team staging");
    company.works("anna", "trust promote ONE/team/app:1 --to staging");
    company.works("ben", "trust pin ONE/team --root FINGERPRINT --stage staging");
    company.works("ben", "pull -q ONE/team/app:1");
    company.works("anna", "trust delegate team staging --remove");
    company.holds(
        "
anna$ coffer trust delegate team staging --remove
team has signed that already
anna$ coffer trust promote ONE/team/app:1 --to staging
coffer: there is no stage `staging`; there is none at all [E-trust-no-such-stage]
  make it: `coffer trust delegate PUBLISHER staging`
exit 1
",
    );
    company.works("ben", "trust refresh");
    let said = company.fails("ben", "pull ONE/team/app:1");
    assert!(said.contains("[E-trust-stage-removed]") && said.contains("removed stage `staging`"), "{said}");
    for line in ["trust log team", "events --filter type=trust --format json"] {
        assert!(company.works("anna", line).contains("removes stage staging"), "{line}");
    }
    assert!(!company.works("anna", "trust inspect team").contains("staging"));
    // Whoever does not demand it is not concerned, and a name that comes back begins anew.
    company.works("ben", "trust pin ONE/team --root FINGERPRINT");
    company.works("ben", "trust verify ONE/team/app:1");
    company.works("anna", "trust delegate team staging");
    company.works("ben", "trust pin ONE/team --root FINGERPRINT --stage staging");
    let said = company.fails("ben", "pull ONE/team/app:1");
    assert!(said.contains("[E-trust-stage]"), "{said}");
    company.works("anna", "trust promote ONE/team/app:1 --to staging");
    company.works("ben", "trust refresh");
    company.works("ben", "pull -q ONE/team/app:1");
}

#[test]
fn what_is_revoked_is_not_pulled_any_more() {
    let company = released("");
    company.works("ben", "pull -q ONE/team/app:1");
    let digest = company.pushes("anna", "one", "ONE/team/app:1");
    company.works("anna", &format!("trust revoke ONE/team/app@{digest} --reason CVE-2026-12345"));
    company.works("ben", "trust refresh");
    let said = company.fails("ben", "pull ONE/team/app:1");
    assert!(said.contains("CVE-2026-12345"), "{said}");
    let said = company.fails("ben", "trust verify ONE/team/app:1");
    assert!(said.contains("CVE-2026-12345"), "{said}");
    company.works("anna", &format!("trust revoke ONE/team/app@{digest} --undo"));
    company.works("ben", "trust refresh");
    company.works("ben", "trust verify ONE/team/app:1");
}

#[test]
fn what_has_expired_is_not_believed() {
    let mut company = Company::new(&["anna", "ben"], &["ONE"]);
    company.pushes("anna", "one", "ONE/team/app:1");
    let fingerprint = company.publishes("anna", "--valid timestamp=1s", "ONE/team/app:1");
    company.call("FINGERPRINT", fingerprint);
    std::thread::sleep(Duration::from_secs(2));
    let said = company.fails("ben", "trust pin ONE/team --root FINGERPRINT");
    assert!(said.contains("[E-trust-expired]") && said.contains("role `timestamp` expired"), "{said}");
    assert_eq!(company.works("ben", "trust pins").lines().count(), 1, "nobody is pinned");
    // Whatever is signed next is fresh again, for as long as the publisher says by then.
    let notes = company.publisher("anna").join("notes.json");
    let text = std::fs::read_to_string(&notes).unwrap();
    std::fs::write(&notes, text.replace("\"timestamp\": 1", "\"timestamp\": 86400")).unwrap();
    company.works("anna", "trust renew team release");
    company.works("ben", "trust pin ONE/team --root FINGERPRINT");
    company.works("ben", "pull -q ONE/team/app:1");
}

#[test]
fn privileged_what_is_revoked_does_not_start() {
    let company = released("");
    company.works("ben", "pull -q ONE/team/app:1");
    let digest = company.pushes("anna", "one", "ONE/team/app:1");
    company.works("anna", &format!("trust revoke ONE/team/app@{digest} --reason CVE-2026-12345"));
    company.works("ben", "trust refresh");
    let said = company.fails("ben", "run --rm ONE/team/app:1 /content");
    assert!(said.contains("rule     pinned-publisher") && said.contains("CVE-2026-12345"), "{said}");
}

#[test]
fn privileged_at_restricted_a_promoted_image_is_refused_what_the_level_refuses_and_nothing_else() {
    let company = released("");
    company.works("anna", "trust delegate team staging");
    company.works("anna", "trust promote ONE/team/app:1 --to staging");
    company.works("ben", "trust refresh");
    company.works("ben", "pull -q ONE/team/app:1");
    let asked = "--policy restricted --user 1000:1000";
    let said = company.fails("ben", &format!("run --rm {asked} --pids-limit -1 ONE/team/app:1 /content"));
    assert!(said.contains("rule     pids-unlimited-is-an-exception"), "{said}");
    assert!(!said.contains("unpromoted-image") && said.contains("[E-policy-refused]"), "{said}");
    let verdict = company.coffer("ben", &format!("assess {asked} ONE/team/app:1"));
    let said = String::from_utf8_lossy(&verdict.stdout).into_owned();
    assert!(said.contains("promoted to staging") && !said.contains("pids-unlimited"), "{said}");
}

#[test]
fn rotated_keys_are_nobody_s_concern() {
    let company = released("");
    for role in ["release", "online", "root --old "] {
        let old = if role.ends_with(' ') {
            company.keys("anna").get("root-1").unwrap().clone()
        } else {
            String::new()
        };
        company.works("anna", &format!("trust rotate team {role}{old}"));
    }
    company.pushes("anna", "two", "ONE/team/app:2");
    company.works("anna", "trust sign ONE/team/app:2");
    company.works("ben", "pull -q ONE/team/app:2");
    company.works("ben", "trust verify ONE/team/app:2");
}

#[test]
fn a_lost_key_is_replaced_by_those_that_are_left() {
    let company = released("--keys root=3:2");
    let keys = company.keys("anna");
    for (file, id) in keys.iter().filter(|(file, _)| ["root-1", "release-1"].contains(&file.as_str())) {
        let directory = company.publisher("anna").join("keys");
        std::fs::remove_file(directory.join(format!("{file}.age"))).unwrap();
        std::fs::remove_file(directory.join(format!("{file}.pub"))).unwrap();
        assert!(!id.is_empty());
    }
    let lost = |file: &str| keys.get(file).unwrap().clone();
    let line = format!("trust recover team --lost {} --lost {}", lost("root-1"), lost("release-1"));
    company.works("anna", &line);
    company.pushes("anna", "two", "ONE/team/app:2");
    company.works("anna", "trust sign ONE/team/app:2");
    company.works("ben", "pull -q ONE/team/app:2");
}

/// Two at their desks with the same keys, each with releases of their own.
#[test]
fn of_two_who_sign_at_once_neither_loses_anything_in_silence() {
    let company = released("");
    let keys = [company.publisher("anna"), company.publisher("ben")];
    let [from, to] = &keys;
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
    let names: Vec<String> = (2..6).map(|tag| format!("ONE/team/app:{tag}")).collect();
    for name in &names {
        company.pushes("anna", name, name);
    }
    let refused = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for (number, name) in names.iter().enumerate() {
            let (company, refused) = (&company, &refused);
            let who = if number % 2 == 0 { "anna" } else { "ben" };
            scope.spawn(move || {
                // Whoever loses is told so, and told what to do.
                for _ in 0..20 {
                    let output = company.coffer(who, &format!("trust sign {name}"));
                    if output.status.success() {
                        return;
                    }
                    let said = String::from_utf8_lossy(&output.stderr).into_owned();
                    assert!(said.contains("[E-trust-raced]") && said.contains("command again"), "{said}");
                    refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
                panic!("{name} is never signed");
            });
        }
    });
    println!("{} refused", refused.into_inner());
    let there = company.works("anna", "trust inspect team");
    for tag in 1..6 {
        assert!(there.contains(&format!("app:{tag}")), "app:{tag}: {there}");
    }
}

#[test]
fn what_fails_leaves_no_key_behind() {
    let company = released("--keys root=3:2");
    let keys = |company: &Company| company.keys("anna").into_keys().collect::<Vec<_>>();
    let before = keys(&company);
    // A new key can be made with any passphrase, and the old ones then do not open.
    for line in ["trust rotate team release", "trust delegate team staging"] {
        let output = company.command("anna", line).env("COFFER_TRUST_PASSPHRASE", "wrong").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("[E-trust-passphrase]"), "{line}: {said}");
        assert_eq!(keys(&company), before, "{line}");
    }
    // Two of three are needed to replace any.
    let roots = company.keys("anna");
    let lost = ["root-1", "root-2"].map(|file| format!("--lost {}", roots.get(file).unwrap())).join(" ");
    company.fails("anna", &format!("trust recover team {lost}"));
    assert_eq!(keys(&company), before);
    company.works("anna", "trust rotate team release");
    assert_eq!(keys(&company).len(), before.len() + 1);
    let listed = company.works("anna", "trust keys");
    let retired: Vec<&str> =
        listed.lines().filter(|line| line.ends_with("no role uses it any more")).collect();
    assert!(matches!(retired.as_slice(), [only] if only.contains("release-1")), "{listed}");
}

#[test]
fn what_a_publisher_does_is_in_the_ledger() {
    let company = released("");
    let digest = company.pushes("anna", "one", "ONE/team/app:1");
    company.works("anna", "trust delegate team staging");
    company.works("anna", "trust promote ONE/team/app:1 --to staging");
    company.works("anna", &format!("trust revoke ONE/team/app@{digest} --reason CVE-2026-12345"));
    company.works("anna", "trust rotate team release");
    company.works("anna", "trust renew team root");
    let events = company.works("anna", "events --filter type=trust --format json");
    let action = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        event.get("action").unwrap().as_str().unwrap().to_owned()
    };
    let deeds: Vec<String> = events.lines().map(action).collect();
    assert_eq!(deeds, ["init", "sign", "delegate", "promote", "revoke", "rotate", "renew"], "{events}");
    assert!(events.contains("CVE-2026-12345") && events.contains("published"), "{events}");
}

#[test]
fn a_site_without_a_network_believes_what_was_carried_there() {
    let company = released("");
    let file = company.person("ben").work().join("team.trust");
    company.works("ben", "trust export ONE/team -o team.trust");
    let far = Company::new(&["carla"], &[]);
    std::fs::copy(&file, far.person("carla").work().join("team.trust")).unwrap();
    let pin = company.real("trust pin ONE/team --root FINGERPRINT --from team.trust");
    far.works("carla", &pin);
    far.works("carla", "trust import team.trust");
    company.works("ben", "copy -q docker://ONE/team/app:1 oci-archive:app.tar");
    std::fs::copy(company.person("ben").work().join("app.tar"), far.person("carla").work().join("app.tar"))
        .unwrap();
    far.works("carla", &company.real("image import oci-archive:app.tar ONE/team/app:1"));
    far.works("carla", &company.real("trust verify ONE/team/app:1"));
}

#[test]
fn trust_goes_with_an_image_from_registry_to_registry() {
    let mut company = Company::new(&["anna", "ben"], &["ONE", "THREE", "TWO"]);
    company.pushes("anna", "one", "ONE/team/app:1");
    let fingerprint = company.publishes("anna", "", "ONE/team/app:1");
    company.call("FINGERPRINT", fingerprint);
    company.works("anna", "copy -q docker://ONE/team/app:1 TWO/mirror/app:1");
    company.works("anna", "copy -q docker://TWO/mirror/app:1 THREE/deep/er/app:1");
    for place in ["TWO/mirror", "THREE/deep/er"] {
        company.works("ben", &format!("trust pin {place} --root FINGERPRINT --name team"));
        company.works("ben", &format!("pull -q {place}/app:1"));
        let said = company.works("ben", &format!("trust verify {place}/app:1"));
        assert!(said.contains("team signed it"), "{said}");
    }
}

#[test]
fn a_wrong_fingerprint_pins_nobody() {
    let company = released("");
    let wrong = "0".repeat(64);
    let said = company.fails("ben", &format!("trust pin ONE/team --root {wrong}"));
    assert!(said.contains("[E-trust-stranger]"), "{said}");
    company.works("ben", "trust verify ONE/team/app:1");
    let said = company.fails("ben", "trust pin ONE/team --root 1234");
    assert!(said.contains("[E-cli-value]"), "{said}");
}

#[test]
fn what_nobody_signed_does_not_come() {
    let company = released("");
    company.pushes("anna", "two", "ONE/team/app:2");
    let said = company.fails("ben", "pull ONE/team/app:2");
    assert!(said.contains("[E-trust-not-signed]") && said.contains("signed no `app:2`"), "{said}");
    // Another digest under a name that was signed.
    company.pushes("anna", "two", "ONE/team/app:1");
    let said = company.fails("ben", "pull ONE/team/app:1");
    assert!(said.contains("[E-trust-other-digest]"), "{said}");
    assert!(company.works("ben", "image ls -q").is_empty());
}

#[test]
fn a_file_of_another_kind_is_named() {
    let company = released("--no-passphrase");
    let keys = company.publisher("anna").join("keys");
    for file in ["release-1.key", "release-1.pub"] {
        std::fs::copy(keys.join(file), company.person("anna").work().join(file)).unwrap();
    }
    company.works("anna", "attest ONE/team/app:1 --type signature --key release-1.key");
    company.works("anna", "verify ONE/team/app:1 --key release-1.pub");
    company.holds(
        "
anna$ coffer verify ONE/team/app:1 --key release-1.key
coffer: `release-1.key`: it holds `PRIVATE KEY`, not `PUBLIC KEY` [E-trust-pem]
  give another file: public keys are for --key, certificates for --trust-store, and private keys sign
exit 1
anna$ coffer verify ONE/team/app:1 --trust-store release-1.pub
coffer: `release-1.pub`: it holds `PUBLIC KEY`, not `CERTIFICATE` [E-trust-pem]
  give another file: public keys are for --key, certificates for --trust-store, and private keys sign
exit 1
anna$ coffer verify ONE/team/app:1 --identity a@b --issuer https://c --trusted-root release-1.pub
coffer: `release-1.pub`: the trusted root cannot be read: failed to parse JSON: invalid number at line 1 column 2 [E-trust-signature-malformed]
  get it again from whoever made it; a copy may have been cut short
exit 1
",
    );
}

#[test]
fn no_secret_is_in_an_environment_or_readable_by_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let company = released("");
    for entry in std::fs::read_dir(company.publisher("anna").join("keys")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        assert!(!std::fs::read_to_string(&path).is_ok_and(|text| text.contains("PRIVATE KEY")));
    }
    let mut served = company.command("anna", "trust timestamp serve team").spawn().unwrap();
    let environ = format!("/proc/{}/environ", served.id());
    let begun = Instant::now();
    let holds = || std::fs::read(&environ).unwrap().windows(13).any(|text| text == b"correct horse");
    while holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the passphrase stays in the environment");
        std::thread::sleep(Duration::from_millis(10));
    }
    served.kill().unwrap();
    served.wait().unwrap();
}
