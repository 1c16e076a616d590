//! No text of a config.json does more than be refused.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Something of everything that a specification can have.
fn whole() -> Value {
    json!({
        "ociVersion": "1.3.0",
        "process": {
            "terminal": false, "args": ["/bin/true"], "env": ["PATH=/bin"], "cwd": "/",
            "consoleSize": { "height": 24, "width": 80 },
            "user": { "uid": 1, "gid": 1, "umask": 18, "additionalGids": [5, 6] },
            "capabilities": { "bounding": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"],
                              "inheritable": [], "ambient": [] },
            "rlimits": [{ "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 }],
            "noNewPrivileges": true, "oomScoreAdj": 100, "apparmorProfile": "", "selinuxLabel": "",
            "scheduler": { "policy": "SCHED_BATCH", "nice": 5 },
            "ioPriority": { "class": "IOPRIO_CLASS_IDLE", "priority": 7 },
            "execCPUAffinity": { "initial": "0", "final": "0-1" }
        },
        "root": { "path": "rootfs", "readonly": true },
        "hostname": "host", "domainname": "domain",
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid"] },
            { "destination": "/data", "type": "bind", "source": "/tmp", "options": ["rbind", "ro", "idmap"],
              "uidMappings": [{ "containerID": 0, "hostID": 1000, "size": 10 }],
              "gidMappings": [{ "containerID": 0, "hostID": 1000, "size": 10 }] },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755", "size=64k"] }
        ],
        "hooks": { "poststop": [{ "path": "/bin/true", "args": ["true"], "env": ["A=B"], "timeout": 5 }],
                   "startContainer": [{ "path": "/bin/true" }] },
        "annotations": { "org.example": "x" },
        "linux": {
            "namespaces": [{ "type": "mount" }, { "type": "pid" }, { "type": "user" }, { "type": "uts" }, { "type": "network" }, { "type": "time" }],
            "uidMappings": [{ "containerID": 0, "hostID": 100_000, "size": 65_536 }],
            "gidMappings": [{ "containerID": 0, "hostID": 100_000, "size": 65_536 }],
            "devices": [{ "path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 438, "uid": 0, "gid": 0 }],
            "cgroupsPath": "/a/b",
            "resources": { "memory": { "limit": 1_048_576 }, "cpu": { "shares": 2, "cpus": "0" },
                           "pids": { "limit": 10 },
                           "devices": [{ "allow": false, "type": "a", "access": "rwm" }] },
            "seccomp": {
                "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64"],
                "syscalls": [{ "names": ["read", "clone"], "action": "SCMP_ACT_ALLOW",
                    "args": [{ "index": 0, "value": 8, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ" }] }]
            },
            "rootfsPropagation": "private", "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
            "mountLabel": "", "personality": { "domain": "LINUX" }, "sysctl": { "net.core.somaxconn": "16" },
            "timeOffsets": { "monotonic": { "secs": 5, "nanosecs": 1 } }
        }
    })
}

/// Puts `value` in the place of the `number`th value within; counts them otherwise.
fn replace(within: &mut Value, number: &mut usize, value: &Value) {
    if *number == 0 {
        *within = value.clone();
    }
    *number = number.wrapping_sub(1);
    match within {
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, number, value)),
        Value::Array(values) => values.iter_mut().for_each(|element| replace(element, number, value)),
        _ => {}
    }
}

fn hostile() -> impl Strategy<Value = Value> {
    let numbers = prop::sample::select(vec![0, 1, -1, 4096, i64::from(u32::MAX), i64::MAX, i64::MIN]);
    let texts = prop::sample::select(vec![
        "",
        "/",
        "..",
        "/../../etc",
        "a\0b",
        "=",
        "private",
        "SCMP_ACT_NOTIFY",
        "SCMP_CMP_NE",
        "clone3",
        "ro",
        "rbind",
        "0-4294967295",
        "RLIMIT_CPU",
        "\u{fffd}",
        "0::/",
    ]);
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        numbers.prop_map(Value::from),
        texts.prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0..5000_usize).prop_map(|length| Value::from("x/".repeat(length))),
        (0..200_usize).prop_map(|length| Value::from(vec!["read"; length])),
        Just(json!([])),
        Just(json!({})),
        Just(
            json!([{ "path": "/a", "type": "mount", "containerID": 1, "hostID": 4_294_967_295_u32, "size": 2 }])
        ),
    ]
}

fn plan(text: &[u8]) -> bool {
    parse(Path::new("/bundle"), CONFIG, text).is_ok_and(|spec| launch::fuzz::plan(&spec).is_ok())
}

#[test]
fn the_whole_can_be_planned() {
    let spec = parse(Path::new("/bundle"), CONFIG, whole().to_string().as_bytes()).unwrap();
    launch::fuzz::plan(&spec).unwrap();
}

/// The largest file that is read, full of what takes longest to plan.
#[test]
fn the_largest_is_planned_or_refused() {
    let mut config = whole();
    let rule = json!({ "names": ["read", "write", "clone"], "action": "SCMP_ACT_ALLOW",
                       "args": [{ "index": 0, "value": 8, "op": "SCMP_CMP_NE" }] });
    config["linux"]["seccomp"]["syscalls"] = Value::from(vec![rule; 32_000]);
    let text = config.to_string();
    assert!(text.len() > 3 << 20, "{}", text.len());
    assert!(!plan(text.as_bytes()), "a filter has at most 4096 instructions");
    let mut config = whole();
    let mount = json!({ "destination": "/a/b/c/d", "type": "tmpfs", "options": ["ro", "size=1k"] });
    config["mounts"] = Value::from(vec![mount; 45_000]);
    let _planned_or_refused = plan(config.to_string().as_bytes());
}

proptest! {
    #[test]
    fn whatever_stands_in_one_place_or_two(first in 0..400_usize, second in 0..400_usize, one in hostile(), two in hostile()) {
        let mut config = whole();
        let (mut first, mut second) = (first, second);
        replace(&mut config, &mut first, &one);
        replace(&mut config, &mut second, &two);
        let _planned_or_refused = plan(config.to_string().as_bytes());
    }

    #[test]
    fn whatever_is_missing_or_torn(begin in 0..4000_usize, length in 0..400_usize, bytes in prop::collection::vec(any::<u8>(), 0..8)) {
        let mut text = whole().to_string().into_bytes();
        let begin = begin.min(text.len());
        let end = (begin + length).min(text.len());
        drop(text.splice(begin..end, bytes));
        let _planned_or_refused = plan(&text);
    }
}
