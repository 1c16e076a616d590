//! A file as a list of logical lines: continuations joined, comments apart, documents with their instructions.

use crate::instruction::{Directives, Document, Lines};
use crate::limits::Limits;
use crate::parse::directives::{self, Reader};
use crate::parse::document;
use crate::parse::error::{Fault, ParseError};
use crate::parse::node::{Arguments, Node};
use crate::words::Words;

/// A file taken apart into lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub(crate) directives: Directives,
    pub(crate) nodes: Vec<Node>,
    /// Instructions with an empty line among their continuations.
    pub(crate) gaps: Vec<Lines>,
}

impl Tree {
    /// Reads a file. Instructions are not looked at more than the form of their arguments needs.
    ///
    /// # Errors
    ///
    /// If a line cannot be read, there is no line, or there is too much of something.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        if bytes.len() > limits.file_bytes {
            return Err(Fault::FileSize(limits.file_bytes).at(Lines::default()));
        }
        let mut source = Source::new(bytes, limits);
        let mut nodes = Vec::new();
        while let Some(node) = source.node()? {
            if nodes.len() == limits.instructions {
                return Err(Fault::Instructions(limits.instructions).at(node.lines));
            }
            nodes.push(node);
        }
        if nodes.is_empty() {
            return Err(Fault::Empty.at(Lines::default()));
        }
        Ok(Self { directives: directives::of(bytes, source.escape), nodes, gaps: source.gaps })
    }

    /// Where each logical line stands, documents included.
    #[must_use]
    pub fn lines(&self) -> Vec<Lines> {
        self.nodes.iter().map(|node| node.lines).collect()
    }

    /// The documents of each logical line.
    #[must_use]
    pub fn documents(&self) -> Vec<&[Document]> {
        self.nodes.iter().map(|node| node.documents.as_slice()).collect()
    }
}

/// What of a file is not read yet.
struct Source<'a> {
    rest: &'a [u8],
    /// Of the line that was read last.
    number: u32,
    limits: &'a Limits,
    directives: Reader,
    escape: char,
    comments: Vec<String>,
    gaps: Vec<Lines>,
}

impl<'a> Source<'a> {
    fn new(bytes: &'a [u8], limits: &'a Limits) -> Self {
        Self {
            rest: directives::without_mark(bytes),
            number: 0,
            limits,
            directives: Reader::new("#"),
            escape: '\\',
            comments: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// The next logical line, with its comments and documents.
    fn node(&mut self) -> Result<Option<Node>, ParseError> {
        while let Some(line) = self.line() {
            if is_comment(line) {
                self.comment(line).map_err(|fault| fault.at(self.here()))?;
                continue;
            }
            self.directives.end();
            let line = text(line).map_err(|fault| fault.at(self.here()))?.trim_start();
            if line.is_empty() {
                continue;
            }
            let first = self.number;
            let node = self.logical(line).and_then(|text| self.finish(&text));
            let lines = Lines { first, last: self.number };
            return node.map(|node| Some(Node { lines, ..node })).map_err(|fault| fault.at(lines));
        }
        Ok(None)
    }

    /// A directive changes how the next lines are read; any other comment is kept for the next instruction.
    fn comment(&mut self, line: &[u8]) -> Result<(), Fault> {
        // What is not UTF-8 is of no use to anybody.
        let Ok(line) = text(line) else { return Ok(()) };
        let line = line.trim_start();
        match self.directives.line(line)? {
            Some(("escape", value)) => self.escape = directives::escape(value)?,
            Some(_) => {}
            None => match line.trim_start_matches('#').trim() {
                "" => self.comments.clear(),
                comment => self.comments.push(comment.to_owned()),
            },
        }
        Ok(())
    }

    /// The line with those that continue it. Comments among them are left out; so are empty lines, which are remembered.
    fn logical(&mut self, line: &str) -> Result<String, Fault> {
        let first = self.number;
        let (part, mut continued) = self.continuation(line);
        let (mut joined, mut gap) = (part.to_owned(), false);
        while continued {
            let Some(line) = self.line() else { break };
            if is_comment(line) {
                continue;
            }
            let line = text(line)?;
            if line.trim_start().is_empty() {
                gap = true;
                continue;
            }
            let part;
            (part, continued) = self.continuation(line);
            joined.push_str(part);
            self.bounded(joined.len())?;
        }
        if gap {
            self.gaps.push(Lines { first, last: self.number });
        }
        self.bounded(joined.len())?;
        Ok(joined)
    }

    /// The line without the escape character at its end, and whether there was one. One that is escaped does not count.
    fn continuation<'b>(&self, line: &'b str) -> (&'b str, bool) {
        match line.trim_end_matches([' ', '\t']).strip_suffix(self.escape) {
            Some(part) if !part.ends_with(self.escape) => (part, true),
            _ => (line, false),
        }
    }

    fn finish(&mut self, text: &str) -> Result<Node, Fault> {
        let mut node = Node::read(text, self.escape)?;
        node.comments = std::mem::take(&mut self.comments);
        if node.has_documents() && text.contains("<<") {
            let words = Words::new('\\', self.limits);
            let documents = document::named(text, &words)?;
            let mut size = text.len();
            for document in documents {
                let document = self.document(document, &mut size)?;
                node.documents.push(document);
            }
            if let Arguments::Trigger(trigger) = &mut node.arguments {
                trigger.documents.clone_from(&node.documents);
            }
        }
        Ok(node)
    }

    /// The document with the lines up to its end.
    fn document(&mut self, mut document: Document, size: &mut usize) -> Result<Document, Fault> {
        while let Some(line) = self.line() {
            let line = std::str::from_utf8(line).map_err(|_| Fault::Encoding)?;
            if document::ends(&document, line) {
                return Ok(document);
            }
            *size += line.len();
            self.bounded(*size)?;
            document.content.push_str(line);
        }
        Err(Fault::Document(document.name))
    }

    fn bounded(&self, size: usize) -> Result<(), Fault> {
        let limit = self.limits.line_bytes;
        if size > limit { Err(Fault::LineSize(limit)) } else { Ok(()) }
    }

    /// The next line, with its end.
    fn line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |end| end + 1);
        let (line, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        self.number = self.number.saturating_add(1);
        Some(line)
    }

    const fn here(&self) -> Lines {
        Lines { first: self.number, last: self.number }
    }
}

fn is_comment(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"#")
}

/// A line without its end.
fn text(line: &[u8]) -> Result<&str, Fault> {
    let text = std::str::from_utf8(line).map_err(|_| Fault::Encoding)?;
    Ok(text.trim_end_matches(['\r', '\n']))
}
