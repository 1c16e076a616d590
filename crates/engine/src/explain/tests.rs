use proptest::prelude::*;

use super::*;

const STATUS: &str = "Name:\tsh\nUid:\t1000\t1001\t1000\t1000\nGid:\t5\t6\t5\t5\nCapInh:\t0000000000000000
CapPrm:\t00000000000000ff\nCapEff:\t0000000000000003\nCapBnd:\t8000000000000001\nCapAmb:\t0000000000000000
NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

const MOUNTINFO: &str = "600 599 0:50 / / rw,nosuid,nodev,noexec,relatime - overlay coffer rw,lowerdir=x
601 600 0:51 / /proc ro,nosuid - proc proc rw
602 600 0:50 /usr /usr\\040bin rw,nosuid,nodev - overlay coffer ro,lowerdir=x
broken line
";

#[test]
fn a_status_file_is_read_in_our_words() {
    let status = parse_status(STATUS);
    assert_eq!((status.uid, status.gid, status.no_new_privs), (1001, 6, true));
    assert_eq!((status.seccomp_mode, status.seccomp_filters), (2, Some(1)));
    assert_eq!(status.capabilities.effective, ["chown", "dac_override"]);
    assert_eq!(status.capabilities.bounding, ["chown", "63"]);
}

#[test]
fn mounts_say_what_can_be_written_and_executed() {
    let mounts = parse_mountinfo(MOUNTINFO.as_bytes());
    let brief: Vec<_> = mounts.iter().map(|m| (m.path.as_str(), m.read_only, m.noexec)).collect();
    assert_eq!(brief, [("/", false, true), ("/proc", true, false), ("/usr bin", true, false)]);
}

#[test]
fn our_own_namespaces_are_read_as_links() {
    assert_eq!(namespaces(own_link).len(), NamespaceKind::ALL.len());
}

proptest! {
    #[test]
    fn whatever_proc_says_is_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..500),
                                               text in "[0-9a-zA-Z:\\\\ \\t\\n/,-]{0,300}") {
        let _ = parse_mountinfo(&bytes);
        let _ = parse_mountinfo(text.as_bytes());
        let _ = parse_status(&text);
    }
}
