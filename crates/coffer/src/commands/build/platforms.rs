//! Platforms of one build, each of which makes an image.

use engine::EngineError;
use engine::building::{BuildError, Built, Platform, host_platform};
use engine::ship::Member;
use model::reference::ImageName;

use crate::args::build::Build;
use crate::errors::Failure;
use crate::value::build::OutputForm;

/// What was asked for.
pub(super) struct Platforms {
    /// As they were said, each once; what nobody says is this host's.
    said: Vec<Platform>,
}

/// What was built.
pub(super) struct Made {
    /// The image that has the names.
    pub(super) main: Built,
    /// The image for each platform, in order, where there are several.
    pub(super) members: Vec<Member>,
}

/// Understands them, and refuses what only one image can become.
pub(super) fn of(build: &Build) -> Result<Platforms, Failure> {
    let mut said: Vec<Platform> = Vec::new();
    for text in &build.platforms {
        let platform = text.parse().map_err(BuildError::PlatformSyntax)?;
        if !said.contains(&platform) {
            said.push(platform);
        }
    }
    let is_one_file = |output: &&crate::value::build::Output| {
        output.form == OutputForm::Oci && output.destination.is_some()
    };
    if said.len() > 1 && !build.result.outputs.iter().all(|output| is_one_file(&output)) {
        let what = "several platforms become one image only where an image for several can be";
        return Err(Failure::usage(what, "--push, or --output type=oci,dest=FILE; or build them one by one"));
    }
    Ok(Platforms { said })
}

impl Platforms {
    /// One build each; the only one is what the request says.
    pub(super) fn turns(&self) -> Vec<Option<&Platform>> {
        if self.said.len() > 1 { self.said.iter().map(Some).collect() } else { vec![None] }
    }

    /// The names are those of the image that runs here, or of the first.
    pub(super) fn names(&self, build: &Build, platform: &Platform) -> Vec<ImageName> {
        if self.said.get(self.main()) == Some(platform) { build.names.clone() } else { Vec::new() }
    }

    /// What came of it, in the same order.
    pub(super) fn made(&self, built: Vec<Built>) -> Result<Made, Failure> {
        let member = |(platform, built): (&Platform, &Built)| Member {
            platform: platform.clone(),
            image: built.image.clone(),
        };
        let several = self.said.iter().zip(&built).filter(|_| self.said.len() > 1);
        let members = several.map(member).collect();
        let main = built.into_iter().nth(self.main());
        let source = std::io::ErrorKind::NotFound.into();
        let nothing = || EngineError::Io { doing: "find what was built", source };
        Ok(Made { main: main.ok_or_else(nothing)?, members })
    }

    fn main(&self) -> usize {
        let host = host_platform();
        self.said.iter().position(|platform| *platform == host).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        build: Build,
    }

    fn build(line: &str) -> Build {
        Line::try_parse_from(["build"].into_iter().chain(line.split(' '))).unwrap().build
    }

    #[test]
    fn each_platform_is_built_once_and_one_of_them_has_the_names() {
        let host = host_platform();
        let build = build(&format!("-t a:1 --platform linux/s390x,{host} --platform linux/s390x ."));
        let platforms = of(&build).unwrap();
        let turns: Vec<String> = platforms.turns().into_iter().flatten().map(ToString::to_string).collect();
        assert_eq!(turns, ["linux/s390x".to_owned(), host.to_string()]);
        assert_eq!(platforms.names(&build, &host).len(), 1);
        assert!(platforms.names(&build, &"linux/s390x".parse().unwrap()).is_empty());
    }

    #[test]
    fn one_platform_is_no_several() {
        for line in [".", "--platform linux/arm64 -o out .", "--platform linux/arm64,linux/aarch64 -o out ."]
        {
            assert_eq!(of(&build(line)).unwrap().turns(), [None], "{line}");
        }
    }

    #[test]
    fn files_are_those_of_one_platform() {
        for output in ["out", "-", "type=tar,dest=a", "type=docker,dest=a", "type=oci"] {
            let line = format!("--platform linux/amd64,linux/arm64 --output {output} .");
            assert!(of(&build(&line)).is_err(), "{output}");
        }
        assert!(of(&build("--platform linux/amd64,linux/arm64 --output type=oci,dest=a .")).is_ok());
        assert!(of(&build("--platform linux/amd64,nonsense .")).is_err());
    }
}
