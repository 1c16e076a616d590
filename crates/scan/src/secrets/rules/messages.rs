//! Messengers and mail.

use model::finding::Severity::{High, Medium};

use super::rule::{Rule, assigned, named, token};
use crate::secrets::check;

pub(super) static RULES: &[Rule] = &[
    token(
        "slack-token",
        "a token of Slack",
        High,
        &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxc-", "xoxd-", "xoxe."],
        r"xox(?:[abcdeprs]-(?:\d-)?[0-9A-Za-z%]{8,16}-[0-9A-Za-z%-]{16,250}|e\.xox[bp]-\d-[0-9A-Za-z]{100,200})",
    )
    .checked(check::chance),
    token("slack-app-token", "an app token of Slack", High, &["xapp-"], r"xapp-\d-[0-9A-Z]{9,14}-\d{9,16}-[0-9a-f]{64}")
        .checked(check::chance),
    token(
        "slack-webhook",
        "a webhook of Slack",
        Medium,
        &["hooks.slack.com/"],
        r"hooks\.slack\.com/(?:services/T[0-9A-Z]{7,12}/B[0-9A-Z]{7,12}/|workflows/T[0-9A-Z]{7,12}/A[0-9A-Z]{7,12}/[0-9]{8,20}/|triggers/T[0-9A-Z]{7,12}/[0-9]{8,20}/)([0-9A-Za-z]{20,40})",
    )
    .anywhere()
    .checked(check::chance),
    named(
        "discord-token",
        "a bot's token of Discord",
        High,
        &["discord"],
        assigned!("discord", r"[MNO][0-9A-Za-z_-]{23,27}\.[0-9A-Za-z_-]{6}\.[0-9A-Za-z_-]{27,38}"),
    )
    .checked(check::chance),
    token(
        "discord-webhook",
        "a webhook of Discord",
        Medium,
        &["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"],
        r"discord(?:app)?\.com/api/webhooks/\d{17,20}/([0-9A-Za-z_-]{60,72})",
    )
    .anywhere()
    .checked(check::chance),
    named(
        "telegram-token",
        "a bot's token of Telegram",
        High,
        &["telegram", "/bot", "tg_bot", "bot_token"],
        concat!(
            r"(?:/bot|(?i:telegram|tg_bot|bot_token)[0-9A-Za-z_.-]{0,40}[^0-9A-Za-z\n]{1,8})",
            r"(\d{8,10}:AA[0-9A-Za-z_-]{33})"
        ),
    )
    .checked(check::chance),
    token(
        "teams-webhook",
        "a webhook of Microsoft Teams",
        Medium,
        &["webhook.office.com/webhookb2/"],
        r"webhook\.office\.com/webhookb2/[0-9a-f-]{36}@[0-9a-f-]{36}/IncomingWebhook/([0-9a-f]{32}/[0-9a-f-]{36})",
    )
    .anywhere()
    .checked(check::chance),
    named(
        "mattermost-token",
        "a token of Mattermost",
        High,
        &["mattermost"],
        assigned!("mattermost", "[a-z0-9]{26}"),
    )
    .checked(check::chance),
    named(
        "twilio-key",
        "an API key or token of Twilio",
        High,
        &["twilio"],
        assigned!("twilio", "(?:SK)?[0-9a-f]{32}"),
    )
    .checked(check::chance),
    token("sendgrid-key", "a key of SendGrid", High, &["SG."], r"SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}")
        .checked(check::chance),
    named(
        "mailgun-key",
        "a key of Mailgun",
        High,
        &["mailgun", "mg_api"],
        assigned!("mailgun|mg_api", "(?:(?:pub)?key-[0-9a-f]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})"),
    )
    .checked(check::chance),
    named(
        "mailchimp-key",
        "a key of Mailchimp",
        High,
        &["mailchimp", "mandrill"],
        assigned!("mailchimp|mandrill", "(?:md-[0-9A-Za-z_-]{22}|[0-9a-f]{32}-us[0-9]{1,2})"),
    )
    .checked(check::chance),
    token("brevo-key", "a key of Brevo", High, &["xkeysib-", "xsmtpsib-"], r"x(?:key|smtp)sib-[0-9a-f]{64}-[0-9A-Za-z]{16}")
        .checked(check::chance),
    named("postmark-token", "a server token of Postmark", High, &["x-postmark-server-token", "postmark"], assigned!("x-postmark-server-token|postmark", "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"))
        .checked(check::chance),
    token("resend-key", "a key of Resend", High, &["re_"], r"re_[0-9A-Za-z]{8}_[0-9A-Za-z]{24}").checked(check::chance),
    token("twitter-token", "a bearer token of Twitter", High, &["AAAAAAAAAAAAAAAAAAAAA"], r"A{21,23}([0-9A-Za-z%]{80,100})")
        .checked(check::chance),
    named("twitter-secret", "a secret of Twitter", High, &["twitter"], assigned!("twitter", "(?:[0-9A-Za-z]{50}|[0-9A-Za-z]{45}|[0-9]{15,25}-[0-9A-Za-z]{20,40})"))
        .checked(check::chance),
    token("facebook-token", "an access token of Facebook", High, &["EAA"], r"EAA[0-9A-Za-z]{80,250}").checked(check::facebook),
    named("facebook-secret", "an app secret of Facebook", High, &["facebook", "fb_"], assigned!("facebook|fb_", "[0-9a-f]{32}"))
        .checked(check::chance),
    named("linkedin-secret", "a client secret of LinkedIn", High, &["linkedin"], assigned!("linkedin", "(?:[0-9A-Za-z]{16}|WPL_AP1\\.[0-9A-Za-z]{16}\\.[0-9A-Za-z+/=]{8,12})"))
        .checked(check::chance),
];
