//! Instructions that say how the image starts.

use model::upkeep::{Health, HealthCommand};

use super::*;

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A base that says everything.
fn full() -> Build {
    build().base(
        "full",
        ImageConfig {
            user: "app".into(),
            entrypoint: strings(&["/entry"]),
            cmd: strings(&["serve"]),
            env: strings(&["PATH=/bin", "A=1"]),
            working_dir: "srv".into(),
            exposed_ports: strings(&["80/tcp"]),
            volumes: strings(&["/data"]),
            stop_signal: "SIGINT".into(),
            labels: [("a".to_owned(), "1".to_owned())].into(),
            health: Health {
                command: Some(HealthCommand::Shell("ok".into())),
                interval: Some(5),
                ..Health::default()
            },
            shell: strings(&["/bin/bash", "-c"]),
            on_build: strings(&["ENV TRIGGERED=1"]),
            ..ImageConfig::default()
        },
    )
}

#[test]
fn a_base_is_inherited_but_for_what_it_asks_of_others() {
    let plan = full().plan("FROM full");
    let config = &plan.outcome.config;
    assert_eq!((config.user.as_str(), config.working_dir.as_str()), ("app", "/srv"));
    assert_eq!((&config.entrypoint, &config.cmd), (&strings(&["/entry"]), &strings(&["serve"])));
    assert_eq!(config.env, ["PATH=/bin", "A=1", "TRIGGERED=1"]);
    assert_eq!((&config.on_build, config.health.interval), (&Vec::new(), Some(5)));
    assert_eq!((config.os.as_str(), config.architecture.as_str()), ("linux", "amd64"));
}

#[test]
fn a_path_is_always_set() {
    let plan = build().base("bare", ImageConfig::default()).plan("FROM bare\nRUN x");
    assert_eq!(
        variable(&plan, "PATH").as_deref(),
        Some("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    );
}

#[test]
fn an_entry_point_takes_the_command_of_the_base_away() {
    let start = |text: &str| {
        let config = full().plan(&format!("FROM full\n{text}")).outcome.config;
        (config.entrypoint.join(" "), config.cmd.join(" "))
    };
    assert_eq!(start("ENTRYPOINT [\"/mine\"]"), ("/mine".into(), String::new()));
    assert_eq!(start("CMD [\"x\"]\nENTRYPOINT [\"/mine\"]"), ("/mine".into(), "x".into()));
    assert_eq!(start("ENTRYPOINT [\"/mine\"]\nCMD [\"x\"]"), ("/mine".into(), "x".into()));
    assert_eq!(start("CMD [\"x\"]"), ("/entry".into(), "x".into()));
    assert_eq!(start("ENTRYPOINT []"), (String::new(), String::new()));
    let stages = full().plan("FROM full AS a\nCMD [\"x\"]\nFROM a\nENTRYPOINT [\"/mine\"]").outcome.config;
    assert_eq!(stages.cmd, Vec::<String>::new(), "a command of the stage before is a base's");
}

#[test]
fn lines_are_for_the_shell_and_lists_are_not() {
    let config = full().plan("FROM full\nCMD echo  a\nENTRYPOINT [\"a b\", \"c\"]").outcome.config;
    assert_eq!(config.cmd, ["/bin/bash", "-c", "echo  a"]);
    assert_eq!(config.entrypoint, ["a b", "c"]);
    let config = super::config("SHELL [\"/bin/ash\", \"-e\", \"-c\"]\nENTRYPOINT run\nSHELL [\"/x\"]");
    assert_eq!(
        (config.entrypoint, config.shell),
        (strings(&["/bin/ash", "-e", "-c", "run"]), strings(&["/x"]))
    );
}

#[test]
fn a_shell_holds_for_what_follows() {
    let plan = plan("FROM base\nRUN a\nSHELL [\"/bin/bash\", \"-c\"]\nRUN b\nRUN [\"c\"]");
    let arguments: Vec<String> = runs(&plan).iter().map(|run| run.arguments.join(" ")).collect();
    assert_eq!(arguments, ["/bin/sh -c a", "/bin/bash -c b", "c"]);
}

#[test]
fn labels_are_added_and_replaced() {
    let labels = full().plan("FROM full\nLABEL a=2 b=\"x y\"\nLABEL c d e").outcome.config.labels;
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(labels, ["a=2", "b=x y", "c=d e"]);
}

#[test]
fn ports_are_added() {
    let plan = full().plan("FROM full\nENV P=\"9 10/udp\"\nEXPOSE 8080 8000-8001/TCP $P");
    let ports = ["10/udp", "80/tcp", "8000/tcp", "8001/tcp", "8080/tcp", "9/tcp"];
    assert_eq!(plan.outcome.config.exposed_ports, ports);
    assert!(error("FROM base\nEXPOSE http").starts_with("line 2: `http` is no port"));
}

#[test]
fn volumes_are_paths_or_a_list() {
    let config = full().plan("FROM full\nVOLUME /b /a\nVOLUME [\"/c d\"]").outcome.config;
    assert_eq!(config.volumes, ["/a", "/b", "/c d", "/data"]);
    assert!(error("FROM base\nVOLUME $NOTHING").contains("empty once its variables are replaced"));
}

#[test]
fn users_and_signals_replace_the_base_s() {
    let config = full().plan("FROM full\nUSER 1000:1000\nSTOPSIGNAL TERM").outcome.config;
    assert_eq!((config.user.as_str(), config.stop_signal.as_str()), ("1000:1000", "TERM"));
    assert!(error("FROM base\nSTOPSIGNAL SIGNOTHING").starts_with("line 2: `SIGNOTHING` is no signal"));
}

#[test]
fn a_health_check_replaces_the_whole_of_the_base_s() {
    let health = |text: &str| full().plan(&format!("FROM full\n{text}")).outcome.config.health;
    let check = health("HEALTHCHECK --timeout=1m30s --retries=2 CMD [\"ok\", \"$A\"]");
    let program = Some(HealthCommand::Program(strings(&["ok", "$A"])));
    assert_eq!(
        check,
        Health { command: program, timeout: Some(90_000), retries: Some(2), ..Health::default() }
    );
    let check = health("HEALTHCHECK CMD ok || exit 1");
    assert_eq!(check.command, Some(HealthCommand::Shell("ok || exit 1".into())));
    assert_eq!(health("HEALTHCHECK NONE").command, Some(HealthCommand::Disabled));
}

#[test]
fn a_maintainer_is_the_author() {
    let plan = plan("FROM base\nMAINTAINER Jo <jo@example.org>");
    assert_eq!(plan.outcome.author, "Jo <jo@example.org>");
}

#[test]
fn directories_are_relative_to_the_one_before() {
    let plan = full().plan("FROM full\nWORKDIR a\nWORKDIR ../b/./c\nUSER jo\nWORKDIR /d\nWORKDIR /");
    let paths: Vec<_> =
        directories(&plan).iter().map(|made| (made.path.as_str(), made.owner.as_str())).collect();
    assert_eq!(paths, [("/srv/a", "app"), ("/srv/b/c", "app"), ("/d", "jo")], "and are their user's");
    assert_eq!(plan.outcome.config.working_dir, "/");
    assert_eq!(directories(&super::plan("FROM base\nWORKDIR ../../x"))[0].path, "/x");
}

#[test]
fn history_has_a_line_for_each_instruction() {
    let plan = plan(
        "FROM base\nENV A=1 B=\"2 3\"\nLABEL l=m\nARG V=1\nEXPOSE 80 443\nVOLUME /v /w\nUSER u\nWORKDIR /d\n\
         STOPSIGNAL KILL\nSHELL [\"/bin/sh\", \"-c\"]\nCMD [\"a\", \"b \\\"c\\\"\"]\nENTRYPOINT run\n\
         HEALTHCHECK --interval=30s CMD true\nHEALTHCHECK NONE\nMAINTAINER me\nONBUILD RUN x\nRUN y\n\
         COPY --chown=1:1 --chmod=644 a b /c/\nADD <<E /e\nE\nWORKDIR /",
    );
    let expected = [
        "ENV A=1 B=2 3",
        "LABEL l=m",
        "ARG V",
        "EXPOSE [443/tcp 80/tcp]",
        "VOLUME [/v /w]",
        "USER u",
        "WORKDIR /d",
        "STOPSIGNAL KILL",
        "SHELL [/bin/sh -c]",
        "CMD [\"a\" \"b \\\"c\\\"\"]",
        "ENTRYPOINT [\"/bin/sh\" \"-c\" \"run\"]",
        "HEALTHCHECK {Test:[CMD-SHELL true] Interval:30s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}",
        "HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}",
        "MAINTAINER me",
        "RUN |1 V /bin/sh -c y",
        "COPY --chown=1:1 --chmod=644 a b /c/",
        "ADD <<E /e",
        "WORKDIR /",
    ];
    assert_eq!(history(&plan), expected);
    let layers: Vec<bool> = plan.outcome.history.iter().map(|line| line.step.is_some()).collect();
    let with: Vec<&str> =
        history(&plan).into_iter().zip(layers).filter(|(_, layer)| *layer).map(|(line, _)| line).collect();
    assert_eq!(with.iter().map(|line| &line[..4]).collect::<Vec<_>>(), ["WORK", "RUN ", "COPY", "ADD "]);
}

#[test]
fn a_blank_name_is_refused() {
    assert!(error("FROM base\nENV $NOTHING=1").starts_with("line 2: the name `$NOTHING` is empty"));
}
