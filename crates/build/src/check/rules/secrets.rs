//! Secrets that stay in the image.

use crate::check::rule::{Rule, Severity};
use crate::check::subject::{Found, Line, Subject};
use crate::instruction::{Document, Instruction};

pub(super) static NAMED: Rule = Rule {
    id: "SecretsUsedInArgOrEnv",
    severity: Severity::Error,
    what: "No secret is in `ARG` or `ENV`.",
    why: "Both stay in the image's configuration and history, for everybody who has it.",
    instead: "Write `RUN --mount=type=secret,id=token,env=TOKEN`, and give it with `--secret`.",
    bad: "FROM scratch\nARG API_TOKEN",
    good: "FROM debian:12\nRUN --mount=type=secret,id=token,env=API_TOKEN make",
    look: named,
};

/// Parts of names that only secrets have.
const SECRET: &[&str] =
    &["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];

/// Parts of names that say it is none.
const PUBLIC: &[&str] = &["public", "file", "version"];

fn named(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (line, instruction) in subject.instructions() {
        let names: Vec<&str> = match instruction {
            Instruction::Arg(arguments) => arguments.iter().map(|argument| argument.name.as_str()).collect(),
            Instruction::Env(pairs) => pairs.iter().map(|pair| pair.name.as_str()).collect(),
            _ => continue,
        };
        let secret = names.into_iter().filter(|name| has(name, SECRET) && !has(name, PUBLIC));
        found.extend(
            secret.map(|name| line.found(format!("`{name}` looks like a secret, and stays in the image"))),
        );
    }
    found
}

fn has(name: &str, parts: &[&str]) -> bool {
    name.to_ascii_lowercase().split('_').any(|part| parts.contains(&part))
}

pub(super) static WRITTEN: Rule = Rule {
    id: "SecretInText",
    severity: Severity::Error,
    what: "No token, password or key is written in the file.",
    why: "Everybody who has the file or the image has it, and the history keeps it when it is removed.",
    instead: "Revoke it, write `RUN --mount=type=secret,id=token`, and give it with `--secret`.",
    bad: "FROM debian:12\nRUN git clone https://user:k3jd8sKd93@example.org/a.git",
    good: "FROM debian:12\nRUN --mount=type=secret,id=token,env=TOKEN git clone https://user:$TOKEN@example.org/a.git",
    look: written,
};

/// A secret by its shape.
struct Shape {
    what: &'static str,
    begins: &'static str,
    /// Letters, digits, `-` and `_` that follow at least.
    follow: usize,
}

const fn shape(begins: &'static str, follow: usize, what: &'static str) -> Shape {
    Shape { what, begins, follow }
}

const SHAPES: &[Shape] = &[
    shape("ghp_", 36, "a token of GitHub"),
    shape("gho_", 36, "a token of GitHub"),
    shape("ghs_", 36, "a token of GitHub"),
    shape("github_pat_", 60, "a token of GitHub"),
    shape("glpat-", 20, "a token of GitLab"),
    shape("AKIA", 16, "a key of AWS"),
    shape("ASIA", 16, "a key of AWS"),
    shape("AIza", 35, "a key of Google"),
    shape("xoxb-", 20, "a token of Slack"),
    shape("xoxp-", 20, "a token of Slack"),
    shape("sk_live_", 20, "a key of Stripe"),
    shape("npm_", 36, "a token of npm"),
    shape("pypi-AgE", 50, "a token of PyPI"),
    shape("dckr_pat_", 20, "a token of Docker Hub"),
    shape("hf_", 34, "a token of Hugging Face"),
    shape("sk-ant-", 40, "a key of Anthropic"),
    shape("-----BEGIN RSA PRIVATE KEY-----", 0, "a private key"),
    shape("-----BEGIN EC PRIVATE KEY-----", 0, "a private key"),
    shape("-----BEGIN PRIVATE KEY-----", 0, "a private key"),
    shape("-----BEGIN OPENSSH PRIVATE KEY-----", 0, "a private key"),
];

fn written(subject: &Subject<'_>) -> Vec<Found> {
    let lines = subject.lines.iter();
    let found = lines.filter_map(|line| {
        let texts = std::iter::once(line.node.text.as_str())
            .chain(documents(line).map(|document| document.content.as_str()));
        let what = texts.into_iter().find_map(secret_in)?;
        Some(line.found(format!("the line has {what}")))
    });
    found.collect()
}

fn documents<'a>(line: &'a Line<'_>) -> impl Iterator<Item = &'a Document> {
    line.node.documents.iter()
}

fn secret_in(text: &str) -> Option<&'static str> {
    let shape = SHAPES.iter().find(|shape| {
        text.match_indices(shape.begins).any(|(start, _)| {
            let before = text.get(..start).and_then(|before| before.chars().next_back());
            let after = text.get(start + shape.begins.len()..).unwrap_or_default();
            !before.is_some_and(is_part)
                && after.chars().take_while(|c| is_part(*c)).take(shape.follow).count() == shape.follow
        })
    });
    shape.map(|shape| shape.what).or_else(|| address(text).then_some("an address with a password"))
}

fn is_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

/// `https://user:password@host`, where the password is no variable.
fn address(text: &str) -> bool {
    text.match_indices("://").any(|(start, _)| {
        let rest = text.get(start + 3..).unwrap_or_default();
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '`'))
            .unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        let Some((credentials, _)) = authority.rsplit_once('@') else { return false };
        let password = credentials.split_once(':').map_or("", |(_, password)| password);
        !password.is_empty() && !password.contains(['$', '<', '{', '*'])
    })
}

pub(super) static COPIED: Rule = Rule {
    id: "SecretFileCopied",
    severity: Severity::Error,
    what: "Files that hold secrets are not copied.",
    why: "They stay in a layer, even if a later line removes them.",
    instead: "Write `RUN --mount=type=secret,id=npmrc,target=/root/.npmrc`, and exclude the file in .dockerignore.",
    bad: "FROM node:22\nCOPY .npmrc /root/.npmrc",
    good: "FROM node:22\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci",
    look: copied,
};

/// Names of files that mostly hold secrets.
const FILES: &[&str] = &[
    ".env",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".git-credentials",
    ".dockercfg",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "kubeconfig",
    "credentials.json",
];

fn copied(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (line, instruction) in subject.instructions() {
        let (Instruction::Copy(copy) | Instruction::Add(copy)) = instruction else { continue };
        if copy.from.is_some() {
            continue;
        }
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let secret = line.facts.paths.iter().filter(|path| {
            let name = name(path);
            FILES.contains(&name.as_str())
                || name.ends_with(".key")
                || path.contains(".ssh/")
                || path.contains(".aws/")
        });
        found.extend(
            secret.map(|path| line.found(format!("`{path}` mostly holds secrets, and stays in a layer"))),
        );
    }
    found
}
