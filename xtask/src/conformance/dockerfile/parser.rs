//! `frontend/dockerfile/parser`: files with the trees that they are, and files that are none.

use std::path::Path;

use serde_json::{Value, json};

use super::case::Case;
use super::read;
use crate::conformance::go::{self, table};
use crate::shell::Outcome;

pub(super) fn cases(directory: &Path) -> Outcome<Vec<Case>> {
    let mut cases = Vec::new();
    for name in names(&directory.join("testfiles"))? {
        let file = directory.join("testfiles").join(&name);
        let question = json!({ "ask": "dump", "file": read(&file.join("Dockerfile"))? });
        cases.push(Case::answer(
            format!("parser/testfiles/{name}"),
            question,
            read(&file.join("result"))?.into(),
        ));
    }
    for name in names(&directory.join("testfiles-negative"))? {
        let file = read(&directory.join("testfiles-negative").join(&name).join("Dockerfile"))?;
        let question = json!({ "ask": "dump", "file": file });
        cases.push(Case::error(format!("parser/testfiles-negative/{name}"), question));
    }
    let source = read(&directory.join("parser_test.go"))?;
    let file = read(&directory.join("testfile-line/Dockerfile"))?;
    let lines = table(&source, "TestParseIncludesLineNumbers", "expected")?;
    let question = json!({ "ask": "lines", "file": file });
    cases.push(Case::answer("parser/testfile-line".to_owned(), question, numbers(&lines)));
    cases.extend(words(&source)?);
    cases.extend(arrays(&read(&directory.join("json_test.go"))?)?);
    cases.extend(documents(&read(&directory.join("parser_heredoc_test.go"))?)?);
    Ok(cases)
}

fn names(directory: &Path) -> Outcome<Vec<String>> {
    let entries =
        std::fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort_unstable();
    Ok(names)
}

/// `[][]int{{5, 5}}`
fn numbers(value: &go::Value) -> Value {
    match value {
        go::Value::Word(word) => word.parse::<u32>().map_or(Value::Null, Value::from),
        go::Value::Text(text) => text.clone().into(),
        go::Value::List(list) => list.iter().map(|(_, value)| numbers(value)).collect(),
        go::Value::Call(..) => Value::Null,
    }
}

/// The words of `ARG`, which are split and not read.
fn words(source: &str) -> Outcome<Vec<Case>> {
    let tests = table(source, "TestParseWords", "tests")?;
    let case = |(place, (_, test)): (usize, &(_, go::Value))| {
        let texts = |name| test.field(name, 0).map(go::Value::texts).unwrap_or_default();
        let question = json!({ "ask": "dump", "file": format!("ARG {}", texts("input").concat()) });
        Case::answer(format!("parser/words/{place}"), question, dump("arg", &texts("expect")).into())
    };
    Ok(tests.list().iter().enumerate().map(case).collect())
}

fn arrays(source: &str) -> Outcome<Vec<Case>> {
    let question = |json: &str| json!({ "ask": "dump", "file": format!("CMD {json}") });
    let mut cases = Vec::new();
    for (place, wrong) in table(source, "", "invalidJSONArraysOfStrings")?.texts().iter().enumerate() {
        cases.push(Case::error(format!("parser/json-invalid/{place}"), question(wrong)));
    }
    for (place, (json, words)) in table(source, "", "validJSONArraysOfStrings")?.list().iter().enumerate() {
        let json = json.as_ref().and_then(go::Value::text).unwrap_or_default();
        let name = format!("parser/json/{place}");
        cases.push(Case::answer(name, question(json), dump("cmd", &words.texts()).into()));
    }
    Ok(cases)
}

/// A tree of one line, as it is printed.
fn dump(name: &str, words: &[String]) -> String {
    let escaped = |character: char| match character {
        '"' | '\\' => format!("\\{character}"),
        '\u{8}' => "\\b".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\0' => "\\x00".to_owned(),
        other => other.to_string(),
    };
    let words = words.iter().map(|word| format!(" \"{}\"", word.chars().map(escaped).collect::<String>()));
    format!("({name}{})\n", words.collect::<String>())
}

fn documents(source: &str) -> Outcome<Vec<Case>> {
    let file = table(source, "TestParseExtractsHeredoc", "dockerfile")?;
    let file = file.text().ok_or("TestParseExtractsHeredoc has no file")?;
    let expected = table(source, "TestParseExtractsHeredoc", "tests")?;
    let lines = expected.list().iter().enumerate();
    let mut cases: Vec<Case> = lines
        .map(|(place, (_, line))| {
            let question = json!({ "ask": "documents", "file": file, "line": place + 1 });
            let documents = line.list().iter().map(|(_, document)| document_of(document)).collect();
            Case::answer(format!("parser/documents/{place}"), question, documents)
        })
        .collect();
    for (place, (_, test)) in table(source, "TestHeredocsFromLine", "srcs")?.list().iter().enumerate() {
        let line = test.field("line", 0).and_then(go::Value::text).unwrap_or_default();
        let names = test.field("heredocNames", 1).map(go::Value::texts).unwrap_or_default();
        let question = json!({ "ask": "document names", "file": format!("{line}\n{}", names.join("\n")) });
        let names = names.into_iter().map(Value::from).collect();
        cases.push(Case::beginning_of(format!("parser/document-names/{place}"), question, names));
    }
    Ok(cases)
}

fn document_of(document: &go::Value) -> Value {
    let text = |name| document.field(name, usize::MAX).and_then(go::Value::text).unwrap_or_default();
    let is = |name| document.field(name, usize::MAX).is_some_and(go::Value::is_true);
    let descriptor = document.field("FileDescriptor", usize::MAX).map_or_else(|| json!(0), numbers);
    json!({
        "name": text("Name"),
        "content": text("Content"),
        "expand": is("Expand"),
        "chomp": is("Chomp"),
        "descriptor": descriptor,
    })
}
