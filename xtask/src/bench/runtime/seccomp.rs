//! A seccomp profile of the size that engines pass. Engines keep theirs in a form of their own, with
//! conditions, and resolve those for each container; so do we here.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::shell::Outcome;

/// podman's, which began as Docker's: Debian's package golang-github-containers-common.
const PROFILE: &str = "/usr/share/containers/seccomp.json";

/// The profile as `linux.seccomp`, for a container with these capabilities on this architecture.
pub(super) fn resolved(capabilities: &[String]) -> Outcome<Value> {
    let text = std::fs::read_to_string(Path::new(PROFILE))
        .map_err(|error| format!("{PROFILE}: {error} (apt-get install golang-github-containers-common)"))?;
    let profile: Value = serde_json::from_str(&text).map_err(|error| format!("{PROFILE}: {error}"))?;
    resolve(&profile, capabilities).ok_or_else(|| format!("{PROFILE} is not a profile"))
}

fn resolve(profile: &Value, capabilities: &[String]) -> Option<Value> {
    let rules = profile.get("syscalls")?.as_array()?;
    let rules = rules.iter().filter(|rule| {
        let holds = |part: &str| rule.get(part).is_none_or(|conditions| met(conditions, capabilities));
        let excluded = rule.get("excludes").is_some_and(|conditions| {
            conditions.as_object().is_some_and(|all| !all.is_empty()) && met(conditions, capabilities)
        });
        holds("includes") && !excluded
    });
    let mut seccomp = picked(profile, &["defaultAction", "defaultErrnoRet"]);
    seccomp.insert("architectures".to_owned(), json!(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]));
    let rules = rules.map(|rule| Value::Object(picked(rule, &["names", "action", "errnoRet", "args"])));
    seccomp.insert("syscalls".to_owned(), rules.collect());
    Some(Value::Object(seccomp))
}

/// Whether all conditions hold; there may be none.
fn met(conditions: &Value, capabilities: &[String]) -> bool {
    let any = |key: &str, holds: &dyn Fn(&str) -> bool| {
        let wanted = conditions.get(key).and_then(Value::as_array);
        wanted.is_none_or(|wanted| wanted.iter().filter_map(Value::as_str).any(holds))
    };
    any("arches", &|arch| arch == "amd64") && any("caps", &|cap| capabilities.iter().any(|held| held == cap))
}

fn picked(object: &Value, keys: &[&str]) -> Map<String, Value> {
    let present = keys.iter().filter_map(|key| Some(((*key).to_owned(), object.get(key)?.clone())));
    present.filter(|(_, value)| !value.is_null()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_kept_where_their_conditions_hold() {
        let rule = |name: &str, includes: Value, excludes: Value| {
            json!({ "names": [name], "action": "SCMP_ACT_ALLOW", "args": null, "comment": "why",
                    "includes": includes, "excludes": excludes })
        };
        let profile = json!({ "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [
            rule("read", json!({}), json!({})),
            rule("chroot", json!({ "caps": ["CAP_SYS_CHROOT"] }), json!({})),
            rule("bpf", json!({ "caps": ["CAP_SYS_ADMIN"] }), json!({})),
            rule("arch_prctl", json!({ "arches": ["amd64", "x32"] }), json!({})),
            rule("s390_sthyi", json!({ "arches": ["s390x"] }), json!({})),
            rule("clone3", json!({}), json!({ "caps": ["CAP_SYS_ADMIN"] })),
            rule("socket", json!({}), json!({ "caps": ["CAP_SYS_CHROOT"] })),
        ] });
        let seccomp = resolve(&profile, &["CAP_SYS_CHROOT".to_owned()]).unwrap();
        let rules = seccomp["syscalls"].as_array().unwrap();
        let names: Vec<&str> = rules.iter().map(|rule| rule["names"][0].as_str().unwrap()).collect();
        assert_eq!(names, ["read", "chroot", "arch_prctl", "clone3"]);
        assert_eq!(rules[0], json!({ "names": ["read"], "action": "SCMP_ACT_ALLOW" }));
        assert_eq!(seccomp["defaultErrnoRet"], 38);
    }
}
