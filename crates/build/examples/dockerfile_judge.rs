//! Answers questions about Dockerfiles, a line of JSON each: `cargo xtask conformance dockerfile` asks them.

use std::error::Error;
use std::io::{Read as _, Write as _};

use build::instruction::{Command, Dockerfile, Document, Expansion, Instruction, Tabs};
use build::{Ignore, Limits, Tree, Words};
use serde_json::{Value, json};

type Answer = Result<Value, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut questions = String::new();
    std::io::stdin().read_to_string(&mut questions)?;
    let mut output = std::io::stdout().lock();
    for line in questions.lines() {
        let answer = match answer(&serde_json::from_str(line)?) {
            Ok(answer) => json!({ "ok": answer }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        writeln!(output, "{answer}")?;
    }
    Ok(())
}

fn answer(question: &Value) -> Answer {
    let limits = Limits::default();
    let text = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or_default();
    let tree = || Tree::read(text("file").as_bytes(), &limits);
    let file = || build::parse(text("file").as_bytes(), &limits);
    let words = Words::new('\\', &limits);
    let environment = |name: &str| Some(question.get("environment")?.get(name)?.as_str()?.to_owned());
    match text("ask") {
        "dump" => Ok(tree()?.dump().into()),
        "lines" => Ok(tree()?.lines().iter().map(|lines| json!([lines.first, lines.last])).collect()),
        "documents" => {
            let line = question.get("line").and_then(Value::as_u64).unwrap_or_default();
            let tree = tree()?;
            let documents = tree.documents().into_iter().nth(usize::try_from(line)?).unwrap_or_default();
            Ok(documents.iter().map(document).collect())
        }
        "document names" => {
            let tree = tree()?;
            let documents = tree.documents().into_iter().next().unwrap_or_default();
            Ok(documents.iter().map(|document| document.name.clone()).collect())
        }
        "parse" => file().map(|_| true.into()).map_err(Into::into),
        "copy" => copy(&file()?),
        "run" => run(&file()?),
        "word" => Ok(words.word(text("text"), &environment)?.text.into()),
        "words" => Ok(words.words(text("text"), &environment)?.into()),
        "matches" => {
            let expanded = words.word(text("text"), &environment)?;
            Ok(json!({ "text": expanded.text, "used": expanded.used, "unmatched": expanded.unmatched }))
        }
        "excludes" => {
            let patterns = question.get("patterns").and_then(Value::as_array).into_iter().flatten();
            let patterns: Vec<String> =
                patterns.filter_map(|pattern| pattern.as_str().map(str::to_owned)).collect();
            Ok(Ignore::of(&patterns, &limits)?.excludes(text("path")).into())
        }
        "check" => check(question, text("file"), text("ignore"), &limits),
        other => Err(format!("`{other}` is no question").into()),
    }
}

/// The remarks of some rules, for images that have a `PATH` and nothing else.
fn check(question: &Value, file: &str, ignore: &str, limits: &Limits) -> Answer {
    let list = |name: &str| question.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let pair = |pair: &Value| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()));
    let arguments = list("arguments").iter().filter_map(pair).collect();
    let ignore = Ignore::parse(ignore.as_bytes(), limits)?;
    let surroundings = build::check::Surroundings {
        ignore: Some(&ignore),
        arguments: &arguments,
        environment: &|_| Some(vec!["PATH".to_owned()]),
        options: question.get("options").and_then(Value::as_str),
    };
    let checked = build::check(file.as_bytes(), &surroundings, limits)?;
    let rules = list("rules");
    let remarks = checked.remarks.iter().filter(|remark| rules.contains(&remark.rule.id.into()));
    let lines = question.get("lines") == Some(&true.into());
    let text = |remark: &build::check::Remark| match lines {
        true => format!("{} {}", remark.rule.id, remark.lines.first),
        false => remark.rule.id.to_owned(),
    };
    let mut found: Vec<String> = remarks.map(text).collect();
    found.sort_unstable();
    Ok(found.into())
}

fn document(document: &Document) -> Value {
    json!({
        "name": document.name,
        "content": document.content,
        "expand": document.expansion == Expansion::Done,
        "chomp": document.tabs == Tabs::Stripped,
        "descriptor": document.descriptor,
    })
}

fn first(file: &Dockerfile) -> Option<&Instruction> {
    Some(&file.stages.first()?.instructions.first()?.what)
}

fn copy(file: &Dockerfile) -> Answer {
    let Some(Instruction::Copy(copy)) = first(file) else { return Err("there is no COPY".into()) };
    let content = |document: &Document| {
        json!({
            "name": document.name,
            "content": build::plan::text_of(document),
            "expand": document.expansion == Expansion::Done,
        })
    };
    Ok(json!({
        "sources": copy.sources,
        "documents": copy.documents.iter().map(content).collect::<Vec<_>>(),
        "destination": copy.destination,
    }))
}

fn run(file: &Dockerfile) -> Answer {
    let Some(Instruction::Run(run)) = first(file) else { return Err("there is no RUN".into()) };
    let content = |document: &Document| {
        json!({
            "name": document.name,
            "content": document.content,
            "chomp": document.tabs == Tabs::Stripped,
        })
    };
    Ok(match &run.command {
        Command::Exec(words) => json!({ "shell": false, "command": words, "documents": [] }),
        Command::Shell(line, documents) => json!({
            "shell": true,
            "command": [line],
            "documents": documents.iter().map(content).collect::<Vec<_>>(),
        }),
    })
}
