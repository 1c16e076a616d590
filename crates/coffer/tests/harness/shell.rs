//! A root filesystem with a shell and a few tools: this machine's, with the libraries that they need.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Rootfs;

/// What a test's commands are made of. All of them are essential packages of Debian.
const TOOLS: [&str; 20] = [
    "cat", "chmod", "chown", "cp", "date", "echo", "env", "grep", "id", "ln", "ls", "mkdir", "mv", "rm",
    "sleep", "stat", "tail", "touch", "true", "wc",
];

impl Rootfs {
    /// With `/bin/sh`, tools, and an /etc/passwd that knows root and `app` (1000).
    pub(crate) fn with_shell() -> Self {
        let tools: Vec<PathBuf> = TOOLS.iter().map(|tool| found(tool)).collect();
        let shell = found("dash");
        let mut rootfs = ["bin", "etc", "tmp", "lib", "lib64"]
            .into_iter()
            .fold(Self::empty(), |rootfs, directory| rootfs.directory(directory, 0o755));
        rootfs = rootfs
            .file("etc/passwd", 0o644, b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n")
            .file("etc/group", 0o644, b"root:x:0:\napp:x:1000:\n")
            .copy("bin/sh", &shell);
        for tool in &tools {
            let name = tool.file_name().unwrap().to_str().unwrap();
            rootfs = rootfs.copy(&format!("bin/{name}"), tool);
        }
        let libraries: BTreeSet<PathBuf> =
            tools.iter().chain([&shell]).flat_map(|tool| libraries(tool)).collect();
        let mut made = BTreeSet::from(["lib".to_owned(), "lib64".to_owned()]);
        for library in libraries {
            let place = library.strip_prefix("/").unwrap().to_owned();
            for directory in place.parent().unwrap().ancestors().collect::<Vec<_>>().into_iter().rev().skip(1)
            {
                let directory = directory.to_str().unwrap().to_owned();
                if made.insert(directory.clone()) {
                    rootfs = rootfs.directory(&directory, 0o755);
                }
            }
            rootfs = rootfs.copy(place.to_str().unwrap(), &library);
        }
        rootfs
    }
}

fn found(tool: &str) -> PathBuf {
    let places = ["/bin", "/usr/bin"].map(|place| Path::new(place).join(tool));
    places.into_iter().find(|path| path.is_file()).unwrap()
}

/// Absolute paths in what ldd(1) says.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let said = Command::new("ldd").arg(program).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    said.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}
