//! One logical line: its instruction's name, flags and arguments, before anybody asks what they mean.

use crate::instruction::{Document, Lines, Pair, PairForm};
use crate::parse::error::Fault;
use crate::parse::keyword::Keyword;
use crate::parse::split;

/// A logical line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// The instruction's name as written.
    pub(crate) name: String,
    /// Which instruction it is; none if there is no such.
    pub(crate) keyword: Option<Keyword>,
    /// With their dashes.
    pub(crate) flags: Vec<String>,
    pub(crate) arguments: Arguments,
    /// The line with its continuations, without documents.
    pub(crate) text: String,
    pub(crate) documents: Vec<Document>,
    /// The comments right above, without `#`.
    pub(crate) comments: Vec<String>,
    pub(crate) lines: Lines,
}

/// What follows the flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// Nobody knows how to read it.
    Unread,
    /// `["a", "b"]`
    Json(Vec<String>),
    /// Words, or one text.
    Words(Vec<String>),
    /// `a=b c=d`
    Pairs(Vec<Pair>),
    /// `CMD ...` behind `HEALTHCHECK`.
    Check(String, Box<Self>),
    /// What stands behind `ONBUILD`.
    Trigger(Box<Node>),
}

impl Node {
    /// Takes `text` apart. It has no documents, comments and place yet.
    pub(super) fn read(text: &str, escape: char) -> Result<Self, Fault> {
        let (name, rest) = split::once(text.trim());
        let (flags, rest) = split::flags(rest.unwrap_or_default(), escape);
        let keyword = Keyword::of(name);
        Ok(Self {
            name: name.to_owned(),
            keyword,
            flags,
            arguments: arguments(keyword, rest.trim(), escape)?,
            text: text.to_owned(),
            documents: Vec::new(),
            comments: Vec::new(),
            lines: Lines::default(),
        })
    }

    /// Whether `<<EOF` in the line begins a document.
    pub(super) fn has_documents(&self) -> bool {
        let node = match &self.arguments {
            Arguments::Trigger(node) => node,
            _ => self,
        };
        node.keyword.is_some_and(Keyword::has_documents) && !matches!(node.arguments, Arguments::Json(_))
    }
}

fn arguments(keyword: Option<Keyword>, text: &str, escape: char) -> Result<Arguments, Fault> {
    let Some(keyword) = keyword else { return Ok(Arguments::Unread) };
    match keyword {
        Keyword::Add | Keyword::Copy | Keyword::Volume => {
            Ok(split::json(text)?.map_or_else(|| Arguments::Words(split::blanks(text)), Arguments::Json))
        }
        Keyword::Cmd | Keyword::Entrypoint | Keyword::Run | Keyword::Shell => command(text),
        Keyword::Arg => Ok(Arguments::Words(split::words(text, escape))),
        Keyword::Env => pairs("ENV", text, escape),
        Keyword::Label => pairs("LABEL", text, escape),
        Keyword::Expose | Keyword::From => Ok(Arguments::Words(split::blanks(text))),
        Keyword::Maintainer | Keyword::StopSignal | Keyword::User | Keyword::Workdir => Ok(one(text)),
        Keyword::Healthcheck => check(text),
        Keyword::OnBuild => trigger(text, escape),
    }
}

fn command(text: &str) -> Result<Arguments, Fault> {
    Ok(split::json(text)?.map_or_else(|| one(text), Arguments::Json))
}

fn one(text: &str) -> Arguments {
    Arguments::Words(if text.is_empty() { Vec::new() } else { vec![text.to_owned()] })
}

fn check(text: &str) -> Result<Arguments, Fault> {
    if text.is_empty() {
        return Ok(Arguments::Words(Vec::new()));
    }
    let (kind, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    Ok(Arguments::Check(kind.to_owned(), Box::new(command(rest.trim_start())?)))
}

/// A trigger has no triggers, so nothing is nested deeper than once.
fn trigger(text: &str, escape: char) -> Result<Arguments, Fault> {
    if text.is_empty() {
        return Ok(Arguments::Words(Vec::new()));
    }
    match Keyword::of(split::once(text).0) {
        Some(Keyword::OnBuild) => Err(Fault::Trigger("ONBUILD".to_owned())),
        _ => Ok(Arguments::Trigger(Box::new(Node::read(text, escape)?))),
    }
}

/// `a=b c=d`, or `a b`. Which of them it is depends on the first word alone.
fn pairs(instruction: &'static str, text: &str, escape: char) -> Result<Arguments, Fault> {
    let words = split::words(text, escape);
    let Some(first) = words.first() else { return Ok(Arguments::Words(Vec::new())) };
    if !first.contains('=') {
        let (name, value) = split::once(text);
        let name = name.to_owned();
        let Some(value) = value else { return Err(Fault::Value { instruction, name }) };
        return Ok(Arguments::Pairs(vec![Pair { name, value: value.to_owned(), form: PairForm::Space }]));
    }
    let pairs = words.into_iter().map(|word| match word.split_once('=') {
        Some((name, value)) => Ok(Pair { name: name.into(), value: value.into(), form: PairForm::Sign }),
        None => Err(Fault::Pair(word)),
    });
    pairs.collect::<Result<_, _>>().map(Arguments::Pairs)
}
