//! `system restore|stop|install-units`

use engine::session::Purpose;
use engine::site::Invoker;
use serde::Serialize;

use crate::args::system::{InstallUnits, Restore, Stop};
use crate::commands::lifecycle::{each, start_behind};
use crate::commands::{Act, Entry, Life, act, options};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::text;
use crate::units::{self, Manager};
use crate::{session, site};

pub(in crate::commands) const RESTORE: Entry = Entry {
    words: &["system", "restore"],
    aliases: &[],
    life: Life::Itself,
    about: "Start the containers that should run and do not, as after a boot",
    examples: [
        ("coffer system restore", "and print their names"),
        ("coffer system install-units", "have it done at every boot"),
    ],
    notes: "\
Those with --restart always, also if somebody had stopped them before the boot; those with unless-stopped,
if nobody had; those with on-failure, if nobody had and they did not end with exit code 0.",
    codes: ExitCodes::Ordinary,
    options: options::<Restore>,
    act: act::<Restore>,
};

pub(in crate::commands) const STOP: Entry = Entry {
    words: &["system", "stop"],
    aliases: &[],
    life: Life::Itself,
    about: "End all containers, the latest first, so that restore brings them back",
    examples: [("coffer system stop", "as before a shutdown"), ("coffer system restore", "and back again")],
    notes: "Each is asked with its stop signal, and killed after its stop timeout.",
    codes: ExitCodes::Ordinary,
    options: options::<Stop>,
    act: act::<Stop>,
};

pub(in crate::commands) const INSTALL: Entry = Entry {
    words: &["system", "install-units"],
    aliases: &[],
    life: Life::Itself,
    about: "Have systemd bring containers back after a boot, and end them before the next",
    examples: [
        ("sudo coffer system install-units", "for root's containers"),
        ("coffer system install-units --print", "what would be written, for one's own"),
    ],
    notes: "\
One unit, coffer-restore.service: `coffer system restore` when it starts, `coffer system stop` when it
ends. Where systemctl cannot be called, what to type is printed instead.",
    codes: ExitCodes::Ordinary,
    options: options::<InstallUnits>,
    act: act::<InstallUnits>,
};

impl Act for Restore {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let site = site::site()?;
        session::hold(session::begin(&site, Purpose::Start)?);
        let engine = site::enter(site.clone())?;
        let names: Vec<String> = engine.to_restore()?.into_iter().map(|record| record.name).collect();
        each(&names, context, |name| start_behind(&engine, &site, name))
    }
}

impl Act for Stop {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let names = site::open()?.halt()?;
        context.show(|| &names, || names.iter().map(|name| format!("{name}\n")).collect())?;
        Ok(0)
    }
}

/// `--format json` of `coffer system install-units`.
#[derive(Debug, Serialize)]
struct InstalledJson {
    unit: String,
    commands: Vec<String>,
}

impl Act for InstallUnits {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let invoker = site::site()?.invoker;
        let manager = self.manager(invoker);
        let unit = units::text(manager, &site::program()?, &site::explicit());
        if self.print {
            return context.print(&unit).map(|()| 0);
        }
        let directory = manager.directory()?;
        let path = directory.join(units::NAME);
        std::fs::create_dir_all(&directory)
            .and_then(|()| std::fs::write(&path, unit))
            .map_err(|error| Failure::file("write", &path, &error))?;
        let mut commands = manager.commands().to_vec();
        if manager.is_there(invoker) {
            commands.drain(..).try_for_each(|command| units::run(&command))?;
        }
        if let Some(linger) = lingering(manager, invoker) {
            commands.push(linger);
        }
        let unit = path.display().to_string();
        let next = || commands.iter().map(|command| format!("  type: {command}\n")).collect::<String>();
        context.show(
            || InstalledJson { unit: unit.clone(), commands: commands.clone() },
            || format!("{}\n{}", text::plain(&unit), next()),
        )?;
        Ok(0)
    }
}

impl InstallUnits {
    fn manager(&self, invoker: Invoker) -> Manager {
        match (self.user, self.system, invoker) {
            (true, _, _) | (_, false, Invoker::Rootless { .. }) => Manager::User,
            _ => Manager::System,
        }
    }
}

/// A user's systemd begins with their first login, unless they linger (loginctl(1)).
fn lingering(manager: Manager, invoker: Invoker) -> Option<String> {
    let Invoker::Rootless { uid, .. } = invoker else { return None };
    let name = engine::site::user_name(uid);
    let lingers = std::path::Path::new("/var/lib/systemd/linger").join(&name).exists();
    (manager == Manager::User && !lingers).then(|| format!("sudo loginctl enable-linger {name}"))
}
