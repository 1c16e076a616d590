//! A Dockerfile as it is written: stages of instructions, with variables not yet replaced (the reference of
//! docker/dockerfile 1.x).

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// What the comments at its top say.
    pub directives: Directives,
    /// `ARG` before the first `FROM`.
    pub arguments: Vec<Located<Argument>>,
    /// In order.
    pub stages: Vec<Stage>,
}

/// Parser directives: `# name=value` at the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directives {
    /// `syntax`: the language; ours is built in, so it is only told.
    pub syntax: Option<String>,
    /// `escape`: `\` or a backtick.
    pub escape: char,
    /// `check`: `skip=RULE,...;error=true`.
    pub check: Option<String>,
}

/// Lines of the file, the first being 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lines {
    /// The first one.
    pub first: u32,
    /// The last one.
    pub last: u32,
}

/// Something that stands somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// What stands there.
    pub what: T,
    /// Where.
    pub lines: Lines,
    /// As it was written, on one line: continuations joined, documents left out.
    pub text: String,
}

/// `FROM` and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The image or stage that it begins with, variables not replaced.
    pub base: String,
    /// `AS name`, in lower case.
    pub name: Option<String>,
    /// `--platform`, variables not replaced.
    pub platform: Option<String>,
    /// In order.
    pub instructions: Vec<Located<Instruction>>,
    /// Where `FROM` stands.
    pub lines: Lines,
    /// `FROM` as it was written.
    pub text: String,
}

/// One instruction; its texts still have their variables and their quotes, where the language replaces them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// `ADD`
    Add(Transfer),
    /// `ARG`
    Arg(Vec<Argument>),
    /// `CMD`
    Cmd(Command),
    /// `COPY`
    Copy(Transfer),
    /// `ENTRYPOINT`
    Entrypoint(Command),
    /// `ENV`
    Env(Vec<Pair>),
    /// `EXPOSE`
    Expose(Vec<String>),
    /// `HEALTHCHECK`
    Healthcheck(Healthcheck),
    /// `LABEL`
    Label(Vec<Pair>),
    /// `MAINTAINER`
    Maintainer(String),
    /// `ONBUILD`: the instruction, checked, and its text for the image's configuration.
    OnBuild(Box<Instruction>, String),
    /// `RUN`
    Run(Run),
    /// `SHELL`
    Shell(Vec<String>),
    /// `STOPSIGNAL`
    StopSignal(String),
    /// `USER`
    User(String),
    /// `VOLUME`
    Volume(Vec<String>),
    /// `WORKDIR`
    Workdir(String),
}

/// `ARG NAME[=default]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its default.
    pub default: Option<String>,
}

/// `NAME=value`, or the old form `NAME value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Before the sign.
    pub name: String,
    /// After it.
    pub value: String,
    /// Which of the two forms it has.
    pub form: PairForm,
}

/// How a name and its value stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairForm {
    /// `NAME=value`
    Sign,
    /// `NAME value`: one pair for each instruction.
    Space,
}

/// What is executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `["program", "argument"]`.
    Exec(Vec<String>),
    /// A line for the shell, and the documents that it names.
    Shell(String, Vec<Document>),
}

/// A here-document: `<<EOF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// `EOF`
    pub name: String,
    /// The lines up to it, each with its end.
    pub content: String,
    /// Whether variables in it are replaced: not where the name was quoted.
    pub expansion: Expansion,
    /// Whether tabs at the beginning of lines go: `<<-EOF`. They are still in the content.
    pub tabs: Tabs,
    /// Of `3<<EOF`; 0 if it was not said.
    pub descriptor: u32,
}

/// Whether variables are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expansion {
    /// They are.
    Done,
    /// They are not.
    Never,
}

/// What becomes of tabs at the beginning of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tabs {
    /// They stay.
    Kept,
    /// They go.
    Stripped,
}

/// `ADD` and `COPY`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Paths, patterns, addresses.
    pub sources: Vec<String>,
    /// Documents that are sources.
    pub documents: Vec<Document>,
    /// Where to.
    pub destination: String,
    /// `--from`
    pub from: Option<String>,
    /// `--chown`
    pub owner: Option<String>,
    /// `--chmod`
    pub mode: Option<String>,
    /// `--link`
    pub link: bool,
    /// `--parents`
    pub parents: bool,
    /// `--exclude`, which may be repeated.
    pub exclude: Vec<String>,
    /// `ADD --checksum`
    pub checksum: Option<String>,
    /// `ADD --keep-git-dir`
    pub keep_git_dir: bool,
    /// `ADD --unpack`
    pub unpack: Option<bool>,
}

/// `RUN`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What is executed.
    pub command: Command,
    /// `--mount`, which may be repeated: the options as written, `type=cache,target=/x`. What they say is known after
    /// their variables are replaced: [`Mount::read`].
    pub mounts: Vec<String>,
    /// `--network`
    pub network: Option<String>,
    /// `--security`
    pub security: Option<String>,
    /// `--device`, which may be repeated.
    pub devices: Vec<Device>,
}

/// `RUN --device`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// As CDI calls it: `vendor.example/class=name`, or a part of that.
    pub name: String,
    /// Whether the step fails without it.
    pub required: bool,
}

/// `RUN --mount`, with variables replaced; what was not said is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mount {
    /// `bind` (the default), `cache`, `tmpfs`, `secret`, `ssh`.
    pub kind: MountKind,
    /// `from`
    pub from: Option<String>,
    /// `source`
    pub source: Option<String>,
    /// `target`, `dst`, `destination`
    pub target: Option<String>,
    /// `ro`/`rw` and `readonly`/`readwrite`, whichever came last.
    pub readonly: Option<bool>,
    /// `size`, in bytes.
    pub size: Option<u64>,
    /// `id`
    pub id: Option<String>,
    /// `sharing`
    pub sharing: Option<Sharing>,
    /// `required`
    pub required: Option<bool>,
    /// `mode`: permission bits.
    pub mode: Option<u32>,
    /// `uid`
    pub uid: Option<u32>,
    /// `gid`
    pub gid: Option<u32>,
    /// `env`, of a secret; empty is its name.
    pub env: Option<String>,
}

/// How several steps use a cache at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Together.
    #[default]
    Shared,
    /// Each its own.
    Private,
    /// One after the other.
    Locked,
}

/// What is mounted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MountKind {
    /// A part of the context, of a stage or of an image.
    #[default]
    Bind,
    /// A directory that outlives the build.
    Cache,
    /// Memory.
    Tmpfs,
    /// A file that is in no layer.
    Secret,
    /// The agent's socket.
    Ssh,
}

/// `HEALTHCHECK`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Healthcheck {
    /// `NONE`
    None,
    /// `CMD`, with its options; times are nanoseconds, and 0 is what was not said.
    Command {
        /// What is executed.
        command: Command,
        /// `--interval`
        interval: u64,
        /// `--timeout`
        timeout: u64,
        /// `--start-period`
        start_period: u64,
        /// `--start-interval`
        start_interval: u64,
        /// `--retries`
        retries: u32,
    },
}
