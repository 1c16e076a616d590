//! The table itself, by where the codes come from.

use super::{Code, code};

pub(super) const ALL: &[Code] = &[
    code(
        "E-copy-missing",
        "What is to be copied is not there, or the directory that it is to go to.",
        "Check the path; directories above a destination are not made.",
    ),
    code(
        "E-copy-kind",
        "A directory is to take the place of something else, or the other way round.",
        "Name a directory as the destination, or remove what is in the way.",
    ),
    code(
        "E-copy-full",
        "The disk that is copied to is full, or its quota.",
        "Make room there, and copy again.",
    ),
    code(
        "E-copy-read-only",
        "The destination cannot be written to: it is a read-only mount, or a place of programs, which no container changes.",
        "Copy to another directory, or run the container with --mutable.",
    ),
    code(
        "E-copy-kernel",
        "The kernel refused a part of a copy. The message has its reason.",
        "Check the permissions of the path that is named.",
    ),
    code(
        "E-copy-archive",
        "The stream is not a tar archive.",
        "Give it one: tar -c FILES | coffer cp - CONTAINER:DIRECTORY.",
    ),
    code(
        "E-copy-entry",
        "An entry of the archive leads out of where it is to go, or goes through a link. Nothing was written there.",
        "Do not trust where it comes from; copy the parts that you need.",
    ),
    code(
        "E-copy-limit",
        "There is more to copy than one copy takes: paths of more than 4095 bytes, or millions of files.",
        "Copy the directories one by one.",
    ),
    code(
        "E-copy-cut",
        "One side of a copy ended before its time: it was killed, or the container's files went away.",
        "Copy again; what has arrived is not complete.",
    ),
    code(
        "E-state-busy",
        "Somebody is starting the container, or clearing up after it.",
        "Try again in a moment.",
    ),
    code(
        "E-run-volume-name",
        "The text cannot be a volume's name.",
        "Choose a name of letters, digits, `_`, `.` and `-`, such as db-data.",
    ),
    code("E-volume-unknown", "No volume has that name.", "coffer volume ls lists those there are."),
    code(
        "E-volume-in-use",
        "A container has the volume, even if it has ended.",
        "Remove the container first: coffer rm, or coffer prune.",
    ),
    code(
        "E-state-running-already",
        "The container runs, and cannot be started a second time.",
        "Restart it, or start another one with coffer run.",
    ),
    code(
        "E-state-not-running",
        "What was asked needs a container that runs.",
        "Start it first: coffer start.",
    ),
    code(
        "E-state-no-monitor",
        "The container was started in the foreground, and its streams are there.",
        "Start containers with coffer run -d to attach to them later.",
    ),
    code(
        "E-run-behind",
        "The container printed faster than coffer attach could pass on, and was let go. It runs on.",
        "Read its log: coffer logs -f.",
    ),
    code(
        "E-state-stuck",
        "A container was killed and does not go: a process of it waits in the kernel.",
        "Find out what it waits for (ps -o wchan), or try again later.",
    ),
    code(
        "E-store-lost",
        "A power cut took a part of the image that had not reached the disk. What is damaged was removed.",
        "Import it again.",
    ),
    code(
        "E-store-owner",
        "A file of the image belongs to a user or group that your ids cannot show.",
        "Get more subordinate ids in /etc/subuid and /etc/subgid, or import it as root.",
    ),
    code(
        "E-cli-units",
        "systemd did not take the unit that was written for it.",
        "Type the command that the message names, and see what systemctl says.",
    ),
    code(
        "E-cli-demo",
        "The demo did not go as it should on this host.",
        "coffer system check shows what this host lacks; please report the rest.",
    ),
    code(
        "E-cli-confirm",
        "The command asks before it removes anything, and its standard input is no terminal.",
        "Say it beforehand: --force.",
    ),
    code(
        "E-network-port-in-use",
        "Another process of this host, or another container, has the port that is to be published.",
        "Publish another port, or end what has it: coffer ps shows the ports of containers, ss -lnp all.",
    ),
    code(
        "E-network-port-privileged",
        "The port is below net.ipv4.ip_unprivileged_port_start: only root may publish it.",
        "Publish a higher one, or lower the setting: sysctl net.ipv4.ip_unprivileged_port_start=80.",
    ),
    code(
        "E-network-address",
        "A port is to be published on an address that this host does not have.",
        "ip -brief address lists those that it has; without an address it is loopback.",
    ),
    code(
        "E-network-listen",
        "The kernel refused to listen on a port that is to be published.",
        "coffer system check shows what this host lacks.",
    ),
    code(
        "E-network-ports",
        "There are more ports to publish than a process may have open files.",
        "Publish fewer, or raise the limit: ulimit -n.",
    ),
    code(
        "E-network-forwarder",
        "The process that forwards published ports could not give up its rights, and so the container did not start.",
        "coffer system check shows what this host lacks.",
    ),
    code(
        "E-network-outbound",
        "The process that carries connections outward could not be made or not give up its rights, and so the container did not start.",
        "coffer system check shows what this host lacks; ulimit -n how many files may be open.",
    ),
    code(
        "E-network-device",
        "The container's network device cannot be made: the kernel's module tun is missing, or /dev/net/tun is only root's.",
        "modprobe tun, and for users chmod 0666 /dev/net/tun, which most distributions do by themselves.",
    ),
    code(
        "E-network-unpublished",
        "The container does not publish that port, or has ended.",
        "coffer port CONTAINER lists the ports; coffer run -p 8080:80 publishes one.",
    ),
    code(
        "E-policy-port",
        "Ports cannot be published as asked: with the host's network they are the host's already, and a port of the host leads to one place.",
        "Leave out -p or --network host, or give each port one of its own.",
    ),
    code(
        "E-image-reference",
        "The text names no image: it is neither a name nor TRANSPORT:PATH.",
        "See coffer help images.",
    ),
    code("E-run-name", "The text cannot be a container's name.", "Choose a name such as web-1."),
    code(
        "E-run-host-path",
        "A path of the host that was to be mounted, or a device, cannot be used.",
        "Make it first, or check its permissions.",
    ),
    code(
        "E-engine-io",
        "The kernel refused something that it never should.",
        "coffer system check shows what this host lacks.",
    ),
    code(
        "E-cli-usage",
        "The command line was not understood: an option or a command that does not exist, or one that is missing.",
        "Read the command's help: coffer COMMAND --help.",
    ),
    code(
        "E-cli-value",
        "The value of an option was not understood. The message says which part of it.",
        "Compare with coffer help values.",
    ),
    code(
        "E-cli-output",
        "Standard output cannot be written: a full disk, or a closed descriptor. What the command did before is done.",
        "Make room where the output goes, or send it elsewhere.",
    ),
    code(
        "E-cli-file",
        "A file named on the command line cannot be read or written.",
        "Check the path and its permissions.",
    ),
    code(
        "E-cli-help-topic",
        "There is no page of help of that name.",
        "coffer help lists commands and topics, coffer help codes lists codes.",
    ),
    code(
        "E-cli-terminal",
        "Standard output is a terminal, and an image is no text.",
        "Write images to a file with -o, or into a pipe.",
    ),
    code(
        "E-cli-home",
        "Neither HOME nor XDG_DATA_HOME is set, so there is no place for images and containers.",
        "Set HOME, or COFFER_ROOT to an absolute path.",
    ),
    code(
        "E-cli-internal",
        "Something happened that cannot happen: a fault in Cofferdam.",
        "Please report it, with the command that you typed.",
    ),
    code(
        "E-launch-controller",
        "A limit was asked for that this host cannot enforce: the control group controller is missing or not delegated to you.",
        "Leave the limit out, or have the controller enabled; coffer system check says how.",
    ),
    code(
        "E-launch-ended",
        "The container ended while something was done to its control group.",
        "coffer ps -a shows how it ended.",
    ),
    code(
        "E-launch-half-changed",
        "One of several limits could not be set, and those before it could not be set back. The message names them.",
        "Give all of them again, with values that can be: coffer update.",
    ),
    code(
        "E-launch-memory-in-use",
        "A limit on memory was asked for that is below what the container has in use. It stays as it was.",
        "Give a higher limit, or end something in the container first.",
    ),
    code(
        "E-launch-died",
        "The container's first process was killed while it was being set up, by a memory limit for instance.",
        "Try again with more memory; dmesg tells whether the kernel killed it.",
    ),
    code(
        "E-launch-floor",
        "The confinement was set up and then read back from the kernel, and the two differ. The program was not started.",
        "Please report it, with what the message says and the output of coffer system check.",
    ),
    code(
        "E-launch-hook",
        "A program that the specification names for a moment of the container's life failed. Only coffer-runtime runs hooks.",
        "Correct the hook, or what it needs, and create the container again.",
    ),
    code(
        "E-launch-host",
        "The host refused something that a start needs.",
        "coffer system check shows what this host lacks.",
    ),
    code(
        "E-launch-not-executable",
        "The program is there, and the kernel does not execute it: no execute bit, another architecture, or a place from which nothing may be executed. Exit code 126.",
        "A program that was written at run time needs --mutable; a mounted one needs `exec` among the mount's options.",
    ),
    code(
        "E-launch-not-found",
        "The program that was to run is not in the container. Exit code 127.",
        "Check the spelling, and that the image has it: coffer image inspect IMAGE shows the entrypoint and the command.",
    ),
    code(
        "E-launch-not-waiting",
        "The container does not wait for a start: it was started before, or has ended. Only coffer-runtime creates containers that wait.",
        "coffer-runtime state shows what became of it.",
    ),
    code(
        "E-launch-oom-score",
        "The out-of-memory score that was asked for is lower than this user may set: only root can lower it.",
        "Leave --oom-score-adj out, or give a value that is not below the caller's own.",
    ),
    code(
        "E-launch-seccomp",
        "The system call filter cannot be made.",
        "Please report it with the message: the default filter is tested to compile.",
    ),
    code(
        "E-launch-session",
        "A user's containers need user namespaces, and this host gives users none.",
        "The message names the setting and how coffer alone gets the right, where that can be; coffer system check repeats it.",
    ),
    code(
        "E-launch-spec",
        "The container's specification cannot be carried out.",
        "Change the option that the message names.",
    ),
    code(
        "E-launch-step",
        "A step of the confinement failed, and so the container was not started: no step is ever skipped.",
        "The message names the step and the kernel's answer; coffer system check shows what this host lacks.",
    ),
    code(
        "E-launch-systemd",
        "systemd was asked for a control group and did not make, change or remove it. The message has its words.",
        "systemctl status, and journalctl -u, with the unit's name say more.",
    ),
    code(
        "E-ledger-beyond",
        "The ledger has no entry of that number yet.",
        "coffer ledger show lists the entries.",
    ),
    code(
        "E-ledger-damaged",
        "History is not what was signed: entries were changed, removed, moved or cut off. The message names the first.",
        "Keep the ledger as it is: it is evidence. Find out who could write to it, compare with a checkpoint or a backup, and start a new ledger elsewhere.",
    ),
    code("E-ledger-denied", "The ledger belongs to somebody else.", "Run as its owner."),
    code(
        "E-ledger-forged",
        "The signature of the checkpoint does not verify: it was altered or forged.",
        "Do not trust it; get it again from where it was kept.",
    ),
    code(
        "E-ledger-io",
        "The ledger cannot be read or written.",
        "Check the disk that holds it, then run the command again.",
    ),
    code(
        "E-ledger-key",
        "There is history, and no usable key to go on with it.",
        "Restore the key from a backup; to start a new history, move the ledger away first.",
    ),
    code(
        "E-ledger-locked",
        "Another process has held the ledger's lock for too long.",
        "Find that process with fuser; the lock ends with it.",
    ),
    code(
        "E-ledger-note",
        "The text is no signed checkpoint.",
        "Pass the whole output of coffer ledger checkpoint, with its empty line.",
    ),
    code("E-ledger-origin", "The text cannot name a ledger.", "Choose a name such as example.com/host."),
    code(
        "E-ledger-rewritten",
        "The ledger is not an extension of the checkpoint that you saved: history before it was rewritten.",
        "Keep both as evidence and find out who could write to the ledger.",
    ),
    code(
        "E-ledger-shortened",
        "The ledger has fewer entries than the checkpoint that you saved: its end was cut off.",
        "Keep both as evidence and restore the ledger from a backup.",
    ),
    code(
        "E-ledger-space",
        "There is no space to record an entry, and what cannot be recorded is not done.",
        "Make room and run the command again; nothing that was recorded is lost.",
    ),
    code(
        "E-ledger-too-long",
        "One entry is longer than the format allows, 65535 bytes.",
        "Shorten the command, the labels or the environment of the request.",
    ),
    code(
        "E-ledger-unsigned",
        "The checkpoint carries no signature by the expected key.",
        "Check that it is of this ledger.",
    ),
    code(
        "E-ledger-verifier",
        "The text is no verifier key.",
        "It has the form name+hash+key; copy it whole.",
    ),
    code(
        "E-ledger-wrong-key",
        "The key belongs to a ledger of another name.",
        "Use the name that the message gives, or another directory.",
    ),
    code(
        "E-policy-argument",
        "An argument of the command holds a NUL byte, which no program can receive.",
        "Leave it out.",
    ),
    code(
        "E-policy-capability",
        "A capability was named that the kernel does not have.",
        "capabilities(7) lists them.",
    ),
    code(
        "E-policy-command",
        "The image names no command, and none was given.",
        "Type one after the image: coffer run IMAGE COMMAND.",
    ),
    code("E-policy-device", "The text is no device.", "/dev/NAME[:/dev/NAME[:rwm]]"),
    code(
        "E-policy-env",
        "An environment variable is not of the form NAME=value.",
        "Correct it; if it is the image's own, the image has to be rebuilt.",
    ),
    code(
        "E-policy-id",
        "A user or group does not exist in the container: its range of ids is smaller.",
        "Choose an id within the range, or give the user more subordinate ids in /etc/subuid and /etc/subgid.",
    ),
    code(
        "E-policy-limit",
        "A resource limit is out of range, or contradicts another one.",
        "The message says why; see coffer help values.",
    ),
    code(
        "E-policy-mount",
        "Something cannot be mounted there, or is mounted there twice.",
        "Choose another target.",
    ),
    code(
        "E-policy-permit",
        "The permit was given for something else than what was to be started.",
        "Please report it: this is a fault in Cofferdam.",
    ),
    code(
        "E-policy-placement",
        "Cofferdam did not prepare something that the container needs.",
        "Please report it: this is a fault in Cofferdam.",
    ),
    code(
        "E-policy-refused",
        "Policy does not permit the request at the level in force. The refusal is recorded in the ledger.",
        "The message says what to do instead, and which command would change the answer; coffer assess shows every reason.",
    ),
    code(
        "E-policy-request",
        "No confinement can be made of the request: its parts do not make sense together.",
        "Change the option that the message names.",
    ),
    code("E-policy-root", "The level `restricted` runs nothing as root.", "Choose another user with -u."),
    code(
        "E-policy-sysctl",
        "The kernel parameter is a setting of the whole host, and a container may only change its own.",
        "Set it on the host with sysctl, or leave it out.",
    ),
    code(
        "E-policy-ulimit",
        "A POSIX limit cannot be set so.",
        "name=soft:hard with soft at most hard; see coffer help values.",
    ),
    code(
        "E-policy-workdir",
        "The working directory is not an absolute path without `..`.",
        "Give an absolute path with -w.",
    ),
    code(
        "E-run-io",
        "Standard input, output or the terminal cannot be handed to the container.",
        "Check the limit on open files: ulimit -n.",
    ),
    code(
        "E-run-no-terminal",
        "`-t` was given and standard input is no terminal.",
        "Leave `-t` out in scripts and pipes; `-i` alone passes input on.",
    ),
    code(
        "E-logs-elsewhere",
        "The container ran in the foreground: its output went to where coffer run was started, and is not kept.",
        "Start it in the background, coffer run -d, or redirect its output to a file.",
    ),
    code(
        "E-logs-io",
        "The files of a log cannot be made or read.",
        "Make room with coffer prune; dmesg shows whether the disk is in trouble.",
    ),
    code(
        "E-logs-journal",
        "What the container prints went to systemd's journal, as --log-driver journald says.",
        "Read it there: journalctl CONTAINER_NAME=NAME.",
    ),
    code(
        "E-logs-no-journal",
        "--log-driver journald was given, and nothing listens at /run/systemd/journal/socket.",
        "Leave the option out: files beside the container are the default.",
    ),
    code(
        "E-logs-none",
        "What the container prints is not kept, as --log-driver none says.",
        "Start the next one without the option.",
    ),
    code("E-state-ambiguous", "Several containers' ids begin so.", "Type more of the id, or the name."),
    code(
        "E-state-damaged",
        "The record of a container cannot be read.",
        "Remove that container with coffer rm -f; others are not affected.",
    ),
    code(
        "E-state-full",
        "There is no space left where containers are kept.",
        "Make room: coffer rm, coffer image prune.",
    ),
    code(
        "E-state-io",
        "The directory of a container cannot be read or written.",
        "Check the filesystem and its permissions.",
    ),
    code(
        "E-state-name-in-use",
        "Another container has the name.",
        "Remove that one with coffer rm, or take another name.",
    ),
    code(
        "E-state-paused",
        "The container is paused: a command in it would be stopped before its first instruction.",
        "coffer unpause CONTAINER lets it go on.",
    ),
    code("E-state-newer", "A newer version of coffer wrote the record.", "Use that version."),
    code(
        "E-state-no-group",
        "What was asked for needs a control group, and the container has none: its user has no group to divide.",
        "coffer system check says how to have one delegated; the container gets it at its next start.",
    ),
    code("E-state-not-paused", "The container is not paused.", "coffer ps shows which ones are."),
    code(
        "E-state-no-range",
        "Every range of user ids belongs to some container.",
        "Remove containers that have ended: coffer ps -a, coffer rm.",
    ),
    code(
        "E-state-not-ours",
        "Somebody else could write to the directory that holds the containers.",
        "Make it yours alone (chown, chmod 700), or choose another with COFFER_ROOT.",
    ),
    code(
        "E-state-relative",
        "The state directory is not an absolute path.",
        "Set COFFER_ROOT to an absolute path.",
    ),
    code("E-state-running", "The container is running.", "End it first, or coffer rm -f."),
    code("E-state-unknown", "There is no container of that name or id.", "coffer ps -a lists them."),
    code("E-store-ambiguous", "Several images' ids begin so.", "Type more of the id, or a name."),
    code(
        "E-store-compression",
        "A layer is compressed in a way that is not supported.",
        "Rebuild the image with gzip or zstd layers.",
    ),
    code(
        "E-store-corrupt",
        "A file of the store is not what its digest says: the disk failed, or somebody wrote to it.",
        "coffer image verify names the images; remove and import them again.",
    ),
    code(
        "E-store-crowded",
        "There is a limit to what lies beside one image: 256 signatures, attestations and inventories, 64 MiB of them. Whoever may write to a registry would otherwise decide how much comes with an image.",
        "Put less beside it; what is there goes with the image: coffer image rm.",
    ),
    code(
        "E-store-device",
        "A layer holds a device node, which would open the host's hardware.",
        "Rebuild the image without it; no honest build tool makes one.",
    ),
    code(
        "E-store-digest",
        "Bytes do not hash to the digest that was claimed for them: the archive is damaged, or somebody changed it. Nothing of it was unpacked.",
        "Do not use it; get it again from a source that you trust.",
    ),
    code(
        "E-store-fetch",
        "A part of the image does not come. What has come by then is kept.",
        "Try again: it goes on where it was.",
    ),
    code(
        "E-store-format",
        "The file or directory holds no image in a format that is known.",
        "docker save, an OCI layout, or a tarball of a root filesystem; see coffer help images.",
    ),
    code(
        "E-store-in-use",
        "A container uses the image.",
        "Remove the container first: coffer ps -a, coffer rm.",
    ),
    code(
        "E-store-limit",
        "The archive passes a limit that protects this host from hostile archives: entries, bytes, ratio or path length.",
        "Do not import it unless you trust whoever made it; rebuild it smaller.",
    ),
    code(
        "E-store-path",
        "An entry of the archive points outside of the image.",
        "Do not use it: no honest build tool makes such an archive.",
    ),
    code(
        "E-store-permission",
        "The store, or the file to read, belongs to somebody else.",
        "Run as its owner, or choose another store with COFFER_ROOT.",
    ),
    code(
        "E-store-platform",
        "The image has no variant for this machine.",
        "Get the variant for this machine's architecture.",
    ),
    code(
        "E-store-read",
        "The file or directory cannot be read.",
        "Check that the path exists and can be read.",
    ),
    code("E-store-several", "The archive holds several images.", "Choose one: docker-archive:FILE:NAME."),
    code(
        "E-store-size",
        "A blob does not have the size that its manifest gives.",
        "Get the image again from a source that you trust.",
    ),
    code(
        "E-store-space",
        "There is no space left where images are kept. Nothing is left half done.",
        "Make room: coffer image prune.",
    ),
    code(
        "E-store-stopped",
        "The import was stopped.",
        "Try again; layers that were complete are not unpacked twice.",
    ),
    code("E-store-truncated", "The archive ends too early.", "Copy or download it again."),
    code(
        "E-store-unknown",
        "There is no image of that name or id.",
        "coffer image ls lists them; coffer image import takes one in.",
    ),
    code(
        "E-store-unwanted",
        "What was to become a layer has bytes in it that no layer may have.",
        "Remove them from the file that the message names.",
    ),
    code("E-store-write", "The store cannot be written.", "Check the disk and the permissions of the store."),
    code(
        "E-user-io",
        "/etc/passwd or /etc/group of the image or the container cannot be read.",
        "Check the image: coffer image verify.",
    ),
    code(
        "E-user-syntax",
        "The text is no user: user, uid, user:group or uid:gid.",
        "coffer run -u 1000:1000 IMAGE",
    ),
    code(
        "E-user-unknown",
        "The container's /etc/passwd has no such user.",
        "Give a uid, or a user that the image has.",
    ),
    code(
        "E-user-unknown-group",
        "The container's /etc/group has no such group.",
        "Give a gid, or a group that the image has.",
    ),
    code(
        "E-user-unmapped",
        "The id is beyond the ids that the container has.",
        "Choose a smaller id, or give the user more subordinate ids in /etc/subuid and /etc/subgid.",
    ),
];
