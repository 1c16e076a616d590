//! What a publisher says, carried in OCI layouts to where there is no network, and out of them again.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod served;
mod company;

use std::path::Path;

use company::Company;

#[test]
fn trust_goes_with_an_image_through_layouts_to_where_there_is_no_way() {
    let company = Company::new(&["anna", "ben"], &["ONE", "TWO"]);
    company.pushes("anna", "one", "ONE/team/app:1");
    let fingerprint = company.publishes("anna", "", "ONE/team/app:1");
    company.works("anna", "copy -q docker://ONE/team/app:1 TWO/mirror/app:1");
    company.works("anna", "copy -q docker://TWO/mirror/app:1 oci:gap");
    company.works("anna", "copy -q oci:gap oci-archive:gap.tar");
    company.works("ben", "sync ONE/team/app oci:mirror");
    // The first one has been to another registry, the second one comes from whole repositories.
    let mut far = Company::new(&["carla"], &["THREE"]);
    far.call("FINGERPRINT", fingerprint);
    let work = |company: &Company, who: &str| company.person(who).work();
    std::fs::copy(work(&company, "anna").join("gap.tar"), work(&far, "carla").join("gap.tar")).unwrap();
    moved(&work(&company, "ben").join("mirror"), &work(&far, "carla").join("mirror"));
    for (from, place) in [("oci-archive:gap.tar", "THREE/inside"), ("oci:mirror:1", "THREE/deep/er")] {
        far.works("carla", &format!("copy -q {from} {place}/app:1"));
        far.works("carla", &format!("trust pin {place} --root FINGERPRINT --name team"));
        far.works("carla", &format!("pull -q {place}/app:1"));
        let said = far.works("carla", &format!("trust verify {place}/app:1"));
        assert!(said.contains("team signed it"), "{said}");
    }
    let output = far.coffer("carla", "copy -q oci:mirror:1 THREE/inside/other:1");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("its publisher calls it `app:1`"), "{said}");
    far.works("carla", "copy -q --without-referrers oci:mirror:1 THREE/alone/app:1");
    let said = far.fails("carla", "trust pin THREE/alone --root FINGERPRINT");
    assert!(said.contains("[E-trust-nothing]"), "{said}");
}

#[test]
fn a_layout_has_the_newest_that_a_publisher_said_to_it() {
    let mut company = Company::new(&["anna", "ben"], &["ONE", "TWO"]);
    company.pushes("anna", "one", "ONE/team/app:1");
    let fingerprint = company.publishes("anna", "", "ONE/team/app:1");
    company.call("FINGERPRINT", fingerprint);
    company.works("anna", "copy -q docker://ONE/team/app:1 TWO/team/app:1");
    let gap = company.person("anna").work().join("gap");
    let said = || {
        let index: serde_json::Value =
            serde_json::from_slice(&std::fs::read(gap.join("index.json")).unwrap()).unwrap();
        let entries = index.get("manifests").unwrap().as_array().unwrap().clone();
        let name = |entry: &serde_json::Value| {
            Some(entry.pointer("/annotations/org.opencontainers.image.ref.name")?.as_str()?.to_owned())
        };
        let of_publishers =
            entries.iter().filter(|one| name(one).is_some_and(|name| name.ends_with(".trust")));
        let digests = of_publishers.map(|one| one.get("digest").unwrap().as_str().unwrap().to_owned());
        digests.collect::<Vec<_>>()
    };
    company.works("anna", "copy -q docker://ONE/team/app:1 oci:gap:one");
    let first = said();
    company.pushes("anna", "two", "ONE/team/app:2");
    company.works("anna", "trust sign ONE/team/app:2");
    company.works("anna", "copy -q docker://ONE/team/app:2 oci:gap:two");
    let second = said();
    assert!(first.len() == 1 && second.len() == 1 && first != second, "{first:?} {second:?}");
    // The other registry has not heard of it.
    company.works("anna", "copy -q docker://TWO/team/app:1 oci:gap:old");
    assert_eq!(said(), second);
    company.works("anna", "copy -q oci:gap:two TWO/team/app:2");
    company.works("ben", "trust pin TWO/team --root FINGERPRINT");
    company.works("ben", "pull -q TWO/team/app:2");
    // What was changed on the way does not leave the layout.
    let manifest = gap.join("blobs/sha256").join(second.first().unwrap().strip_prefix("sha256:").unwrap());
    let bytes = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, bytes.to_ascii_uppercase()).unwrap();
    let said = company.fails("anna", "copy -q oci:gap:two TWO/third/app:2");
    assert!(said.contains("[E-"), "{said}");
}

/// Takes a directory along to another machine.
fn moved(from: &Path, to: &Path) {
    let done = std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(done.success());
}
