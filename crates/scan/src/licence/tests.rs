//! Declarations as packages really make them.

use proptest::prelude::*;

use super::*;

fn means(declared: &str) -> String {
    understood(declared).expression.unwrap_or_default()
}

#[test]
fn words_become_identifiers() {
    for (declared, expression) in [
        ("MIT License", "MIT"),
        ("The MIT License (MIT)", "MIT"),
        ("Expat", "MIT"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("Apache Software License 2.0", "Apache-2.0"),
        ("Apache-2.0", "Apache-2.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("https://www.eclipse.org/legal/epl-2.0/", "EPL-2.0"),
        ("BSD", "LicenseRef-BSD"),
        ("BSD License", "LicenseRef-BSD"),
        ("New BSD License", "BSD-3-Clause"),
        ("3-Clause BSD License", "BSD-3-Clause"),
        ("GPL-2", "GPL-2.0-only"),
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPLv2+", "GPL-2.0-or-later"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-2.0-or-later", "GPL-2.0-or-later"),
        ("GPL", "GPL-1.0-or-later"),
        ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
        ("GNU Library or Lesser General Public License (LGPL)", "LGPL-2.0-or-later"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("GNU Affero General Public License v3", "AGPL-3.0-only"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("Python Software Foundation License", "PSF-2.0"),
        ("ISC License (ISCL)", "ISC"),
        ("public-domain", "LicenseRef-Public-Domain"),
        ("UNLICENSED", "LicenseRef-Commercial"),
        ("Unlicense", "Unlicense"),
    ] {
        assert_eq!(means(declared), expression, "{declared}");
    }
}

#[test]
fn several_become_an_expression() {
    for (declared, expression) in [
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("(MIT OR CC0-1.0)", "MIT OR CC0-1.0"),
        ("GPLv2+ and MIT", "GPL-2.0-or-later AND MIT"),
        ("(GPL-2 or MIT) and BSD-3-Clause", "(GPL-2.0-only OR MIT) AND BSD-3-Clause"),
        ("MIT and (ISC and Zlib)", "MIT AND ISC AND Zlib"),
        ("GPL version 2 or later and MIT", "GPL-2.0-or-later AND MIT"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("Apache-2.0 WITH LLVM-exception OR MIT", "Apache-2.0 WITH LLVM-exception OR MIT"),
        ("BSD, MIT", "LicenseRef-BSD AND MIT"),
        ("GPL2 w/ CPE", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ] {
        assert_eq!(means(declared), expression, "{declared}");
    }
}

#[test]
fn what_is_not_understood_is_not_guessed() {
    for declared in [
        "",
        "my own",
        "MIT and my own",
        "(MIT or ISC",
        "MIT or ISC)",
        "GPL-7",
        "MIT OR",
        "gpl-lgpl",
        "MIT WITH a twist",
    ] {
        assert_eq!(
            understood(declared),
            Licence { expression: None, category: Category::Unknown },
            "{declared}"
        );
    }
    assert_eq!(means(&"(".repeat(2000)), "");
}

#[test]
fn of_alternatives_the_least_is_asked_and_else_the_most() {
    for (declared, category) in [
        ("MIT", Category::Permissive),
        ("MPL-2.0", Category::WeakCopyleft),
        ("GPL-3.0 OR MIT", Category::Permissive),
        ("GPL-3.0 AND MIT", Category::StrongCopyleft),
        ("AGPL-3.0 AND GPL-3.0", Category::NetworkCopyleft),
        ("GPL-2.0-only WITH Classpath-exception-2.0", Category::WeakCopyleft),
        ("SSPL-1.0", Category::Proprietary),
        ("whatever", Category::Unknown),
    ] {
        assert_eq!(understood(declared).category, category, "{declared}");
    }
}

#[test]
fn no_name_means_two_licences() {
    let mut names = BTreeMap::new();
    for row in LICENCES {
        for name in [row.id].iter().chain(row.names) {
            let other = names.insert(folded(name), row.id);
            assert!(other.is_none_or(|other| other == row.id), "{name} is {} and {other:?}", row.id);
            assert_eq!(gnu::read(&folded(name)), None, "{name}");
        }
    }
    for (words, expression) in COMPOUNDS {
        assert_eq!(means(words), *expression, "{words}");
    }
    for row in EXCEPTIONS {
        assert!(
            row.names.iter().all(|name| folded(name) == *name),
            "{} has names that no text folds to",
            row.id
        );
    }
}

proptest! {
    #[test]
    fn an_expression_means_itself(words in proptest::collection::vec(
        prop_oneof![
            Just("MIT"), Just("GPL-2+"), Just("and"), Just("OR"), Just("("), Just(")"), Just("with"), Just("/"),
            Just("Classpath-exception-2.0"), Just("BSD"), Just("or later"), Just("é"),
        ],
        0..16,
    )) {
        let understood_once = understood(&words.join(" "));
        if let Some(expression) = &understood_once.expression {
            prop_assert_eq!(&understood(expression), &understood_once);
        }
    }

    #[test]
    fn any_text_gives_an_answer(text in any::<String>()) {
        let _ = understood(&text);
    }
}
