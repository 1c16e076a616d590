//! Places where source is kept and built.

use model::finding::Severity::{Critical, High, Medium};

use super::rule::{Rule, assigned, named, token};
use crate::secrets::check;

pub(super) static RULES: &[Rule] = &[
    token(
        "github-token",
        "a token of GitHub",
        Critical,
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        r"gh[pousr]_[0-9A-Za-z]{36}",
    )
    .checked(check::base62_crc32),
    token(
        "github-fine-grained-token",
        "a token of GitHub",
        Critical,
        &["github_pat_"],
        r"github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}",
    )
    .checked(check::chance),
    token(
        "gitlab-token",
        "a token of GitLab",
        Critical,
        &[
            "glpat-", "gldt-", "glrt-", "glsoat-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-",
            "gloas-", "glffct-",
        ],
        r"gl(?:pat|dt|rt|soat|cbt|ptt|ft|imt|agent|oas|ffct)-[0-9A-Za-z_.-]{20,110}",
    )
    .checked(check::chance),
    token(
        "gitlab-runner-registration",
        "a registration token of GitLab runners",
        High,
        &["GR1348941"],
        r"GR1348941[0-9A-Za-z_-]{20}",
    )
    .checked(check::chance),
    token(
        "bitbucket-token",
        "an app password of Bitbucket",
        Critical,
        &["ATBB", "ATCTT3xFfG"],
        r"(?:ATBB[0-9A-Za-z]{32}|ATCTT3xFfG[0-9A-Za-z_=-]{170,200})",
    )
    .checked(check::chance),
    token(
        "atlassian-token",
        "an API token of Atlassian",
        Critical,
        &["ATATT3xFfGF"],
        r"ATATT3xFfGF[0-9A-Za-z_=-]{170,200}",
    )
    .checked(check::chance),
    named(
        "jira-token",
        "an API token of Jira or Confluence",
        High,
        &["jira", "confluence", "atlassian"],
        assigned!("jira|confluence|atlassian", "[0-9A-Za-z]{24}"),
    )
    .checked(check::chance),
    token(
        "docker-hub-token",
        "a token of Docker Hub",
        Critical,
        &["dckr_pat_", "dckr_oat_"],
        r"dckr_[po]at_[0-9A-Za-z_-]{27,32}",
    )
    .checked(check::chance),
    named(
        "circleci-token",
        "a token of CircleCI",
        High,
        &["circleci", "circle_token", "ccipat_"],
        concat!(
            "(?:",
            assigned!("circleci|circle_token", "[0-9a-f]{40}"),
            r"|CCIPAT_[0-9A-Za-z]{22}_[0-9a-f]{40})"
        ),
    )
    .checked(check::chance),
    named(
        "travis-token",
        "a token of Travis CI",
        High,
        &["travis"],
        assigned!("travis", "[0-9A-Za-z_-]{22}"),
    )
    .checked(check::chance),
    token("buildkite-token", "a token of Buildkite", High, &["bkua_"], r"bkua_[0-9a-f]{40}")
        .checked(check::chance),
    named(
        "codecov-token",
        "an upload token of Codecov",
        Medium,
        &["codecov"],
        assigned!("codecov", "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    )
    .checked(check::chance),
    token("sonar-token", "a token of SonarQube", High, &["squ_", "sqp_", "sqa_"], r"sq[upa]_[0-9a-f]{40}")
        .checked(check::chance),
    token(
        "sourcegraph-token",
        "a token of Sourcegraph",
        High,
        &["sgp_"],
        r"sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}",
    )
    .checked(check::chance),
    token(
        "terraform-token",
        "a token of Terraform Cloud",
        Critical,
        &[".atlasv1."],
        r"\.atlasv1\.([0-9A-Za-z_=-]{60,70})",
    )
    .anywhere()
    .checked(check::chance),
    token("pulumi-token", "a token of Pulumi", Critical, &["pul-"], r"pul-[0-9a-f]{40}")
        .checked(check::chance),
    token(
        "vault-token",
        "a token of HashiCorp Vault",
        Critical,
        &["hvs.", "hvb.", "hvr."],
        r"hv[sbr]\.[0-9A-Za-z_-]{24,300}",
    )
    .checked(check::chance),
    token(
        "doppler-token",
        "a token of Doppler",
        Critical,
        &["dp.pt.", "dp.st.", "dp.ct."],
        r"dp\.(?:pt|st|ct)\.(?:[a-z0-9_-]{2,35}\.)?[0-9A-Za-z]{40,44}",
    )
    .checked(check::chance),
    token("infracost-token", "a key of Infracost", Medium, &["ico-"], r"ico-[0-9A-Za-z]{32}")
        .checked(check::chance),
];
