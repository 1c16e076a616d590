//! Tables in Go's sources: the literals of a variable, as words, texts and lists.

use std::iter::Peekable;

use crate::shell::Outcome;

/// A literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A string, its escapes read.
    Text(String),
    /// A number, `true`, or a name.
    Word(String),
    /// What stands in braces, with the names of fields.
    List(Vec<(Option<Value>, Value)>),
    /// `name(arguments)`: what it does is not ours to know.
    Call(String, Vec<Value>),
}

impl Value {
    /// The text, or the first one that a function is given: `[]byte("text")`.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Call(_, arguments) => arguments.iter().find_map(Self::text),
            Self::Word(_) | Self::List(_) => None,
        }
    }

    /// `true`, in words and fields that may be left out.
    pub(crate) fn is_true(&self) -> bool {
        *self == Self::Word("true".to_owned())
    }

    pub(crate) fn list(&self) -> &[(Option<Self>, Self)] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// The texts of a list.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.list().iter().filter_map(|(_, value)| Some(value.text()?.to_owned())).collect()
    }

    /// The field of that name, or the one at that place.
    pub(crate) fn field(&self, name: &str, place: usize) -> Option<&Self> {
        let is_named = |key: &Option<Self>| match key {
            Some(Self::Text(key) | Self::Word(key)) => key == name,
            _ => false,
        };
        let named = self.list().iter().find(|(key, _)| is_named(key));
        let placed = self.list().get(place).filter(|(key, _)| key.is_none());
        named.or(placed).map(|(_, value)| value)
    }
}

/// The literal that `variable` is given in `function`, or in the file where that is empty.
pub(crate) fn table(source: &str, function: &str, variable: &str) -> Outcome<Value> {
    let missing = || format!("`{variable}` is not in `{function}` any more");
    let start = match function {
        "" => 0,
        _ => source.find(&format!("func {function}(")).ok_or_else(missing)?,
    };
    let tokens = tokens(source.get(start..).unwrap_or_default())?;
    let is_given = |window: &[Token]| match window {
        [Token::Word(name), Token::Sign(':' | '='), ..] => name == variable,
        _ => false,
    };
    let place = tokens.windows(2).position(is_given).ok_or_else(missing)?;
    let mut rest = tokens
        .into_iter()
        .skip(place + 1)
        .skip_while(|token| matches!(token, Token::Sign(':' | '=')))
        .peekable();
    value(&mut rest).ok_or_else(missing)
}

/// What a function does, as far as it is literals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// `name := value`
    Given(String, Value),
    /// `name(arguments)`
    Called(String, Vec<Value>),
}

/// The steps of `function`, those in functions within it included; calls only of `wanted`.
pub(crate) fn steps(source: &str, function: &str, wanted: &str) -> Outcome<Vec<Step>> {
    let start = source.find(&format!("func {function}(")).ok_or_else(|| format!("`{function}` is gone"))?;
    let body = source.get(start..).unwrap_or_default();
    let body = body.split("\n}\n").next().unwrap_or(body);
    let mut rest = tokens(body)?.into_iter().peekable();
    let mut steps = Vec::new();
    while let Some(token) = rest.next() {
        let Token::Word(name) = token else { continue };
        match rest.peek() {
            Some(Token::Sign('(')) if name == wanted => {
                rest.next();
                if let Some(Value::Call(_, arguments)) = call(&mut rest, None) {
                    steps.push(Step::Called(name, arguments));
                }
            }
            Some(Token::Sign(':' | '=')) => {
                while rest.next_if(|token| matches!(token, Token::Sign(':' | '='))).is_some() {}
                steps.extend(value(&mut rest).map(|value| Step::Given(name, value)));
            }
            _ => {}
        }
    }
    Ok(steps)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(String),
    Word(String),
    Sign(char),
    /// The end of a line, which ends a statement.
    End,
}

/// What stands up to a comma, a colon, a closing brace or the end of a statement.
fn value(tokens: &mut Peekable<impl Iterator<Item = Token>>) -> Option<Value> {
    let mut found = None;
    while let Some(token) = tokens.peek() {
        match token {
            Token::Sign(',' | ':' | '}' | ')') => break,
            Token::End if found.is_some() => break,
            _ => {}
        }
        match tokens.next()? {
            Token::Text(text) => found = Some(Value::Text(text)),
            Token::Word(word) => found = Some(Value::Word(word)),
            Token::Sign('{') => found = Some(list(tokens)?),
            Token::Sign('(') => found = Some(call(tokens, found)?),
            Token::Sign(_) | Token::End => {}
        }
    }
    found
}

fn list(tokens: &mut Peekable<impl Iterator<Item = Token>>) -> Option<Value> {
    let mut entries = Vec::new();
    loop {
        match tokens.peek()? {
            Token::Sign('}') => {
                tokens.next();
                return Some(Value::List(entries));
            }
            Token::Sign(',') | Token::End => {
                tokens.next();
            }
            _ => {
                let first = value(tokens)?;
                if tokens.next_if_eq(&Token::Sign(':')).is_some() {
                    entries.push((Some(first), value(tokens)?));
                } else {
                    entries.push((None, first));
                }
            }
        }
    }
}

fn call(tokens: &mut Peekable<impl Iterator<Item = Token>>, name: Option<Value>) -> Option<Value> {
    let name = match name {
        Some(Value::Word(name)) => name,
        _ => String::new(),
    };
    let mut arguments = Vec::new();
    loop {
        match tokens.peek()? {
            Token::Sign(')') => {
                tokens.next();
                return Some(Value::Call(name, arguments));
            }
            Token::Sign(',' | ':' | '}') | Token::End => {
                tokens.next();
            }
            _ => arguments.extend(value(tokens)),
        }
    }
}

fn tokens(source: &str) -> Outcome<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut source = source.chars().peekable();
    while let Some(first) = source.next() {
        match first {
            '"' => tokens.push(Token::Text(quoted(&mut source)?)),
            '`' => tokens.push(Token::Text(source.by_ref().take_while(|next| *next != '`').collect())),
            '\'' => rune(&mut source),
            '/' if source.peek() == Some(&'/') => {
                source.by_ref().find(|next| *next == '\n');
                tokens.push(Token::End);
            }
            '\n' => tokens.push(Token::End),
            _ if is_word(first) => {
                let mut word = String::from(first);
                while let Some(next) = source.next_if(|next| is_word(*next) || *next == '.') {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
            _ if first.is_whitespace() => {}
            _ => tokens.push(Token::Sign(first)),
        }
    }
    Ok(tokens)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// `'x'`, of which no table is made.
fn rune(source: &mut impl Iterator<Item = char>) {
    while let Some(next) = source.next() {
        match next {
            '\\' => drop(source.next()),
            '\'' => break,
            _ => {}
        }
    }
}

fn quoted(source: &mut impl Iterator<Item = char>) -> Outcome<String> {
    let mut text = String::new();
    loop {
        match source.next().ok_or("a string is not closed")? {
            '"' => return Ok(text),
            '\\' => text.push(match source.next().ok_or("a string is not closed")? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'x' => code(source, 2)?,
                'u' => code(source, 4)?,
                other => other,
            }),
            other => text.push(other),
        }
    }
}

fn code(source: &mut impl Iterator<Item = char>, digits: usize) -> Outcome<char> {
    let digits: String = source.take(digits).collect();
    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
    code.ok_or_else(|| format!("`{digits}` is no character"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
// x := "comment"
func TestOther(t *testing.T) {
	tests := []string{"other"}
}

func TestThis(t *testing.T) {
	shlex := NewLex('\\')
	tests := []struct {
		name string
		envs map[string]struct{}
	}{
		{
			name: "a\tb\u0041",
			envs: map[string]struct{}{"X": {}},
		},
		{`raw\n`, nil}, // comment
	}
}

var matchTests = []matchTest{
	{"abc", "ab", true, nil},
	{Name: errors.New("why"), Other: []byte(`x`)},
}
"#;

    #[test]
    fn tables_are_found_by_function_and_name() {
        assert_eq!(table(SOURCE, "TestOther", "tests").unwrap().texts(), ["other"]);
        let tests = table(SOURCE, "TestThis", "tests").unwrap();
        let [(None, first), (None, second)] = tests.list() else { panic!("{tests:?}") };
        assert_eq!(first.field("name", 0).unwrap().text(), Some("a\tbA"));
        assert_eq!(first.field("envs", 1).unwrap().list().len(), 1);
        assert_eq!(second.field("name", 0).unwrap().text(), Some("raw\\n"));
        assert!(table(SOURCE, "TestThis", "nothing").unwrap_err().contains("`nothing`"));
    }

    #[test]
    fn steps_are_what_is_given_and_called() {
        let source = "func testA(t *T) {\n\ta := []byte(f(`x`, \"y\"))\n\tcheck(t, &P{A: a})\n\tother(a)\n}\nfunc testB() {}\n";
        let found = steps(source, "testA", "check").unwrap();
        let [Step::Given(name, given), Step::Called(called, arguments)] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!((name.as_str(), given.text(), called.as_str()), ("a", Some("x"), "check"));
        assert_eq!(arguments[1].field("A", 9), Some(&Value::Word("a".into())));
    }

    #[test]
    fn calls_are_their_first_text() {
        let tests = table(SOURCE, "", "matchTests").unwrap();
        let [(_, first), (_, second)] = tests.list() else { panic!("{tests:?}") };
        assert!(first.field("match", 2).unwrap().is_true() && !first.field("err", 3).unwrap().is_true());
        assert_eq!(second.field("Name", 0).unwrap().text(), Some("why"));
        assert_eq!(second.field("Other", 1).unwrap().text(), Some("x"));
    }
}
