//! Clouds.

use model::finding::Severity::{Critical, High, Medium};

use super::rule::{Rule, assigned, named, token};
use crate::secrets::check;

pub(super) static RULES: &[Rule] = &[
    token(
        "aws-access-key",
        "the id of an access key of AWS",
        High,
        &["AKIA", "ASIA", "ABIA", "ACCA"],
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
    )
    .checked(check::aws_id),
    named(
        "aws-secret-key",
        "a secret access key of AWS",
        Critical,
        &["aws_secret", "aws-secret", "awssecret", "secretaccesskey", "secret_access_key"],
        assigned!("aws_secret|aws-secret|awssecret|secret_?access_?key", "[0-9A-Za-z+/]{40}"),
    )
    .checked(check::chance),
    named(
        "aws-session-token",
        "a session token of AWS",
        High,
        &["aws_session_token", "sessiontoken"],
        assigned!("aws_session_token|sessiontoken", "[0-9A-Za-z+/=]{100,480}"),
    )
    .checked(check::chance)
    .reaching(1024),
    token(
        "aws-bedrock-key",
        "an API key of Amazon Bedrock",
        Critical,
        &["ABSK"],
        r"ABSK[0-9A-Za-z+/]{109,269}={0,2}",
    )
    .checked(check::chance),
    token("gcp-api-key", "an API key of Google", High, &["AIza"], r"AIza[0-9A-Za-z_-]{35}")
        .checked(check::chance),
    token(
        "gcp-client-secret",
        "an OAuth client secret of Google",
        High,
        &["GOCSPX-"],
        r"GOCSPX-[0-9A-Za-z_-]{28}",
    )
    .checked(check::chance),
    token(
        "gcp-access-token",
        "an access token of Google",
        Medium,
        &["ya29."],
        r"ya29\.[0-9A-Za-z_-]{60,400}",
    )
    .checked(check::chance),
    token("gcp-refresh-token", "a refresh token of Google", High, &["1//0"], r"1//0[0-9A-Za-z_-]{60,120}")
        .checked(check::chance),
    named(
        "azure-storage-key",
        "the key of an Azure storage account",
        Critical,
        &["accountkey="],
        r"(?i:accountkey)=([0-9A-Za-z+/]{86}==)",
    )
    .checked(check::base64),
    named(
        "azure-shared-key",
        "a shared access key of Azure",
        High,
        &["sharedaccesskey="],
        r"(?i:sharedaccesskey)=([0-9A-Za-z+/]{43}=)",
    )
    .checked(check::base64),
    named(
        "azure-signature",
        "a shared access signature of Azure",
        High,
        &["&sig=", "?sig="],
        r"[?&]sig=([0-9A-Za-z]{20,60}(?:%[0-9A-Fa-f]{2}[0-9A-Za-z]{0,43}){1,8})",
    )
    .checked(check::chance),
    named(
        "azure-client-secret",
        "a client secret of Entra ID",
        Critical,
        &["8q~", "7q~"],
        r"[78]Q~([0-9A-Za-z_~.-]{31,34})",
    )
    .checked(check::chance),
    token(
        "digitalocean-token",
        "a token of DigitalOcean",
        Critical,
        &["dop_v1_", "doo_v1_", "dor_v1_"],
        r"do[opr]_v1_[0-9a-f]{64}",
    )
    .checked(check::chance),
    token("alibaba-key", "the id of an access key of Alibaba", High, &["LTAI"], r"LTAI[0-9A-Za-z]{20}")
        .checked(check::chance),
    token("tencent-key", "the id of a secret of Tencent", High, &["AKID"], r"AKID[0-9A-Za-z]{32}")
        .checked(check::chance),
    token("yandex-key", "an API key of Yandex", High, &["AQVN"], r"AQVN[0-9A-Za-z_-]{35,38}")
        .checked(check::chance),
    token(
        "yandex-token",
        "a token of Yandex",
        High,
        &["t1."],
        r"t1\.[0-9A-Za-z_-]{20,200}\.[0-9A-Za-z_-]{86}",
    )
    .checked(check::chance),
    named(
        "ibm-key",
        "an API key of IBM Cloud",
        High,
        &["ibm", "bluemix"],
        assigned!("ibm|bluemix", "[0-9A-Za-z_-]{44}"),
    )
    .checked(check::chance),
    named(
        "hetzner-token",
        "a token of Hetzner",
        Critical,
        &["hcloud", "hetzner"],
        assigned!("hcloud|hetzner", "[0-9A-Za-z]{64}"),
    )
    .checked(check::chance),
    named("linode-token", "a token of Linode", Critical, &["linode"], assigned!("linode", "[0-9a-f]{64}"))
        .checked(check::chance),
    named(
        "scaleway-key",
        "a secret key of Scaleway",
        High,
        &["scw_secret", "scaleway"],
        assigned!("scw_secret|scaleway", "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    )
    .checked(check::chance),
    named(
        "cloudflare-token",
        "a token or key of Cloudflare",
        High,
        &["cloudflare", "cf_api"],
        assigned!("cloudflare|cf_api", "(?:[0-9A-Za-z_-]{40}|[0-9a-f]{37})"),
    )
    .checked(check::chance),
    token(
        "cloudflare-origin-key",
        "an origin CA key of Cloudflare",
        High,
        &["v1.0-"],
        r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}",
    )
    .checked(check::chance),
    token(
        "heroku-key",
        "an API key of Heroku",
        High,
        &["HRKU-"],
        r"HRKU-(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|AA[0-9A-Za-z_-]{56,58})",
    )
    .checked(check::chance),
    token(
        "fly-token",
        "a token of Fly.io",
        High,
        &["fm1r_", "fm1a_", "fm2_"],
        r"fm(?:1[ar]|2)_[0-9A-Za-z+/]{100,400}={0,3}",
    )
    .checked(check::chance)
    .reaching(1024),
    named("vercel-token", "a token of Vercel", High, &["vercel"], assigned!("vercel", "[0-9A-Za-z]{24}"))
        .checked(check::chance),
    token("netlify-token", "a token of Netlify", High, &["nfp_"], r"nfp_[0-9A-Za-z_]{36}")
        .checked(check::chance),
];
