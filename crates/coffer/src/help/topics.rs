//! What is worth a page and belongs to no single command.

use crate::render::style::Style;

/// One page.
pub(super) struct Topic {
    name: &'static str,
    text: &'static str,
}

impl Topic {
    pub(super) fn page(&self, style: Style) -> String {
        format!("{}\n\n{}\n", style.strong(self.name), self.text)
    }
}

/// The page of that name; `codes` is made from the table of codes.
pub(super) fn find(name: &str) -> Option<Page> {
    if name == "codes" {
        return Some(Page::Codes);
    }
    ALL.iter().find(|topic| topic.name == name).map(Page::Topic)
}

/// A page that is written down, or made on the spot.
pub(super) enum Page {
    Topic(&'static Topic),
    Codes,
}

impl Page {
    pub(super) fn page(&self, style: Style) -> String {
        match self {
            Self::Topic(topic) => topic.page(style),
            Self::Codes => super::codes::list(style),
        }
    }
}

/// `exit-codes, json, ...`
pub(super) fn names() -> String {
    ALL.iter().map(|topic| topic.name).chain(["codes"]).collect::<Vec<_>>().join(", ")
}

const ALL: [Topic; 9] = [
    Topic {
        name: "dockerfile",
        text: "\
The language is that of docker/dockerfile 1.x, built in: a `# syntax=` line is read and fetches nothing.

  FROM, AS, --platform       stages; those that the target does not need are not built
  ARG, ENV                   variables with ${x:-w} ${x:+w} ${x:?w} ${x#p} ${x%p} ${x/p/r}
  RUN                        in a container of its own, confined like any; --mount=type=cache, bind, tmpfs,
                             secret, ssh; --network=default, none, host; here-documents
  COPY, ADD                  --from --chown --chmod --link --parents --exclude; ADD unpacks archives and takes
                             https addresses (--checksum) and git repositories
  CMD, ENTRYPOINT, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR

Files that .dockerignore names are not there for the build; Dockerfile.dockerignore goes before it. Links of the
context never lead out of it.

A step is found again by what it does and by the contents of what it takes, never by times. docs/dockerfile.md goes
through the reference, instruction by instruction.",
    },
    Topic {
        name: "images",
        text: "\
An image is named in one of these ways, wherever a command takes IMAGE:

  nginx, nginx:1.27, registry.example/team/app:2   a name in the store
  9f2c41d0aa17                                     the beginning of an id
  docker-archive:FILE[:NAME]                       what `docker save` wrote
  oci-archive:FILE[:NAME]                          an OCI image layout in a tar file
  oci:DIR[:NAME]                                   an OCI image layout
  dir:DIR                                          manifest, configuration and layers in one directory
  rootfs:FILE or rootfs:DIR                        a root filesystem, as one layer
  demo:                                            the image that coffer carries
  docker://NAME                                    a name in a registry, whatever the store has

`coffer run` and `coffer create` pull a name that the store lacks; --pull always or never says otherwise.
`coffer image import` also takes a bare path and looks what it is, and `-` for standard input.
`coffer copy` goes from any of these to a name in a registry, oci:, oci-archive:, dir: or docker-archive:.",
    },
    Topic {
        name: "exit-codes",
        text: "\
run      the program's own; 128 and the signal's number if a signal ended it;
         126 it cannot be executed; 127 it does not exist; 125 coffer failed or refused,
         or did not understand the command (as with docker run)
exec     the same, but 1 if coffer failed or refused, and 125 if it did not understand
assess   0 go; 3 go with controls; 4 no go; 1 failed; 2 not understood
scan     0 done; 1 something is as severe as --fail-on says, or it failed; 2 not understood
others   0 done; 1 failed; 2 not understood",
    },
    Topic {
        name: "environment",
        text: "\
COFFER_ROOT      where images, containers and the ledger are kept, instead of /var/lib/coffer
                 (root) or $XDG_DATA_HOME/coffer (everybody else)
XDG_DATA_HOME    as the XDG base directory specification says; ~/.local/share if unset
XDG_CONFIG_HOME  where a user's systemd units and signing keys are; ~/.config if unset
XDG_RUNTIME_DIR  where a user's things that a reboot may take are kept; in TMPDIR if unset
TMPDIR           where the demo is for as long as it takes; /tmp if unset
COFFER_TRUST_PASSPHRASE
                 the passphrase of signing keys, for commands that nobody attends; it is taken out of
                 the environment when it was read
NO_COLOR         no colour if it is set and not empty; --color always overrides it
TERM             no colour if it is `dumb`",
    },
    Topic {
        name: "values",
        text: "\
sizes     a number and b, k, m, g or t, in units of 1024: 512m, 1.5g
lengths   numbers with ns, us, ms, s, m or h: 30s, 1m30s, 500ms
instants  2026-11-25T17:49:00Z, less of it (UTC without a zone), seconds since 1970, or a length ago
signals   TERM, SIGTERM, 15, RTMIN+3
cpus      a number from 0.01, up to three decimals: 0.5, 2
limits    name=soft or name=soft:hard, -1 is unlimited: nofile=1024:2048
volumes   /host/path:/target[:ro,exec], name:/target, /target
ports     [address:][host port:]port[/udp], 127.0.0.1 where no address is given; 8000-8009:80-89
mounts    type=bind|tmpfs|volume,source=...,target=...[,readonly][,exec][,tmpfs-size=][,tmpfs-mode=]
times     2026-11-22T09:27:01Z, 2026-11-22, seconds since 1970, or how long ago: 90s, 1h30m, 48h
variables NAME=value; NAME alone passes ours on; a file holds one on each line, # begins a remark
Nothing on a volume or tmpfs can be executed unless its options say `exec`.",
    },
    Topic {
        name: "trust",
        text: "\
A publisher signs which digest a name means; whoever pins the publisher for a place, such as
registry.example/team, runs nothing of that place but what the publisher signed.

  coffer trust init team                                             the publisher: keys, and a fingerprint
  coffer trust sign registry.example/team/app:1.4                    a release
  coffer trust pin registry.example/team --root sha256:FINGERPRINT   the consumer
  coffer pull registry.example/team/app:1.4

What is signed lies beside the images, in the repository `trust` below the place, and binds names below the place:
copied with `coffer copy`, an image is vouched for wherever it is, by whoever has pinned the publisher there.

Roles: root says whose the other keys are; release signs releases and revocations, and says who promotes; a stage
signs that a release has come so far; online says every day that nothing newer is withheld, by itself with
`coffer trust timestamp serve`. Each has keys, and a number of them that have to sign: --keys root=3:2. The same
command, typed by the next signer, adds the next signature.

At `baseline` what is pinned is enforced, at `restricted` a stage has to have signed, at `open` a doubt is recorded.",
    },
    Topic {
        name: "registries",
        text: "\
A name that begins with a host, such as quay.io/team/app, is asked for there. A short one follows an alias,
else the only registry of `unqualified-search-registries`, else it is docker.io/library. If several are
listed, you are asked to choose; nothing is ever searched for.

Settings are those of containers-registries.conf(5), version 2, in the first of
  ~/.config/coffer/registries.conf, ~/.config/containers/registries.conf,
  /etc/coffer/registries.conf, /etc/containers/registries.conf
or in the file that CONTAINERS_REGISTRIES_CONF names. Files *.conf of registries.conf.d beside each of them
are added; what is nearer to you replaces what is farther.

  unqualified-search-registries = [\"docker.io\"]
  [aliases]
  \"nginx\" = \"registry.example/mirror/nginx\"

  [[registry]]
  prefix = \"docker.io\"               # a host, a part of one, or *.example.com; the longest counts
  location = \"docker.io\"             # where it really is, for pull and push
  blocked = false                     # true: never, under no name that leads there
  insecure = false                    # true: any certificate, or plain HTTP, which localhost may speak anyway
  [[registry.mirror]]                 # asked first, in this order; nothing is pushed to them
  location = \"mirror.example:5000/hub\"
  pull-from-mirror = \"digest-only\"   # all, digest-only, tag-only

Certificates for HOST[:PORT] are in the first directory of that name in certs.d, which is looked for in the
directories above and in /etc/docker: *.crt are authorities that are trusted besides the system's, NAME.cert
with NAME.key says who you are.

Credentials are kept in ~/.config/containers/auth.json. Read are that file, then podman's in the runtime
directory, then Docker's config.json; --authfile or REGISTRY_AUTH_FILE names the only one. Helpers are
programs docker-credential-NAME in PATH, named by `credHelpers` or `credsStore` of a file.

Proxies are HTTPS_PROXY, HTTP_PROXY, ALL_PROXY; NO_PROXY lists what is reached without: example.com with
all below it, .example.com only what is below, 10.0.0.0/8, host:port, or * for everything.",
    },
    Topic {
        name: "serving",
        text: "\
`coffer registry serve` reads ~/.config/coffer/registry.toml, or /etc/coffer/registry.toml, or the file that
--config names; options go before it. The commands that look after a registry read the same file. All keys,
with what counts if nothing is said:

  listen = \"127.0.0.1:5000\"
  metrics_listen = \"127.0.0.1:9100\"   # /metrics only there; with everything else if nothing is said
  public = \"https://registry.example\" # what clients call it, if something stands before it; nothing
  grace = 30                          # seconds for requests under way when it ends

  [access]
  anonymous = \"none\"                  # or \"pull\": everybody may read everything
  service = \"coffer-registry\"         # its name in tokens; the same for all servers of a bucket
  requests_per_address = 1000         # a second; four times as many at once
  requests_per_identity = 1000

  [tls]                               # mode: auto beyond this host, else off; files with a certificate
  mode = \"auto\"
  names = [\"registry.example\"]        # in a certificate that is made
  certificate = \"/path/chain.pem\"
  key = \"/path/key.pem\"

  [storage]
  root = \"/var/lib/coffer/registry\"
  bucket = \"s3://BUCKET/PREFIX\"       # keep images and accounts in an object store instead
  endpoint = \"https://s3.example\"
  region = \"us-east-1\"
  credentials = \"/path/keys\"          # access key and secret, a line each, for nobody else to read
  authorities = \"/path/ca.pem\"        # who vouches for the endpoint; the system's if nothing is said
  virtual_host = false                # the bucket's name in the host, as Amazon wants it

  [rules.collection]
  every_minutes = 30                  # 0: only coffer registry gc
  grace_minutes = 60
  [[rules.immutable]]
  repositories = \"*\"
  tags = [\"v*\"]                       # once set, they stay
  [[rules.quota]]
  repositories = \"team/*\"
  bytes = \"50 GB\"
  [[rules.retention]]                 # tags that no wish keeps are removed
  repositories = \"*\"
  keep_last = 10
  keep_tags = [\"v*\", \"latest\"]
  keep_days = 30
  keep_pulled_days = 14
  [[rules.untagged]]
  repositories = \"*\"
  remove_after_days = 7",
    },
    Topic {
        name: "json",
        text: "\
`--format json` writes one JSON value on standard output; names of fields are kept between versions,
new ones may come. Times are RFC 3339 in UTC, sizes are bytes, digests and ids are whole.

image ls, import, inspect  digest, config_digest, names, size, created, imported,
                           layers[] (blob, diff_id, size), config, facts
build                      digest, names, already, steps, cached, evidence[] (kind, digest), image (as image ls);
                           for several platforms index, platforms[] (platform, digest)
build check                file, remarks[] (rule, severity, first, last, message, instead), error; sarif besides
build cache ls             [] key, type (regular, source.local, exec.cachemount, internal), title, created, last_used,
                           bytes, in_use, shared (an image has all of it)
build cache prune          removed[] (as build cache ls), blobs, layers, bytes
rebase                     digest, before, from, base_layers, remarks[], image (as image ls)
pull                       [] name, digest, before, already, beside, image (as image ls)
push                       [] name, digest, moved (manifests, blobs, bytes, mounted, present, referrers)
copy                       from, to, digest, moved
sync                       [] from, to, digest, state (copied, differs, up to date, failed), error
image history              [] layer, created, created_by, size, comment; newest first
image verify               intact, findings[] (images, file, why)
image rm                   [] untagged, deleted, bytes
image prune                images, blobs, layers, bytes
scan                       format, tool, time, target (name, kind, digest, architecture, layers[]),
                           scanners[] (vuln, secret, misconfig, licence: what was looked for), distribution, summary,
                           vulnerabilities[] (id, aliases, package, severity, cvss, fix, fixed_version, priority,
                           range, reach, epss, exploited, dismissed), secrets[], misconfigurations[], malware[],
                           licences, gaps[], database; sarif, cyclonedx, spdx and html besides
scan --all                 [] name, digest, packages, vulnerabilities (counts), exploited, secrets,
                           misconfigurations, malware, gaps
scan diff                  before, after, packages (added, removed, changed), vulnerabilities (fixed, new, same)
scan explain               id, target, known, exploited, epss, bulletins[], found[] (package, layer_digest, made_by,
                           vulnerability, reasons[])
advisories import          replaced[] (source, before, after), formats[], skipped, named[], database
advisories status, verify  created, sources[] (source, origin, imported, advisories, remarks, packages,
  and update               ecosystems[], size, sha256)
advisories affected        name, by (vulnerability, package), examined, unknown[], images[] (digest, names,
                           packages[])
advisories accept          id, package, reason, until
trust init                 publisher, fingerprint, roles[] (role, needed, keys[], version, expires, requires[]
                           (kind, keys[])), keys[], missing[] (role, needed, signed[], absent[])
trust keys                 [] publisher, role, id, name, kept, token, retired, public_key
trust sign, promote,       publisher, place, state, changes[], signed[], dropped[] (role, key), missing[],
  revoke, rotate, ...      fingerprint, first, fresh_until
trust inspect              place, fingerprint, roles[], releases[] (name, digest, sequence, stages[]),
                           revoked[] (digest, reason, time), waiting (changes[], missing[])
trust log                  [] time, role, what, signed_by[]
attest                     image, digest, type, at[]
verify                     image, digest, accepted[] (at, type, by, digest, witnessed), refused[] (at, code, why)
assess                     image, outcome (go, go-with-controls, no-go), level, case,
                           vouched (answer: nobody, signed, doubted; publisher, place, stages[], built, doubt,
                           remedy),
                           applied[], missing[] (control, rule, detail, why, remedy, nist, cis),
                           reasons[] (rule, detail, remedy, nist, cis),
                           exceptions[] (id, detail, asked_by), exit_code
ps                         [] id, name, image, image_digest, command, labels, created,
                           status (created, starting, running, paused, restarting, exited), started, pid,
                           exited, exit_code, health (starting, healthy, unhealthy), restarts, monitor_pid,
                           ports[] (address, host_port, port, protocol),
                           verdict, level, missing, exceptions, permit
inspect                    [] the same, and request, spec (OCI runtime specification), enforced, health_log
logs                       one object a line, as the log is kept: log, stream (stdout, stderr, coffer),
                           time, raw (base64; where the bytes are no text)
port                       [] address, host_port, port, protocol
pause, unpause, update     [] the containers, as they were typed
top                        [] pid, inside, user, cpu_percent, memory, elapsed, command
stats                      [] id, name, time, cpu_percent, cpu_limit, memory, memory_limit, memory_percent,
                           memory_peak, oom_kills, pids, pids_limit, network (received, sent),
                           block (read, written), throttled; without --no-stream an object on each line
explain                    container, source (kernel, start, nothing), namespaces, uid_map, no_new_privs,
                           capabilities, seccomp, landlock_abi, mounts, islands, masked, sysctls,
                           limits, exceptions, vouched
login                      registry, user, kept (file or helper; not with --get)
logout                     registry, removed[] (file or helper), left[] files; with --all: [] registries
search-tags                repository, tags[]
registry serve             url, metrics, storage, authority (path, fingerprint); once, when it listens
registry user add, passwd  user, password (with --generate)
registry user ls           [] name, admin, grants[] (repositories, actions[]), teams[], created
registry team ls           [] name, grants[], members[]
registry token create      id, token, expires
registry token ls          [] id, name, grants[], created, expires, used
registry ... rm, revoke    [] names or ids; join and leave: [] users; team add: its name
registry gc                dry_run, tags, manifests, blobs, bytes, uploads, waiting
registry stats             repositories, tags, manifests, blobs, logical_bytes, physical_bytes, garbage_notes
registry verify            intact, manifests, blobs, bytes, findings[]
volume ls                  [] name, created, changed, labels, containers
volume inspect             [] the same, and mountpoint, size (with -s)
volume create              name
volume rm, volume prune    [] names
events                     one object on each line: entry, time, type (container, image, volume, registry,
                           advisories, trust), action,
                           id, attributes
ledger show                [] index, time, kind, and what applies of container, volume, image, name,
                           request, level, outcome, missing, exceptions, rule, detail, exit, permit,
                           attributes
ledger verify              entries, root
ledger checkpoint          origin, size, root, note, key
system check               host, checks[] (id, text, state, found, remedy, weight)
system info                version, kernel, cgroup_version, controllers, rootless, ids, state, run, running,
                           containers, images, entries, origin, level, host, enforced, lacking
system restore, stop       [] names
system install-units       unit, commands (still to be typed)
system df                  images, containers, logs, volumes, build_cache, ledger (each total, active, size,
                           reclaimable), each (with -v)
system prune               containers[], images[], volumes[], bytes
demo                       image, verdict, walls[], run_millis, attacks[], attacks_millis, refusal, ledger
man, version               pages; version

A failure is one object on standard error: {\"error\": {\"code\", \"what\", \"remedy\"}}, and for a refusal
also \"refused\" with image, level, reasons[] and ledger_entry.",
    },
];
