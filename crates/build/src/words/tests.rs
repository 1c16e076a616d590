use super::*;
use proptest::prelude::*;

fn environment(name: &str) -> Option<String> {
    let value = match name {
        "PWD" => "/home",
        "EMPTY" => "",
        "SPACED" => "a  b",
        "PATH" => "/tmp/tmp/bar.txt",
        _ => return None,
    };
    Some(value.to_owned())
}

fn words() -> Words {
    Words::new('\\', &Limits::default())
}

fn check(text: &str, expected: &str) {
    let found = words().word(text, &environment);
    assert_eq!(found.as_ref().map(|expanded| expanded.text.as_str()), Ok(expected), "{text}");
}

fn check_fault(text: &str, expected: &WordFault) {
    assert_eq!(&words().word(text, &environment).unwrap_err().fault, expected, "{text}");
}

#[test]
fn quotes_and_escapes_go() {
    check(r#"he'll'o "a b" c\ d"#, "hello a b c d");
    check(r#"'\$PWD' "\$PWD" \$PWD"#, r"\$PWD $PWD $PWD");
    check(r#""a\b" a\b end\"#, r"a\b ab end");
    check_fault("it's", &WordFault::Quote('\''));
    check_fault("a\"b", &WordFault::Quote('"'));
}

#[test]
fn an_escape_character_may_be_another() {
    let words = Words::new('`', &Limits::default());
    assert_eq!(words.word(r"C:\x`$PWD", &environment).unwrap().text, r"C:\x$PWD");
}

#[test]
fn variables_have_values_defaults_and_demands() {
    check("$PWD ${PWD} x$NONE", "/home /home x");
    check("${NONE:-a} ${EMPTY:-a} ${EMPTY-a} ${NONE-${PWD}}", "a a  /home");
    check("${PWD:+a} ${EMPTY:+a} ${EMPTY+a} ${NONE+a}", "a  a ");
    let required =
        |name: &str, message: &str| WordFault::Required { name: name.into(), message: message.into() };
    check_fault("${NONE?say $PWD}", &required("NONE", "say /home"));
    check_fault("${EMPTY:?}", &required("EMPTY", "is not allowed to be empty"));
    check_fault("${NONE:?}", &required("NONE", "is not allowed to be unset"));
    check("${EMPTY?}$", "$");
}

#[test]
fn patterns_take_away_and_replace() {
    check("${PATH#/*/} ${PATH##*/} ${PATH%.*} ${PATH%%/*}", "tmp/bar.txt bar.txt /tmp/tmp/bar ");
    check(r"${PATH/\/tmp/} ${PATH//\/tmp/\/} ${PATH//?mp/x}", r"/tmp/bar.txt \/\//bar.txt /x/x/bar.txt");
    check_fault(r"${PATH#\x}", &WordFault::Escape(r"\x".into()));
    check_fault("${PATH/a}", &WordFault::Slash);
    check_fault("${PATH:#a}", &WordFault::Modifier(":#".into()));
}

#[test]
fn what_is_no_variable_is_an_error() {
    check_fault("${PWD", &WordFault::Brace);
    check_fault("${}", &WordFault::Name);
    check_fault("${PWD=a}", &WordFault::Modifier("=".into()));
    let error = words().word(&"x${".repeat(99), &environment).unwrap_err();
    assert_eq!(error.to_string().chars().filter(|character| *character == 'x').count(), 27);
}

#[test]
fn words_split_at_spaces_that_are_not_quoted() {
    let split = words().words(r#"a$SPACED "b $SPACED"  c\ d"#, &environment).unwrap();
    assert_eq!(split, ["aa", "b", "b a  b", "c d"]);
    assert_eq!(words().words("a${NONE:-b}c", &environment).unwrap(), ["abc"]);
}

#[test]
fn names_are_told() {
    let expanded = words().word("$PWD ${EMPTY:-$NONE} $PWD", &environment).unwrap();
    assert_eq!(expanded.used.into_iter().collect::<Vec<_>>(), ["EMPTY", "PWD"]);
    assert_eq!(expanded.unmatched.into_iter().collect::<Vec<_>>(), ["NONE"]);
}

#[test]
fn a_document_keeps_its_quotes() {
    let document = words().document("it's \"$PWD\" \\$PWD\n", &environment).unwrap();
    assert_eq!(document.text, "it's \"/home\" $PWD\n");
}

#[test]
fn what_is_shown_keeps_what_is_not_known() {
    let shown = words().shown("echo \"$PWD\" $NONE ${NONE} ${NONE:-a} ${NONE#a} ${NONE/a/b}", &environment);
    assert_eq!(shown.unwrap(), "echo \"/home\" $NONE ${NONE} ${NONE:-a} ${NONE#a} ${NONE/a/b}");
}

#[test]
fn a_result_has_a_limit() {
    let words = Words::new('\\', &Limits { expanded_bytes: 20, ..Limits::default() });
    let long = |text: &str| words.word(text, &environment).unwrap_err().fault;
    assert_eq!(long(&"$PWD".repeat(5)), WordFault::Long(20));
    assert_eq!(long(&format!("\"{}\"", "$PWD".repeat(5))), WordFault::Long(20));
    assert_eq!(long(&"${PWD:+}".repeat(99)), WordFault::Work);
    let deep = format!("{}x{}", "${a:-".repeat(65), "}".repeat(65));
    assert_eq!(long(&deep), WordFault::Deep(64));
}

proptest! {
    #[test]
    fn any_text_is_a_word_or_an_error(text in "[a$ {}:#%/'\"\\\\<*?+-]{0,40}") {
        let one = words().word(&text, &environment);
        let many = words().words(&text, &environment);
        prop_assert_eq!(one.is_ok(), many.is_ok());
        let _ = words().shown(&text, &environment);
        let _ = words().document(&text, &environment);
    }

    #[test]
    fn a_quoted_text_is_itself(text in "[^']{0,40}") {
        let quoted = format!("'{text}'");
        prop_assert_eq!(words().word(&quoted, &environment).unwrap().text, text);
    }

    #[test]
    fn written_words_are_pieces_of_the_text(text in "[a-z'\"\\\\ ]{0,40}") {
        if let Ok(pieces) = words().written(&text) {
            let spaceless = |text: &str| text.split_whitespace().collect::<String>();
            let together: String = pieces.concat();
            if !text.contains('"') {
                prop_assert_eq!(spaceless(&together), spaceless(&text));
            }
        }
    }
}
