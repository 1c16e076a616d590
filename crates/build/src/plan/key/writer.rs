//! The bytes that a key is made of: one form for each value.

use model::digest::{Digest, Hasher};

use super::super::{Act, Copy, Mount, Origin, Run, RunNetwork, Script, Sharing, Source};

/// How an origin is told apart: by its number within a plan, or by the digest of what is taken from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origins {
    Step,
    Taken,
}

/// One form for each value: lengths before texts, counts before lists, a number before each choice.
pub(super) struct Writer {
    hasher: Hasher,
    origins: Origins,
}

impl Writer {
    pub(super) fn new(version: &str, origins: Origins) -> Self {
        let mut writer = Self { hasher: Hasher::new(), origins };
        writer.text(version);
        writer
    }

    pub(super) fn finish(self) -> Digest {
        self.hasher.finish()
    }

    pub(super) fn number(&mut self, number: u64) {
        self.hasher.update(&number.to_le_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.hasher.update(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(super) fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.number(items.len() as u64);
        for item in items {
            write(self, item);
        }
    }

    pub(super) fn texts(&mut self, texts: &[String]) {
        self.list(texts, |writer, text| writer.text(text));
    }

    fn optional(&mut self, text: Option<&String>) {
        self.option(text, |writer, text| writer.text(text));
    }

    pub(super) fn act(&mut self, act: &Act) {
        match act {
            Act::Base { reference, platform } => {
                self.text("base");
                self.text(reference);
                self.text(platform);
            }
            Act::Copy(copy) => self.copy(copy),
            Act::Directory(directory) => {
                self.text("directory");
                self.text(&directory.path);
                self.text(&directory.owner);
            }
            Act::Run(run) => self.run(run),
        }
    }

    /// A step's number says nothing outside of its plan, nor does the name of a context.
    fn origin(&mut self, origin: &Origin) {
        match (origin, self.origins) {
            (Origin::Scratch, _) => self.text("scratch"),
            (Origin::Context(_) | Origin::Step(_), Origins::Taken) => self.text("taken"),
            (Origin::Context(name), Origins::Step) => {
                self.text("context");
                self.optional(name.as_ref());
            }
            (Origin::Step(step), Origins::Step) => {
                self.text("step");
                self.number(*step as u64);
            }
        }
    }

    fn copy(&mut self, copy: &Copy) {
        let Copy { origin, sources, destination, owner, mode, link, parents, exclude, unpack } = copy;
        self.text("copy");
        self.origin(origin);
        self.list(sources, Self::source);
        self.text(destination);
        self.text(owner);
        self.optional(mode.as_ref());
        for flag in [link, parents, unpack] {
            self.flag(*flag);
        }
        self.texts(exclude);
    }

    fn source(&mut self, source: &Source) {
        match source {
            Source::Path(path) => {
                self.text("path");
                self.text(path);
            }
            Source::Text { name, content } => {
                self.text("text");
                self.text(name);
                self.text(content);
            }
            Source::Address { url, checksum, unpack } => {
                self.text("address");
                self.text(url);
                self.optional(checksum.as_ref());
                self.flag(*unpack);
            }
            Source::Git { remote, reference, subdirectory, keep_git_dir, checksum, submodules } => {
                self.text("git");
                self.text(remote);
                for text in [reference, subdirectory, checksum] {
                    self.optional(text.as_ref());
                }
                self.flag(*keep_git_dir);
                self.flag(*submodules);
            }
        }
    }

    fn run(&mut self, run: &Run) {
        let Run { arguments, scripts, env, proxies: _, user, working_dir, mounts, network, hosts, insecure } =
            run;
        self.text("run");
        self.texts(arguments);
        self.list(scripts, |writer, Script { path, content }| {
            writer.text(path);
            writer.text(content);
        });
        self.texts(env);
        self.text(user);
        self.text(working_dir);
        self.list(mounts, Self::mount);
        self.text(match network {
            RunNetwork::Outbound => "outbound",
            RunNetwork::None => "none",
            RunNetwork::Host => "host",
        });
        // As BuildKit has it: which names there are decides, and not where they lead.
        self.texts(hosts);
        self.flag(*insecure);
    }

    fn mount(&mut self, mount: &Mount) {
        match mount {
            Mount::Bind { origin, source, target, writable } => {
                self.text("bind");
                self.origin(origin);
                self.text(source);
                self.text(target);
                self.flag(*writable);
            }
            Mount::Cache { id, origin, source, target, readonly, sharing, mode, owner } => {
                self.text("cache");
                self.text(id);
                self.origin(origin);
                self.text(source);
                self.text(target);
                self.flag(*readonly);
                self.sharing(*sharing);
                self.inode(*mode, *owner);
            }
            Mount::Tmpfs { target, size } => {
                self.text("tmpfs");
                self.text(target);
                self.option(*size, Self::number);
            }
            Mount::Secret { id, target, env, required, mode, owner } => {
                self.text("secret");
                self.text(id);
                self.optional(target.as_ref());
                self.optional(env.as_ref());
                self.flag(*required);
                self.inode(*mode, *owner);
            }
            Mount::Ssh { id, target, required, mode, owner } => {
                self.text("ssh");
                self.text(id);
                self.text(target);
                self.flag(*required);
                self.inode(*mode, *owner);
            }
        }
    }

    fn sharing(&mut self, sharing: Sharing) {
        self.text(match sharing {
            Sharing::Shared => "shared",
            Sharing::Private => "private",
            Sharing::Locked => "locked",
        });
    }

    fn inode(&mut self, mode: u32, (user, group): (u32, u32)) {
        for number in [mode, user, group] {
            self.number(u64::from(number));
        }
    }
}
