//! `registry gc|stats|verify`

use std::sync::Mutex;

use engine::serving::Repair;

use super::settings::settings;
use crate::args::registry::{Collect, Stats, Verify};
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::progress::Measuring;
use crate::render::{registry, time};
use crate::site;

impl Act for Collect {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let engine = site::open()?;
        let told = match self.dry_run {
            true => registry::CollectedJson::rehearsed(&engine.registry_rehearse(&settings, time::seconds)?),
            false => registry::CollectedJson::done(&engine.registry_collect(&settings, time::seconds)?),
        };
        context.show(|| &told, || told.text())?;
        Ok(0)
    }
}

impl Act for Stats {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let stats = site::open()?.registry_stats(&settings, time::seconds)?;
        context.show(|| stats, || registry::stats(&stats))?;
        Ok(0)
    }
}

impl Act for Verify {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings(&self.place)?;
        let repair = if self.repair { Repair::Yes } else { Repair::No };
        let measuring = Mutex::new(Measuring::new());
        let progress = |bytes: u64| {
            if let Ok(mut measuring) = measuring.lock() {
                measuring.counted(bytes);
            }
        };
        let verified = site::open()?.registry_verify(&settings, repair, time::seconds, &progress)?;
        drop(measuring);
        let told = registry::VerifiedJson::new(&verified);
        context.show(|| &told, || told.text(self.repair))?;
        Ok(u8::from(!verified.findings.is_empty()))
    }
}
