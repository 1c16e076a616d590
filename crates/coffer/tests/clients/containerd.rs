//! containerd in a directory of its own. The tests of `coffer-runtime` start it as well.

use std::path::Path;
use std::process::Command;

/// A daemon that keeps everything in a directory, listens there at `sock`, and leaves out what is for Kubernetes.
pub(crate) fn containerd(directory: &Path) -> Command {
    let path = |name: &str| directory.join(name).display().to_string();
    let configuration = format!(
        "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
         [grpc]\naddress = {:?}\n[ttrpc]\naddress = {:?}\n",
        path("root"),
        path("state"),
        path("sock"),
        path("ttrpc"),
    );
    std::fs::write(path("config.toml"), configuration).unwrap();
    let mut command = Command::new("containerd");
    command.args(["--config", &path("config.toml")]);
    command
}
