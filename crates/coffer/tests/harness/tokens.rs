//! A token of software, softhsm2's, in a directory of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use super::done;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// What opens it.
pub(crate) const PIN: &str = "1234";

/// One token, and its keys on P-256.
pub(crate) struct Tokens {
    directory: tempfile::TempDir,
}

impl Tokens {
    /// With keys of these labels.
    pub(crate) fn new(keys: &[&str]) -> Self {
        let tokens = Self { directory: tempfile::tempdir().unwrap() };
        let place = tokens.directory.path().join("tokens");
        std::fs::create_dir(&place).unwrap();
        let config = format!("directories.tokendir = {}\nobjectstore.backend = file\n", place.display());
        std::fs::write(tokens.config(), config).unwrap();
        std::fs::write(tokens.pin(), PIN).unwrap();
        std::fs::set_permissions(tokens.pin(), std::fs::Permissions::from_mode(0o600)).unwrap();
        let init = ["--init-token", "--free", "--label", "ca", "--pin", PIN, "--so-pin", "5678"];
        tokens.run(Command::new("softhsm2-util").args(init));
        for (number, label) in keys.iter().enumerate() {
            let mut make = Command::new("pkcs11-tool");
            make.args(["--module", MODULE, "--token-label", "ca", "--login", "--pin", PIN, "--keypairgen"]);
            make.args([
                "--key-type",
                "EC:prime256v1",
                "--id",
                &format!("{:02}", number + 1),
                "--label",
                label,
            ]);
            tokens.run(&mut make);
        }
        tokens
    }

    fn run(&self, command: &mut Command) {
        done(command.env("SOFTHSM2_CONF", self.config()));
    }

    /// Where softhsm2 finds it.
    pub(crate) fn config(&self) -> PathBuf {
        self.directory.path().join("softhsm2.conf")
    }

    fn pin(&self) -> PathBuf {
        self.directory.path().join("pin")
    }

    /// What a key is called whose PIN is asked for.
    pub(crate) fn key(&self, label: &str) -> String {
        format!("pkcs11:token=ca;object={label}?module-path={MODULE}")
    }

    /// What it is called with its PIN in a file.
    pub(crate) fn key_with_pin(&self, label: &str) -> String {
        format!("{}&pin-source={}", self.key(label), self.pin().display())
    }
}
