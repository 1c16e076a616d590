//! Upkeep: what a monitor can do, and what would be asked of it in vain.

use model::image::Image;
use model::request::RunRequest;
use model::signal::Signal;
use model::upkeep::{Health, HealthCommand, Log, LogDriver, OnUnhealthy, Upkeep};

use super::ConfineError;

/// The smallest file of a log, in bytes: anything less is renamed at every line.
const LOG_SIZE_MIN: u64 = 1024;
/// Most files of a log: every reader looks at all of them.
const LOG_FILES_MAX: u32 = 1000;

/// Checks what the request wants of a monitor.
pub(super) fn check(request: &RunRequest, image: &Image) -> Result<(), ConfineError> {
    log(&request.upkeep.log)?;
    health(&request.upkeep, &image.config.health)?;
    stop(&request.upkeep)
}

fn log(log: &Log) -> Result<(), ConfineError> {
    let Log { driver, max_size, max_files } = log;
    let bounds = max_size.map(|size| format!("max-size={size}"));
    let bounds = bounds.or(max_files.map(|files| format!("max-file={files}")));
    if let (LogDriver::Journald | LogDriver::None, Some(bounds)) = (driver, bounds) {
        return Err(refused("--log-opt", bounds, "only the driver json-file has files"));
    }
    match (max_size, max_files) {
        (Some(size @ ..LOG_SIZE_MIN), _) => {
            Err(refused("--log-opt", format!("max-size={size}"), "it is at least 1k"))
        }
        (_, Some(files)) if !(1..=LOG_FILES_MAX).contains(files) => {
            Err(refused("--log-opt", format!("max-file={files}"), "it is 1 to 1000"))
        }
        _ => Ok(()),
    }
}

/// What is said about checks has to be about some.
fn health(upkeep: &Upkeep, image: &Health) -> Result<(), ConfineError> {
    let asked = &upkeep.health;
    let command = asked.over(image).command;
    if matches!(command, Some(HealthCommand::Program(_) | HealthCommand::Shell(_))) {
        return Ok(());
    }
    let why = "there is no health check: `--health-cmd` gives one";
    let times = [
        ("--health-interval", asked.interval),
        ("--health-timeout", asked.timeout),
        ("--health-start-period", asked.start_period),
        ("--health-start-interval", asked.start_interval),
    ];
    if let Some((option, time)) = times.iter().find_map(|(option, time)| Some((*option, (*time)?))) {
        return Err(refused(option, format!("{time}ms"), why));
    }
    if let Some(retries) = asked.retries {
        return Err(refused("--health-retries", retries.to_string(), why));
    }
    match upkeep.on_unhealthy {
        OnUnhealthy::Nothing => Ok(()),
        OnUnhealthy::Restart => Err(refused("--health-on-failure", "restart".to_owned(), why)),
        OnUnhealthy::Stop => Err(refused("--health-on-failure", "stop".to_owned(), why)),
        OnUnhealthy::Kill => Err(refused("--health-on-failure", "kill".to_owned(), why)),
    }
}

fn stop(upkeep: &Upkeep) -> Result<(), ConfineError> {
    if let Some(signal) = &upkeep.stop_signal
        && signal.parse::<Signal>().is_err()
    {
        return Err(refused("--stop-signal", signal.clone(), "it is no signal"));
    }
    match upkeep.stop_timeout {
        Some(seconds @ ..=-2) => {
            Err(refused("--stop-timeout", seconds.to_string(), "it is a number of seconds, or -1 for ever"))
        }
        _ => Ok(()),
    }
}

fn refused(option: &'static str, value: String, why: &'static str) -> ConfineError {
    ConfineError::Limit { option, value, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{image, request};

    fn verdict(change: impl FnOnce(&mut Upkeep)) -> Result<(), String> {
        let mut request = request();
        change(&mut request.upkeep);
        check(&request, &image()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_monitor_can_do_is_left_alone() {
        assert_eq!(verdict(|_| {}), Ok(()));
        assert_eq!(
            verdict(|upkeep| {
                upkeep.health.command = Some(HealthCommand::Shell("true".into()));
                upkeep.health.interval = Some(1);
                upkeep.on_unhealthy = OnUnhealthy::Kill;
                upkeep.log.max_size = Some(1024);
                upkeep.log.max_files = Some(1);
                upkeep.stop_signal = Some("RTMIN+3".into());
                upkeep.stop_timeout = Some(-1);
            }),
            Ok(())
        );
    }

    #[test]
    fn what_would_be_asked_in_vain_is_refused() {
        for (refused, beginning) in [
            (verdict(|upkeep| upkeep.log.max_size = Some(1023)), "`--log-opt max-size=1023` cannot be"),
            (verdict(|upkeep| upkeep.log.max_files = Some(0)), "`--log-opt max-file=0` cannot be"),
            (verdict(|upkeep| upkeep.log.max_files = Some(1001)), "`--log-opt max-file=1001` cannot be"),
            (
                verdict(|upkeep| {
                    upkeep.log = Log { driver: LogDriver::None, max_files: Some(2), ..Log::default() };
                }),
                "`--log-opt max-file=2` cannot be",
            ),
            (verdict(|upkeep| upkeep.health.timeout = Some(5)), "`--health-timeout 5ms` cannot be"),
            (verdict(|upkeep| upkeep.health.retries = Some(2)), "`--health-retries 2` cannot be"),
            (
                verdict(|upkeep| upkeep.on_unhealthy = OnUnhealthy::Stop),
                "`--health-on-failure stop` cannot be",
            ),
            (verdict(|upkeep| upkeep.stop_signal = Some("TERMINATE".into())), "`--stop-signal TERMINATE`"),
            (verdict(|upkeep| upkeep.stop_timeout = Some(-2)), "`--stop-timeout -2` cannot be"),
        ] {
            let error = refused.unwrap_err();
            assert!(error.starts_with(beginning), "{error}");
        }
    }

    #[test]
    fn an_image_s_check_is_one_unless_it_is_left_out() {
        let mut image = image();
        image.config.health.command = Some(HealthCommand::Shell("true".into()));
        let mut request = request();
        request.upkeep.health.interval = Some(5);
        assert_eq!(check(&request, &image), Ok(()));
        request.upkeep.health.command = Some(HealthCommand::Disabled);
        assert!(check(&request, &image).is_err());
    }
}
