//! What a person asks for, against what an image wants: judged in all its parts without harm. Each line
//! is one option: a letter that says which, and its value.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use model::digest::Digest;
use model::image::{Image, ImageConfig, ImageFacts};
use model::request::{Access, ExecMode, MountRequest, MountSource, RunRequest, Ulimit};

fuzz_target!(|text: &str| {
    let (mut request, mut config) = (RunRequest::default(), ImageConfig::default());
    for line in text.lines() {
        add(line, &mut request, &mut config);
    }
    let _refused = policy::confine::validate(&request, &image(config));
});

fn add(line: &str, request: &mut RunRequest, config: &mut ImageConfig) {
    let Some((option, value)) = line.split_at_checked(1) else { return };
    let text = value.to_owned();
    match option {
        "c" => request.command.push(text),
        "e" => request.env.push(text),
        "w" => request.working_dir = Some(text),
        "u" => request.user = Some(text),
        "d" => request.devices.push(text),
        "+" => request.cap_add.push(text),
        "-" => request.cap_drop.push(text),
        "v" => request.mounts.push(mount(text)),
        "s" => drop(value.split_once('=').map(|(name, set)| request.sysctls.insert(name.into(), set.into()))),
        "l" => request.ulimits.extend(ulimit(value)),
        "m" => request.limits.memory = value.parse().ok(),
        "M" => request.limits.memory_swap = value.parse().ok(),
        "p" => request.limits.pids = value.parse().ok(),
        "P" => request.limits.cpu_millis = value.parse().ok(),
        "o" => request.limits.oom_score_adj = value.parse().ok(),
        "C" => request.limits.cpuset = Some(text),
        "S" => request.shm_size = value.parse().ok(),
        "E" => config.env.push(text),
        "W" => config.working_dir = text,
        "V" => config.volumes.push(text),
        "U" => config.user = text,
        _ => config.cmd.push(text),
    }
}

fn mount(target: String) -> MountRequest {
    MountRequest {
        source: MountSource::Tmpfs { size: None, mode: None },
        target,
        access: Access::ReadWrite,
        exec: ExecMode::Refused,
        asked_by: "--tmpfs".to_owned(),
    }
}

fn ulimit(text: &str) -> Option<Ulimit> {
    let mut fields = text.split(':');
    let name = fields.next()?.to_owned();
    Some(Ulimit { name, soft: fields.next()?.parse().ok()?, hard: fields.next()?.parse().ok()? })
}

fn image(config: ImageConfig) -> Image {
    let digest = Digest::of(b"");
    Image {
        digest,
        config_digest: digest,
        names: Vec::new(),
        size: 0,
        created: None,
        imported: 0,
        layers: Vec::new(),
        config,
        facts: ImageFacts::default(),
        history: Vec::new(),
    }
}
