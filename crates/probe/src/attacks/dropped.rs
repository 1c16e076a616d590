//! Programs that were not in the image: dropped into a writable place, a memfd, or given to the loader.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, memfd_create};

use super::SELF;
use super::place::{Scratch, USUAL};
use crate::outcome::{Attack, Class, Options, Outcome, errno_name, error_name, stopped_by};

const CLASS: Class = Class::DroppedCode;

/// What the dropped copy is told to exit with: a program that did not run cannot guess it.
const RAN: i32 = 83;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "drop-exec-tmp",
        class: CLASS,
        tries: "write a program to /tmp and execute it",
        run: |_| drop_and_execute("/tmp"),
    },
    Attack {
        name: "drop-exec-shm",
        class: CLASS,
        tries: "write a program to /dev/shm and execute it",
        run: |_| drop_and_execute("/dev/shm"),
    },
    Attack {
        name: "drop-exec-root",
        class: CLASS,
        tries: "write a program to the root and execute it",
        run: |_| drop_and_execute("/"),
    },
    Attack {
        name: "drop-exec-anywhere",
        class: CLASS,
        tries: "write a program to any writable mount and execute it",
        run: drop_anywhere,
    },
    Attack {
        name: "drop-ld-so",
        class: CLASS,
        tries: "have the image's dynamic loader run a dropped program",
        run: drop_for_the_loader,
    },
    Attack {
        name: "memfd-exec",
        class: CLASS,
        tries: "execute a memfd through /proc/self/fd",
        run: |_| Outcome::worst(MEMFD_KINDS.map(|flags| execute_memfd(flags, How::Path))),
    },
    Attack {
        name: "memfd-execveat",
        class: CLASS,
        tries: "execute a memfd through execveat(2)",
        run: |_| Outcome::worst(MEMFD_KINDS.map(|flags| execute_memfd(flags, How::Descriptor))),
    },
];

fn drop_and_execute(place: &str) -> Outcome {
    let dropped = Scratch::in_dir(place)
        .and_then(|scratch| scratch.drop_program(SELF, "dropped").map(|program| (scratch, program)));
    match dropped {
        Ok((_scratch, program)) => execute(&program),
        Err(error) => Outcome::stopped(format!("not writable: {}", error_name(&error))),
    }
}

fn drop_anywhere(_: &Options) -> Outcome {
    let mounts = crate::report::mounts::read().unwrap_or_default();
    let places = mounts.iter().filter(|mount| mount.is_writable()).map(|mount| mount.path.as_str());
    Outcome::worst(USUAL.into_iter().chain(places).map(|place| match drop_and_execute(place) {
        Outcome::Succeeded(detail) => Outcome::succeeded(format!("{detail} in {place}")),
        outcome => outcome,
    }))
}

/// Runs the copy, which says by its exit code that it ran.
fn execute(program: &Path) -> Outcome {
    let mut command = Command::new(program);
    ran(command.args(["exit", &RAN.to_string()]).stdin(Stdio::null()))
}

fn ran(command: &mut Command) -> Outcome {
    match command.status() {
        Ok(status) if status.code() == Some(RAN) => Outcome::succeeded("it ran"),
        Ok(status) => Outcome::stopped(format!("it was started but did not run ({status})")),
        Err(error) => stopped_by(&error),
    }
}

/// glibc's and musl's loaders, and programs that they can load, all of which do nothing without input.
const LOADERS: [&str; 4] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];
const LOADABLE: [&str; 4] = ["/bin/true", "/usr/bin/true", "/bin/busybox", "/bin/sh"];

fn drop_for_the_loader(_: &Options) -> Outcome {
    let Some(loader) = LOADERS.into_iter().find(|path| Path::new(path).exists()) else {
        return Outcome::not_applicable("the image has no dynamic loader");
    };
    let loads = |program: &&str| matches!(load(loader, Path::new(program)), Ok(true));
    let Some(original) = LOADABLE.into_iter().find(loads) else {
        return Outcome::not_applicable("the image has no program that its loader can load");
    };
    let places = ["/tmp", "/dev/shm", "/"];
    Outcome::worst(places.map(|place| drop_and_load(loader, original, place)))
}

fn drop_and_load(loader: &str, original: &str, place: &str) -> Outcome {
    let tried = Scratch::in_dir(place).and_then(|scratch| {
        // Called `true`, busybox is true.
        let program = scratch.drop_program(original, "true")?;
        load(loader, &program)
    });
    match tried {
        Ok(true) => Outcome::succeeded(format!("{loader} ran it from {place}")),
        Ok(false) => Outcome::stopped(format!("{loader} could not map it")),
        Err(error) => stopped_by(&error),
    }
}

fn load(loader: &str, program: &Path) -> io::Result<bool> {
    let mut command = Command::new(loader);
    command.arg(program).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // `busybox` by its own name lists its applets and exits with 0, which is as good.
    command.status().map(|status| status.success())
}

/// Not asking, asking for execution, and asking for none: `vm.memfd_noexec` treats each differently.
const MEMFD_KINDS: [MemfdFlags; 3] = [
    MemfdFlags::CLOEXEC,
    MemfdFlags::CLOEXEC.union(MemfdFlags::EXEC),
    MemfdFlags::CLOEXEC.union(MemfdFlags::NOEXEC_SEAL),
];

enum How {
    Path,
    Descriptor,
}

fn execute_memfd(flags: MemfdFlags, how: How) -> Outcome {
    let file = match program_in_memfd(flags) {
        Ok(file) => file,
        Err(error) => return stopped_by(&error),
    };
    match how {
        How::Path => execute(Path::new(&format!("/proc/self/fd/{}", file.as_raw_fd()))),
        How::Descriptor => replace_by(&file),
    }
}

fn program_in_memfd(flags: MemfdFlags) -> io::Result<File> {
    let mut file = File::from(memfd_create("coffer-probe", flags)?);
    file.write_all(&fs::read(SELF)?)?;
    // A sealed one refuses; whether it can be executed all the same is for the caller to see.
    let _sealed = file.set_permissions(Permissions::from_mode(0o755));
    // Executing a file that is open for writing is ETXTBSY, which would be the wrong reason.
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Becomes the memfd's program, which says for us that it ran.
fn replace_by(file: &File) -> Outcome {
    let errno = sys::attempt::execute_descriptor(file.as_fd(), [c"coffer-probe", c"landed", c"it ran"]);
    Outcome::stopped(errno_name(errno))
}
