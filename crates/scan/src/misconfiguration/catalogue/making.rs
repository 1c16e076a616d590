//! Mistakes in an image's configuration and history.

use model::finding::Severity::{High, Low, Medium, Negligible};

use super::{Rule, rule};

/// No USER, or root.
pub static ROOT_USER: Rule = rule(
    "root-user",
    Medium,
    "it runs as root",
    "create a user of its own and name it with USER as the last step",
    "CIS Docker 4.1",
);

/// No HEALTHCHECK.
pub static NO_HEALTHCHECK: Rule = rule(
    "no-healthcheck",
    Negligible,
    "nothing tells whether it is well",
    "add a HEALTHCHECK that asks the service what its users ask",
    "CIS Docker 4.6",
);

/// Port 22.
pub static SSH_PORT: Rule = rule(
    "ssh-port",
    Medium,
    "it offers logins over SSH",
    "remove the SSH server; enter a container with `coffer exec`",
    "CIS Docker 5.7",
);

/// A port that machines are managed by.
pub static MANAGEMENT_PORT: Rule = rule(
    "management-port",
    Medium,
    "it exposes a port that machines are managed by",
    "do not EXPOSE it; reach it over a private network where it is needed",
    "NIST SP 800-190 4.4.2",
);

/// `ENV PASSWORD=...`
pub static SECRET_NAME: Rule = rule(
    "secret-name",
    High,
    "a variable that is named like a secret has a value",
    "give it at the start, as a file that is mounted; and change it, because the image has it for good",
    "CIS Docker 4.10",
);

/// `NODE_TLS_REJECT_UNAUTHORIZED=0`
pub static CHECKS_OFF: Rule = rule(
    "checks-off",
    High,
    "a variable turns the verification of certificates off",
    "remove it, and add the authority that is missing to the image's trust store",
    "NIST SP 800-190 4.1.2",
);

/// `PATH=.:/usr/bin`
pub static SEARCH_PATH: Rule = rule(
    "search-path",
    Medium,
    "PATH names a directory that anybody may write to, or the working directory",
    "keep to absolute directories that only root may write to",
    "NIST SP 800-190 4.1.2",
);

/// `VOLUME /var/run/docker.sock`
pub static RUNTIME_SOCKET: Rule = rule(
    "runtime-socket",
    High,
    "it wants the socket of a container engine",
    "whoever has the socket has the host: talk to the engine from outside",
    "CIS Docker 5.32",
);

/// `ENTRYPOINT program` rather than `ENTRYPOINT ["program"]`.
pub static SHELL_FORM: Rule = rule(
    "shell-form",
    Low,
    "its first process is a shell, which passes no signals on",
    "write ENTRYPOINT and CMD as JSON arrays, or let the shell `exec` the program",
    "NIST SP 800-190 4.1.2",
);

/// `name:latest`
pub static LATEST_TAG: Rule = rule(
    "latest-tag",
    Low,
    "it goes by `latest`, which says nothing about what it is",
    "tag it with a version, and run it by digest",
    "NIST SP 800-190 4.2.2",
);

/// Made long ago.
pub static OLD_IMAGE: Rule = rule(
    "old-image",
    Medium,
    "it was built long ago",
    "build it anew on today's base, and do so at least monthly",
    "CIS Docker 4.4",
);

/// A base that is named by a tag.
pub static UNPINNED_BASE: Rule = rule(
    "unpinned-base",
    Low,
    "its base image is named without a digest",
    "write `FROM name:tag@sha256:...`, and record it as org.opencontainers.image.base.digest",
    "CIS Docker 4.2",
);

/// `curl ... | sh`
pub static PIPE_TO_SHELL: Rule = rule(
    "pipe-to-shell",
    Medium,
    "a program from the network was run unseen while it was built",
    "download it, compare its digest or signature, and run it then",
    "CIS Docker 4.11",
);

/// `ADD https://...`
pub static ADD_FROM_URL: Rule = rule(
    "add-from-url",
    Medium,
    "a file from the network was added without a digest",
    "write `ADD --checksum=sha256:...`, or download and compare in one RUN",
    "CIS Docker 4.9",
);

/// `RUN apt-get update` as a layer of its own.
pub static UPDATE_ALONE: Rule = rule(
    "update-alone",
    Low,
    "package lists were fetched in a step of their own, which a build's cache lets grow old",
    "write update and install in one RUN",
    "CIS Docker 4.7",
);

/// `chmod -R 777`
pub static CHMOD_777: Rule = rule(
    "chmod-777",
    Low,
    "files were given to everybody",
    "give them to the user that needs them: `COPY --chown`, `chmod u+w`",
    "NIST SP 800-190 4.1.2",
);

/// `curl -k`, `--allow-unauthenticated`
pub static UNVERIFIED_DOWNLOAD: Rule = rule(
    "unverified-download",
    Medium,
    "something was downloaded with its verification turned off",
    "remove the option, and add the key or authority that is missing",
    "CIS Docker 4.11",
);
