//! One guest, from its boot to its end.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::job::{self, Console, Job};
use super::kernel::Kernel;
use super::options::{Guest, Settings};
use super::place::{Desk, Place};
use super::share::Share;
use crate::shell::{self, Outcome};

/// Emulated, everywhere alike. With `cx16`, or on the machine `q35`, Linux 6.12 hangs in its boot.
const MACHINE: &[&str] = &[
    "-machine",
    "pc,accel=tcg,memory-backend=memory",
    "-cpu",
    "qemu64,-cx16,+ssse3,+sse4.1,+sse4.2,+popcnt",
    "-smp",
    "1",
    "-display",
    "none",
    "-monitor",
    "none",
    "-nic",
    "none",
    "-no-reboot",
];

/// Nothing that is waited for takes longer, even without acceleration. Whoever sits at a shell is not
/// hurried.
const PATIENCE: Duration = Duration::from_secs(1800);

/// How much of a console is shown of a guest that came to a bad end.
const TAIL: usize = 40;

/// Boots a guest, has it do the jobs, and gives their exit status.
pub(super) fn run(
    place: &Place,
    kernel: &Kernel,
    image: &Path,
    settings: &Settings,
    jobs: &[Job],
    console: Console,
) -> Outcome<u8> {
    let desk = place.desk()?;
    desk.write("job", &job::script(jobs))?;
    desk.write("status", "")?;
    let shares = Share::all(&desk)?;
    let mut command = shell::program("setpriv", ["--pdeathsig=KILL", "qemu-system-x86_64"]);
    command.current_dir(desk.directory()).args(MACHINE).arg("-kernel").arg(kernel.image());
    disk(&mut command, image);
    memory(&mut command, settings.memory);
    shared(&mut command, &shares);
    ports(&mut command, console);
    command.arg("-append").arg(line(&desk, settings, &shares, console).join(" "));
    let mut guest = command.spawn().map_err(|error| format!("cannot run qemu-system-x86_64: {error}"))?;
    let patience = if console == Console::Ours { None } else { Some(PATIENCE) };
    wait(&mut guest, settings.timeout.or(patience)).map_err(|message| with_console(&message, &desk))?;
    status(&desk)
}

/// What is written to it goes away with the guest.
fn disk(command: &mut Command, image: &Path) {
    let file = image.display().to_string().replace(',', ",,");
    command.arg("-drive").arg(format!("file={file},if=none,id=disk,format=raw,snapshot=on,cache=unsafe"));
    command.args(["-device", "nvme,serial=lab,drive=disk"]);
}

/// Shared with whoever serves directories.
fn memory(command: &mut Command, mebibytes: u32) {
    let size = format!("{mebibytes}M");
    command.args(["-m", &size, "-object"]);
    command.arg(format!("memory-backend-memfd,id=memory,size={size},share=on"));
}

fn shared(command: &mut Command, shares: &[Share]) {
    for (number, share) in shares.iter().enumerate() {
        command.arg("-chardev").arg(format!("socket,id=share{number},path={}", share.socket));
        command.arg("-device").arg(format!("vhost-user-fs-pci,chardev=share{number},tag=share{number}"));
    }
}

/// The console, and two more ways out: what a job prints, and its status.
fn ports(command: &mut Command, console: Console) {
    match console {
        Console::Ours => command.args(["-serial", "mon:stdio"]),
        // QEMU opens its standard output anew: a pipe of ours can be, whatever our own output is.
        Console::Kept => {
            command.args(["-serial", "file:console"]).stdin(Stdio::null()).stdout(Stdio::piped())
        }
    };
    command.args(["-device", "virtio-serial"]);
    for (name, file) in [("output", "/dev/stdout"), ("status", "status")] {
        if name == "output" && console == Console::Ours {
            continue;
        }
        command.arg("-chardev").arg(format!("file,id={name},path={file}"));
        command.arg("-device").arg(format!("virtserialport,chardev={name},name={name}"));
    }
}

/// The kernel's command line.
fn line(desk: &Desk, settings: &Settings, shares: &[Share], console: Console) -> Vec<String> {
    let mut words = ["console=ttyS0", "panic=-1", "nohz=off", "root=/dev/nvme0n1", "rw", "cgroup_no_v1=all"]
        .map(str::to_owned)
        .to_vec();
    words.extend(shares.iter().map(|share| format!("lab.share={}", share.directory.display())));
    words.push(format!("lab.job={}", desk.path("job").display()));
    match settings.guest {
        Guest::Quick => words.push("init=/usr/lib/lab/init".to_owned()),
        Guest::Systemd => words.push("systemd.show_status=false".to_owned()),
        Guest::Rootless => words.extend(["systemd.show_status=false", "lab.user=tester"].map(str::to_owned)),
    }
    let modules = modules(settings.lsm.as_deref().unwrap_or("apparmor"));
    words.extend([format!("lsm={modules}"), format!("lab.lsm={modules}")]);
    if console == Console::Ours {
        words.extend(["quiet".to_owned(), format!("lab.size={}", size())]);
    }
    words.extend(settings.append.iter().cloned());
    words
}

/// Security modules in the kernel's order: those that every guest has, and the chosen ones, of which `none`
/// is none.
fn modules(chosen: &str) -> String {
    let mut modules: Vec<&str> = ["landlock", "lockdown", "yama"].to_vec();
    for module in chosen.split(',').chain(["bpf"]) {
        if module != "none" && !modules.contains(&module) {
            modules.push(module);
        }
    }
    modules.join(",")
}

/// Our terminal's rows and columns.
fn size() -> String {
    let said = Command::new("stty").arg("size").stdin(Stdio::inherit()).output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().replace(' ', "x"));
    said.ok().filter(|size| size.contains('x')).unwrap_or_else(|| "24x80".to_owned())
}

/// Passes on what the guest prints, until it ends or its time does.
fn wait(guest: &mut Child, timeout: Option<Duration>) -> Outcome {
    let output = guest.stdout.take();
    let relay = output
        .map(|mut output| std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::stdout())));
    let begun = Instant::now();
    let ended = loop {
        match guest.try_wait().map_err(|error| format!("cannot wait for QEMU: {error}"))? {
            Some(status) if status.success() => break Ok(()),
            Some(status) => break Err(format!("QEMU failed ({status})")),
            None => {}
        }
        if let Some(timeout) = timeout.filter(|timeout| begun.elapsed() > *timeout) {
            let _reaped = guest.kill().and_then(|()| guest.wait());
            break Err(format!("the guest was still at it after {} s and was killed", timeout.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if let Some(relay) = relay {
        let _copied = relay.join();
    }
    ended
}

fn status(desk: &Desk) -> Outcome<u8> {
    let said = desk.read("status");
    match said.trim().parse::<u8>() {
        Ok(code) => Ok(code),
        Err(_) if desk.read("console").contains("Kernel panic") => {
            Err(with_console("the guest's kernel panicked", desk))
        }
        Err(_) => Err(with_console("the guest ended before its job did", desk)),
    }
}

fn with_console(message: &str, desk: &Desk) -> String {
    let console = desk.read("console");
    let lines: Vec<&str> = console.lines().collect();
    let tail = lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default();
    if tail.is_empty() { message.to_owned() } else { format!("{message}; its console:\n{}", tail.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_modules_are_added_once() {
        assert_eq!(modules("apparmor"), "landlock,lockdown,yama,apparmor,bpf");
        assert_eq!(modules("none"), "landlock,lockdown,yama,bpf");
        assert_eq!(modules("bpf,selinux"), "landlock,lockdown,yama,bpf,selinux");
    }
}
