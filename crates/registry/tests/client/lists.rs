//! Lists of many pages, and endless ones.

use crate::server::{Server, client};

#[test]
fn a_list_goes_over_all_its_pages_and_stays_on_its_host() {
    let server = Server::start(|exchange| match exchange.seen.target.as_str() {
        "/v2/team/app/tags/list?n=1000" => {
            let next = "</v2/team/app/tags/list?n=1000&last=b>; rel=\"next\"";
            exchange.reply(200, &[("Link", next)], br#"{"name":"team/app","tags":["a","b"]}"#);
        }
        "/v2/team/app/tags/list?n=1000&last=b" => {
            let next = "<http://elsewhere.invalid/v2/team/app/tags/list?last=c>; rel=\"next\"";
            exchange.reply(200, &[("Link", next)], br#"{"name":"team/app","tags":["c"]}"#);
        }
        "/v2/team/app/tags/list?last=c" => exchange.reply(200, &[], br#"{"name":"team/app","tags":null}"#),
        "/v2/_catalog?n=1000" => exchange.reply(200, &[], br#"{"repositories":["a","team/app"]}"#),
        other => panic!("{other}"),
    });
    assert_eq!(client().tags(&server.repository()).unwrap(), ["a", "b", "c"]);
    assert_eq!(client().catalogue(&server.address.to_string()).unwrap(), ["a", "team/app"]);
}

#[test]
fn a_list_of_nonsense_is_an_error() {
    for body in [r#"{"tags":["../x"]}"#, r#"{"tags":["a\u001b"]}"#, r#"{"tags":[7]}"#, "[]", "{"] {
        let server = Server::start(move |exchange| exchange.reply(200, &[], body.as_bytes()));
        assert_eq!(client().tags(&server.repository()).unwrap_err().code(), "E-registry-document", "{body}");
    }
}

#[test]
fn a_list_without_end_ends() {
    let server = Server::start(|exchange| {
        exchange.reply(200, &[("Link", "<?n=1000>; rel=next")], br#"{"tags":["a"]}"#);
    });
    assert_eq!(client().tags(&server.repository()).unwrap_err().code(), "E-registry-limit");
    let long = Server::start(|exchange| {
        exchange.reply(200, &[], format!("{{\"tags\":[{}]}}", " ".repeat(5 << 20)).as_bytes());
    });
    assert_eq!(client().tags(&long.repository()).unwrap_err().code(), "E-registry-limit");
}
