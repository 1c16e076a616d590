//! From options to the one value that is judged and carried out.

use model::request::RunRequest;
use model::verdict::Level;

use super::super::run::{Ask, Assess, Make};
use super::Answers;
use super::walls::SecurityOption;
use crate::errors::Failure;

impl Make {
    /// The request that each start will be judged by; `site` is the level where nobody asked for one.
    pub(crate) fn request(self, site: Level) -> Result<RunRequest, Failure> {
        if self.remove {
            self.ask.upkeep.check_removal()?;
        }
        let mut words = self.words.into_iter();
        let image = words.next().unwrap_or_default();
        let request = self.ask.request(image, site)?;
        let (interactive, tty, remove) = (self.interactive, self.tty, self.remove);
        Ok(RunRequest { command: words.collect(), interactive, tty, remove, ..request })
    }
}

impl Assess {
    /// The request that would be judged if it were run.
    pub(crate) fn request(self, site: Level) -> Result<RunRequest, Failure> {
        self.ask.request(self.image, site)
    }
}

impl Ask {
    fn request(mut self, image: String, site: Level) -> Result<RunRequest, Failure> {
        let mounts = self.storage.mounts();
        let (process, storage, walls) = (self.process, self.storage, self.walls);
        Ok(RunRequest {
            image,
            env: process.variables.resolved()?,
            mounts,
            devices: storage.device,
            read_only: storage.read_only,
            mutable: storage.mutable,
            shm_size: storage.shm_size,
            host_namespaces: walls.host_namespaces(),
            seccomp_unconfined: walls.security_opt.contains(&SecurityOption::SeccompUnconfined),
            network: walls.network.unwrap_or_default(),
            publish: walls.publish.into_iter().flatten().collect(),
            publish_all: walls.publish_all,
            cap_add: walls.cap_add,
            cap_drop: walls.cap_drop,
            privileged: walls.privileged,
            sysctls: walls.sysctl.into_iter().map(|pair| (pair.name, pair.value)).collect(),
            limits: self.limits.limits(),
            ulimits: self.limits.ulimit,
            upkeep: self.upkeep.upkeep(),
            level: self.answers.policy.unwrap_or(site),
            answers: self.answers.answers(),
            labels: process.label.into_iter().map(|pair| (pair.name, pair.value)).collect(),
            working_dir: process.workdir,
            user: process.user,
            groups: process.group_add,
            entrypoint: process.entrypoint,
            name: process.name,
            hostname: process.hostname,
            ..RunRequest::default()
        })
    }
}

impl Answers {
    fn answers(&self) -> model::request::Answers {
        model::request::Answers { tenants: self.tenants, data: self.data, exposure: self.exposure }
    }
}
