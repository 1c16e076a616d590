//! Everything else that is rented: identity, models, search, features, data.

use model::finding::Severity::{Critical, High, Medium};

use super::rule::{Rule, assigned, named, token};
use crate::secrets::check;

pub(super) static RULES: &[Rule] = &[
    token(
        "anthropic-key",
        "a key of Anthropic",
        High,
        &["sk-ant-"],
        r"sk-ant-(?:api|admin|oat|sid)\d{2}-[0-9A-Za-z_-]{80,120}",
    )
    .checked(check::chance),
    token(
        "openai-key",
        "a key of OpenAI",
        High,
        &["sk-"],
        r"sk-(?:proj-|svcacct-|admin-|None-)?[0-9A-Za-z_-]{20,100}T3BlbkFJ[0-9A-Za-z_-]{20,100}",
    )
    .checked(check::chance),
    token("openrouter-key", "a key of OpenRouter", High, &["sk-or-v1-"], r"sk-or-v1-[0-9a-f]{64}")
        .checked(check::chance),
    token(
        "huggingface-token",
        "a token of Hugging Face",
        High,
        &["hf_", "api_org_"],
        r"(?:hf_|api_org_)[0-9A-Za-z]{34}",
    )
    .checked(check::letters),
    token("groq-key", "a key of Groq", High, &["gsk_"], r"gsk_[0-9A-Za-z]{52}").checked(check::chance),
    token("replicate-token", "a token of Replicate", High, &["r8_"], r"r8_[0-9A-Za-z]{37}")
        .checked(check::chance),
    token("perplexity-key", "a key of Perplexity", High, &["pplx-"], r"pplx-[0-9A-Za-z]{48}")
        .checked(check::chance),
    token("xai-key", "a key of xAI", High, &["xai-"], r"xai-[0-9A-Za-z]{70,90}").checked(check::chance),
    named(
        "cohere-key",
        "a key of Cohere",
        High,
        &["cohere", "co_api_key"],
        assigned!("cohere|co_api_key", "[0-9A-Za-z]{40}"),
    )
    .checked(check::chance),
    named("mistral-key", "a key of Mistral", High, &["mistral"], assigned!("mistral", "[0-9A-Za-z]{32}"))
        .checked(check::chance),
    token(
        "langsmith-key",
        "a key of LangSmith",
        High,
        &["lsv2_"],
        r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
    )
    .checked(check::chance),
    named("wandb-key", "a key of Weights & Biases", High, &["wandb"], assigned!("wandb", "[0-9a-f]{40}"))
        .checked(check::chance),
    named(
        "okta-token",
        "a token of Okta",
        Critical,
        &["okta", "ssws "],
        assigned!("okta|ssws", "00[0-9A-Za-z_-]{40}"),
    )
    .checked(check::chance),
    named(
        "auth0-secret",
        "a client secret of Auth0",
        High,
        &["auth0"],
        assigned!("auth0", "[0-9A-Za-z_-]{64}"),
    )
    .checked(check::chance),
    token(
        "1password-token",
        "a service account's token of 1Password",
        Critical,
        &["ops_eyJ"],
        r"ops_eyJ[0-9A-Za-z+/_-]{200,480}={0,2}",
    )
    .checked(check::chance),
    named(
        "launchdarkly-key",
        "a key of LaunchDarkly",
        High,
        &["launchdarkly", "ld_sdk"],
        assigned!("launchdarkly|ld_sdk", "(?:sdk|api|mob)-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    )
    .checked(check::chance),
    named(
        "algolia-key",
        "an admin key of Algolia",
        Medium,
        &["algolia"],
        assigned!("algolia", "[0-9a-f]{32}"),
    )
    .checked(check::chance),
    token(
        "firebase-key",
        "a server key of Firebase",
        High,
        &["AAAA"],
        r"AAAA[0-9A-Za-z_-]{7}:APA91b[0-9A-Za-z_-]{134}",
    )
    .checked(check::chance),
    token(
        "databricks-token",
        "a token of Databricks",
        Critical,
        &["dapi", "dose", "dkea"],
        r"(?:dapi|dose|dkea)[0-9a-f]{32}(?:-\d)?",
    )
    .checked(check::chance),
    named(
        "snowflake-password",
        "a password of Snowflake",
        Critical,
        &["snowflake_password", "snowsql_pwd"],
        assigned!("snowflake_password|snowsql_pwd", r#"[^\s"'`$<{]{8,64}"#),
    )
    .checked(check::password),
    token(
        "planetscale-token",
        "a password or token of PlanetScale",
        Critical,
        &["pscale_"],
        r"pscale_(?:tkn|oauth|pw)_[0-9A-Za-z_.-]{32,64}",
    )
    .checked(check::chance),
    token(
        "supabase-key",
        "a secret key of Supabase",
        Critical,
        &["sb_secret_", "sbp_"],
        r"(?:sb_secret_[0-9A-Za-z_-]{30,40}|sbp_[0-9a-f]{40})",
    )
    .checked(check::chance),
    token("neon-key", "a key of Neon", Critical, &["napi_"], r"napi_[0-9a-z]{64}").checked(check::chance),
    named(
        "confluent-secret",
        "a secret of Confluent",
        High,
        &["confluent"],
        assigned!("confluent", "(?:cflt)?[0-9A-Za-z+/]{60,64}"),
    )
    .checked(check::chance),
    token("airtable-token", "a token of Airtable", High, &["pat"], r"pat[0-9A-Za-z]{14}\.[0-9a-f]{64}")
        .checked(check::chance),
    token(
        "notion-token",
        "a token of Notion",
        High,
        &["ntn_", "secret_"],
        r"(?:ntn_[0-9]{11}[0-9A-Za-z]{35}|secret_[0-9A-Za-z]{43})",
    )
    .checked(check::chance),
    token("linear-key", "a key of Linear", High, &["lin_api_"], r"lin_api_[0-9A-Za-z]{40}")
        .checked(check::chance),
    token("postman-key", "a key of Postman", High, &["PMAK-"], r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}")
        .checked(check::chance),
    token("figma-token", "a token of Figma", High, &["figd_"], r"figd_[0-9A-Za-z_-]{40,48}")
        .checked(check::chance),
    named(
        "asana-token",
        "a token of Asana",
        High,
        &["asana"],
        assigned!("asana", "(?:\\d/\\d{16}(?:/\\d{16})?:)?[0-9a-f]{32}"),
    )
    .checked(check::chance),
    token("dropbox-token", "a token of Dropbox", High, &["sl."], r"sl\.(?:u\.)?[0-9A-Za-z_-]{130,400}")
        .checked(check::chance)
        .reaching(600),
    token("contentful-token", "a token of Contentful", High, &["CFPAT-"], r"CFPAT-[0-9A-Za-z_-]{43}")
        .checked(check::chance),
    token(
        "hubspot-token",
        "a token of HubSpot",
        High,
        &["pat-na1-", "pat-eu1-"],
        r"pat-(?:na|eu)1-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}",
    )
    .checked(check::chance),
    token(
        "mapbox-token",
        "a secret token of Mapbox",
        High,
        &["sk.eyJ"],
        r"sk\.eyJ[0-9A-Za-z_-]{60,120}\.[0-9A-Za-z_-]{22}",
    )
    .checked(check::chance),
    named("fastly-token", "a token of Fastly", High, &["fastly"], assigned!("fastly", "[0-9A-Za-z_-]{32}"))
        .checked(check::chance),
    token(
        "tailscale-key",
        "a key of Tailscale",
        Critical,
        &["tskey-"],
        r"tskey-(?:auth|api|client|scim|webhook)-[0-9A-Za-z]{8,20}-[0-9A-Za-z]{20,40}",
    )
    .checked(check::chance),
    named(
        "ngrok-token",
        "a token of ngrok",
        High,
        &["ngrok"],
        assigned!("ngrok", "2[0-9A-Za-z]{26}_[0-9A-Za-z]{20,24}"),
    )
    .checked(check::chance),
];
