//! The beginning of the page: its style, its script, and the policy that lets it have nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::digest::Digest;

use super::markup::Markup;
use crate::subject::Scan;

const STYLE: &str = include_str!("page.css");
/// It only filters and sorts what is there already.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// Everything up to the body. The policy names style and script by their hashes: were a text from an image ever to
/// become markup, a browser would still neither execute it nor ask the network for anything.
pub(super) fn head(page: &mut Markup, scan: &Scan<'_>) {
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; ");
    page.raw("base-uri &#39;none&#39;; form-action &#39;none&#39;; ");
    page.raw("style-src &#39;sha256-").text(&hash(STYLE)).raw("&#39;; ");
    page.raw("script-src &#39;sha256-").text(&hash(SCRIPT)).raw("&#39;\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"generator\" content=\"");
    page.text(scan.tool.name).raw(" ").text(scan.tool.version).raw("\">\n");
    page.raw("<title>").text(&scan.target.name).raw(" – scan</title>\n");
    page.raw("<style>").raw(STYLE).raw("</style>\n</head>\n");
}

/// As policies have it.
fn hash(text: &str) -> String {
    STANDARD.encode(Digest::of(text.as_bytes()).as_bytes())
}
