//! Payments, shops and exchanges.

use model::finding::Severity::{Critical, High, Low};

use super::rule::{Rule, assigned, named, token};
use crate::secrets::check;

pub(super) static RULES: &[Rule] = &[
    token(
        "stripe-key",
        "a live key of Stripe",
        Critical,
        &["sk_live_", "rk_live_"],
        r"[sr]k_live_[0-9A-Za-z]{24,200}",
    )
    .checked(check::chance),
    token(
        "stripe-test-key",
        "a test key of Stripe",
        Low,
        &["sk_test_", "rk_test_"],
        r"[sr]k_test_[0-9A-Za-z]{24,200}",
    )
    .checked(check::chance),
    token(
        "stripe-webhook-secret",
        "a webhook's secret of Stripe",
        High,
        &["whsec_"],
        r"whsec_[0-9A-Za-z+/=]{32,64}",
    )
    .checked(check::chance),
    token(
        "square-token",
        "a token of Square",
        Critical,
        &["sq0atp-", "sq0csp-", "EAAA"],
        r"(?:sq0atp-[0-9A-Za-z_-]{22}|sq0csp-[0-9A-Za-z_-]{43}|EAAA[0-9A-Za-z_-]{60})",
    )
    .checked(check::chance),
    token(
        "braintree-token",
        "an access token of PayPal's Braintree",
        Critical,
        &["access_token$production$"],
        r"access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32}",
    )
    .checked(check::chance),
    named(
        "paypal-secret",
        "a client secret of PayPal",
        Critical,
        &["paypal"],
        assigned!("paypal", "E[0-9A-Za-z_-]{79}"),
    )
    .checked(check::chance),
    token(
        "shopify-token",
        "a token of Shopify",
        Critical,
        &["shpat_", "shpca_", "shppa_", "shpss_"],
        r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    )
    .checked(check::chance),
    named(
        "plaid-secret",
        "a secret of Plaid",
        High,
        &["plaid"],
        assigned!("plaid", "(?:[0-9a-f]{30}|access-(?:production|development|sandbox)-[0-9a-f-]{36})"),
    )
    .checked(check::chance),
    named(
        "coinbase-key",
        "a key of Coinbase",
        Critical,
        &["coinbase"],
        assigned!("coinbase", "[0-9A-Za-z_-]{64}"),
    )
    .checked(check::chance),
    named("binance-key", "a key of Binance", Critical, &["binance"], assigned!("binance", "[0-9A-Za-z]{64}"))
        .checked(check::chance),
    named("kraken-key", "a key of Kraken", Critical, &["kraken"], assigned!("kraken", "[0-9A-Za-z+/]{86}=="))
        .checked(check::chance),
    token(
        "adyen-key",
        "a key of Adyen",
        Critical,
        &["AQE"],
        r"AQE[0-9A-Za-z+/=]{60,220}-[0-9A-Za-z+/=]{40,60}-[0-9A-Za-z!-~]{16}",
    )
    .checked(check::chance),
    token(
        "flutterwave-key",
        "a live key of Flutterwave",
        Critical,
        &["FLWSECK-", "FLWSECK_"],
        r"FLWSECK[-_][0-9A-Za-z]{32}-X",
    )
    .checked(check::chance),
    token("razorpay-key", "a live key of Razorpay", High, &["rzp_live_"], r"rzp_live_[0-9A-Za-z]{14}")
        .checked(check::chance),
    token("easypost-key", "a key of EasyPost", High, &["EZAK"], r"EZAK[0-9A-Za-z]{54}")
        .checked(check::chance),
    token("shippo-key", "a live key of Shippo", High, &["shippo_live_"], r"shippo_live_[0-9a-f]{40}")
        .checked(check::chance),
];
