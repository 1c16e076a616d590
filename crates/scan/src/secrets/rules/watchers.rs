//! Those that watch, measure and wake people.

use model::finding::Severity::{High, Low, Medium};

use super::rule::{Rule, assigned, named, token};
use crate::secrets::check;

pub(super) static RULES: &[Rule] = &[
    named(
        "datadog-key",
        "a key of Datadog",
        High,
        &["datadog", "dd_api_key", "dd_app_key"],
        assigned!("datadog|dd_api_key|dd_app_key", "(?:[0-9a-f]{40}|[0-9a-f]{32})"),
    )
    .checked(check::chance),
    token("newrelic-key", "a key of New Relic", High, &["NRAK-"], r"NRAK-[0-9A-Z]{27}")
        .checked(check::chance),
    named(
        "newrelic-licence",
        "a licence key of New Relic",
        Medium,
        &["new_relic", "newrelic"],
        assigned!("new_?relic", "(?:[0-9a-f]{36}NRAL|eu01xx[0-9a-f]{30}NRAL)"),
    )
    .checked(check::chance),
    token(
        "grafana-token",
        "a token of Grafana",
        High,
        &["glsa_", "glc_"],
        r"(?:glsa_[0-9A-Za-z]{32}_[0-9a-f]{8}|glc_eyJ[0-9A-Za-z+/]{60,400}={0,2})",
    )
    .checked(check::chance),
    token(
        "sentry-token",
        "a token of Sentry",
        High,
        &["sntrys_eyJ", "sntryu_"],
        r"(?:sntryu_[0-9a-f]{64}|sntrys_eyJ[0-9A-Za-z+/=]{60,400}_[0-9A-Za-z+/]{43})",
    )
    .checked(check::chance),
    named(
        "pagerduty-key",
        "a key of PagerDuty",
        High,
        &["pagerduty", "pd_api"],
        assigned!("pagerduty|pd_api", "(?:[uy]\\+[0-9A-Za-z_-]{18}|[0-9a-f]{32})"),
    )
    .checked(check::chance),
    named(
        "opsgenie-key",
        "a key of Opsgenie",
        High,
        &["opsgenie"],
        assigned!("opsgenie", "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    )
    .checked(check::chance),
    token(
        "dynatrace-token",
        "a token of Dynatrace",
        High,
        &["dt0c01.", "dt0s01."],
        r"dt0[cs]01\.[0-9A-Z]{8,24}\.[0-9A-Z]{64}",
    )
    .checked(check::chance),
    token("elastic-key", "an API key of Elastic", High, &["essu_"], r"essu_[0-9A-Za-z+/_-]{40,200}={0,2}")
        .checked(check::chance),
    token("posthog-key", "a personal key of PostHog", High, &["phx_"], r"phx_[0-9A-Za-z_-]{43,48}")
        .checked(check::chance),
    named(
        "sumologic-key",
        "an access key of Sumo Logic",
        High,
        &["sumo"],
        assigned!("sumo", "[0-9A-Za-z]{64}"),
    )
    .checked(check::chance),
    named(
        "honeycomb-key",
        "a key of Honeycomb",
        Medium,
        &["honeycomb"],
        assigned!("honeycomb", "(?:hc[abi][a-z0-9]{2}_[0-9a-z]{58}|[0-9A-Za-z]{22}|[0-9a-f]{32})"),
    )
    .checked(check::chance),
    named("bugsnag-key", "a key of Bugsnag", Low, &["bugsnag"], assigned!("bugsnag", "[0-9a-f]{32}"))
        .checked(check::chance),
    named("rollbar-token", "a token of Rollbar", Medium, &["rollbar"], assigned!("rollbar", "[0-9a-f]{32}"))
        .checked(check::chance),
    named(
        "logdna-key",
        "a key of LogDNA",
        Medium,
        &["logdna", "mezmo"],
        assigned!("logdna|mezmo", "[0-9a-f]{32}"),
    )
    .checked(check::chance),
    named(
        "splunk-token",
        "a collector's token of Splunk",
        Medium,
        &["splunk", "hec_token"],
        assigned!("splunk|hec_token", "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"),
    )
    .checked(check::chance),
];
