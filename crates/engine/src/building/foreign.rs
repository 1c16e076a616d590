//! Whether this host runs programs of other processors: what is registered with the kernel for them
//! (Documentation/admin-guide/binfmt-misc.rst).

use std::path::Path;

/// Where the kernel tells.
const REGISTERED: &str = "/proc/sys/fs/binfmt_misc";
/// Files there that are no interpreters.
const OTHERS: [&str; 2] = ["register", "status"];
/// Bytes of a registration that are read.
const LONGEST: u64 = 64 << 10;

/// Whether programs for a processor run here, by themselves or through an interpreter that containers see, too.
pub(super) fn runs(architecture: &str) -> bool {
    architecture.is_empty() || is_native(std::env::consts::ARCH, architecture) || is_registered(architecture)
}

/// What a processor runs by itself. Of those that often do, it is left to the kernel to say no.
fn is_native(host: &str, architecture: &str) -> bool {
    match host {
        "x86_64" => matches!(architecture, "amd64" | "386"),
        "x86" => architecture == "386",
        "aarch64" => matches!(architecture, "arm64" | "arm"),
        "powerpc64" => architecture == "ppc64le",
        host => host == architecture,
    }
}

fn is_registered(architecture: &str) -> bool {
    let Some(start) = start(architecture) else { return false };
    let Ok(entries) = std::fs::read_dir(REGISTERED) else { return false };
    let texts = entries.flatten().filter(|entry| !OTHERS.iter().any(|other| entry.file_name() == *other));
    texts.filter_map(|entry| text(&entry.path())).any(|text| is_for(&text, &start))
}

fn text(path: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Whether an interpreter is enabled, is found from any root (`F`), and is for files that start so.
fn is_for(registration: &str, start: &[u8]) -> bool {
    let value = |name: &str| {
        let mut lines = registration.lines();
        lines.find_map(|line| line.strip_prefix(name)).map(|rest| rest.trim_start_matches(':').trim())
    };
    let is_enabled = registration.lines().next() == Some("enabled");
    let is_fixed = value("flags").is_some_and(|flags| flags.contains('F'));
    let offset = value("offset").and_then(|offset| offset.parse::<usize>().ok()).unwrap_or(0);
    let Some(magic) = value("magic").and_then(bytes) else { return false };
    let mask = value("mask").and_then(bytes).unwrap_or_else(|| vec![0xff; magic.len()]);
    let Some(found) = start.get(offset..).filter(|rest| rest.len() >= magic.len()) else { return false };
    let matches = |((found, magic), mask): ((&u8, &u8), &u8)| found & mask == magic & mask;
    is_enabled && is_fixed && mask.len() == magic.len() && found.iter().zip(&magic).zip(&mask).all(matches)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (!hex.is_empty() && hex.len().is_multiple_of(2)).then(|| hex.as_bytes().chunks(2).map(pair).collect())?
}

/// How a program for a processor starts (elf(5)): class, order of bytes, kind and machine.
fn start(architecture: &str) -> Option<Vec<u8>> {
    const NARROW: u8 = 1;
    const WIDE: u8 = 2;
    let (class, is_little, machine): (u8, bool, u16) = match architecture {
        "386" => (NARROW, true, 3),
        "amd64" => (WIDE, true, 62),
        "arm" => (NARROW, true, 40),
        "arm64" => (WIDE, true, 183),
        "loong64" => (WIDE, true, 258),
        "mips64le" => (WIDE, true, 8),
        "ppc64le" => (WIDE, true, 21),
        "riscv64" => (WIDE, true, 243),
        "s390x" => (WIDE, false, 22),
        _ => return None,
    };
    let word = |word: u16| if is_little { word.to_le_bytes() } else { word.to_be_bytes() };
    let order = if is_little { 1 } else { 2 };
    let mut start = vec![0x7f, b'E', b'L', b'F', class, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    start.extend([word(2), word(machine)].concat());
    Some(start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As `qemu-user-static` of Debian registers it.
    const ARM64: &str = "enabled\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: POCF\noffset 0\n\
        magic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n";

    #[test]
    fn an_interpreter_is_for_what_its_magic_says() {
        let is_for = |text: &str, architecture: &str| is_for(text, &start(architecture).unwrap());
        assert!(is_for(ARM64, "arm64"));
        for other in ["386", "amd64", "arm", "ppc64le", "riscv64", "s390x", "loong64", "mips64le"] {
            assert!(!is_for(ARM64, other), "{other}");
        }
        let disabled = ARM64.replacen("enabled", "disabled", 1);
        // Without `F` it is looked up in the container, which has none.
        let unfixed = ARM64.replace("POCF", "POC");
        assert!(!is_for(&disabled, "arm64") && !is_for(&unfixed, "arm64"));
        assert!(!is_for("enabled\nflags: F\nextension .jar\n", "arm64"));
    }

    #[test]
    fn what_runs_by_itself_needs_no_interpreter() {
        assert!(is_native("x86_64", "amd64") && is_native("x86_64", "386") && !is_native("x86_64", "arm64"));
        assert!(is_native("aarch64", "arm64") && is_native("riscv64", "riscv64"));
        assert!(runs(""), "whoever says nothing is for this host");
        assert!(!runs("no such processor"));
    }

    proptest! {
        #[test]
        fn any_registration_is_judged(text in "(enabled\n)?(flags: F\n)?(offset [0-9]{0,20}\n)?(magic [0-9a-f]{0,9}\n)?(mask .{0,9}\n)?.{0,20}") {
            let _either = is_for(&text, &start("arm64").unwrap());
        }
    }
}
