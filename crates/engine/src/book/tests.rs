use super::*;

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The attributes of an entry with who vouches for an image.
fn attributes(vouched: &Vouched) -> Vec<(String, String)> {
    Entry::new(Kind::Refusal, 0).vouched(vouched).attributes.into_iter().collect()
}

#[test]
fn whoever_vouches_is_in_the_entry_and_nobody_is_left_out() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let (publisher, place) = ("team".to_owned(), "registry.example/team".to_owned());
    let known = [pair("place", &place), pair("publisher", &publisher)];
    let signed = |stages: &[&str], built: Option<&str>| Vouched::Signed {
        publisher: publisher.clone(),
        place: place.clone(),
        stages: strings(stages),
        built: built.map(str::to_owned),
    };
    let with = |more: &[(String, String)]| [known.as_slice(), more].concat();
    let [promoted, released] = [signed(&["staging", "prod"], None), signed(&[], None)];
    let built = signed(&[], Some("ci"));
    assert_eq!(attributes(&promoted), with(&[pair("stages", "staging prod"), pair("vouched", "signed")]));
    assert_eq!(attributes(&released), with(&[pair("vouched", "signed")]));
    let said = [pair("built", "ci")].into_iter().chain(with(&[pair("vouched", "signed")]));
    assert_eq!(attributes(&built), said.collect::<Vec<_>>());
    let (doubt, remedy) = ("it was revoked".to_owned(), String::new());
    let doubted = Vouched::Doubted { publisher, place, doubt, remedy };
    assert_eq!(attributes(&doubted), with(&[pair("vouched", "doubted")]));
    assert_eq!(attributes(&Vouched::Nobody), []);
}
