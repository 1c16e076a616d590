use proptest::prelude::*;

use super::*;

fn masks(secrets: &[&str]) -> Masks {
    let mut masks = Masks::default();
    secrets.iter().for_each(|secret| masks.add(secret.as_bytes()));
    masks
}

/// What is shown of a text that comes in these pieces.
fn shown(masks: &Masks, pieces: &[&[u8]]) -> String {
    let mut screen = Screen::default();
    let mut shown: Vec<u8> =
        pieces.iter().flat_map(|piece| screen.shown(masks, piece).into_owned()).collect();
    shown.extend(screen.rest(masks));
    String::from_utf8_lossy(&shown).into_owned()
}

#[test]
fn a_secret_is_not_shown_however_it_comes() {
    let masks = masks(&["hunter22\n"]);
    assert_eq!(shown(&masks, &[b"a hunter22 b\n"]), "a *** b\n");
    assert_eq!(shown(&masks, &[b"a hun", b"ter", b"22 b"]), "a *** b");
    assert_eq!(shown(&masks, &[b"hunter2", b"1"]), "hunter21");
    assert_eq!(shown(&masks, &[b"hunhunter22"]), "hun***");
    assert_eq!(shown(&masks, &[b"hunter22hunter22"]), "***");
    assert_eq!(shown(&masks, &[b"ends with hunter"]), "ends with hunter");
}

#[test]
fn only_what_may_become_a_secret_waits() {
    let masks = masks(&["hunter22"]);
    let mut screen = Screen::default();
    assert_eq!(*screen.shown(&masks, b"50% done"), *b"50% done");
    assert_eq!(*screen.shown(&masks, b" h"), *b" ");
    assert_eq!(*screen.shown(&masks, b"appy"), *b"happy");
}

#[test]
fn every_line_that_is_long_enough_is_one() {
    let masks = masks(&["user\r\n  password one\nab\n\nshort\npassword one and two"]);
    let text = b"user password one, ab, short, password one and two, password one an";
    assert_eq!(shown(&masks, &[text]), "user ***, ab, short, ***, *** an");
}

#[test]
fn values_that_overlap_are_hidden_whole() {
    let masks = masks(&["abcdef", "defghi", "efghij"]);
    assert_eq!(shown(&masks, &[b"xabcdefghijx"]), "x***x");
    assert_eq!(shown(&masks, &[b"xabcdef", b"ghi", b"jx"]), "x***x");
    assert_eq!(shown(&masks, &[b"xabcdef", b"gxx"]), "x***gxx");
}

#[test]
fn without_secrets_nothing_is_copied() {
    let (masks, mut screen) = (masks(&["short"]), Screen::default());
    assert!(matches!(screen.shown(&masks, b"text"), Cow::Borrowed(b"text")));
}

#[test]
fn a_text_loses_its_secrets() {
    assert_eq!(masks(&["hunter22"]).text("`/app/hunter22` is hunter"), "`/app/***` is hunter");
}

/// What a person would do with the whole text in hand.
fn by_hand(masks: &Masks, text: &[u8]) -> String {
    let hidden = |at: usize| {
        masks.values.iter().any(|value| {
            (0..value.len()).any(|before| {
                at.checked_sub(before).is_some_and(|from| text[from..].starts_with(value.as_slice()))
            })
        })
    };
    let mut shown = String::new();
    for (at, byte) in text.iter().enumerate() {
        match (hidden(at), at > 0 && hidden(at - 1)) {
            (false, _) => shown.push(char::from(*byte)),
            (true, false) => shown.push_str("***"),
            (true, true) => {}
        }
    }
    shown
}

proptest! {
    #[test]
    fn pieces_are_as_good_as_the_whole(
        secrets in prop::collection::vec("[ab]{6,9}", 0..4),
        text in "[abc]{0,60}",
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let masks = masks(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
        // Two that touch may have a mask each, where one was shown before the other came.
        let shown = shown(&masks, &pieces).replace("******", "***").replace("******", "***");
        prop_assert_eq!(shown.replace("******", "***"), by_hand(&masks, text.as_bytes()));
    }
}
