//! `COPY` and `ADD`.

use super::super::{Origin, Source};
use super::*;

fn copy(instruction: &str) -> Copy {
    copies(&plan(&format!("FROM base\nWORKDIR /srv\n{instruction}")))[0].clone()
}

fn sources(instruction: &str) -> Vec<String> {
    let name = |source: &Source| match source {
        Source::Path(path) => path.clone(),
        Source::Text { name, .. } => format!("<<{name}"),
        Source::Address { url, .. } => url.clone(),
        Source::Git { remote, .. } => remote.clone(),
    };
    copy(instruction).sources.iter().map(name).collect()
}

#[test]
fn sources_lie_below_the_origin() {
    assert_eq!(sources("COPY . /to"), ["."]);
    assert_eq!(sources("COPY /a ./b/ ../../c d*/[ab]? /to/"), ["a", "b", "c", "d*/[ab]?"]);
    assert_eq!(sources("COPY [\"a b\", \"c\", \"/to/\"]"), ["a b", "c"]);
    assert_eq!(sources("ADD --unpack=false a.tar $HOME/x /to/"), ["a.tar", "x"]);
}

#[test]
fn a_destination_is_relative_to_the_working_directory() {
    for (written, absolute) in
        [("/to", "/to"), ("to", "/srv/to"), ("to/", "/srv/to/"), (".", "/srv/"), ("/", "/"), ("../x", "/x")]
    {
        assert_eq!(copy(&format!("COPY a {written}")).destination, absolute, "{written}");
    }
}

#[test]
fn owners_and_modes_are_replaced_and_checked() {
    let made = copy("COPY --chown=${U:-app}:1 --chmod=u=rwX,go=rX a /to");
    assert_eq!((made.owner.as_str(), made.mode.as_deref()), ("app:1", Some("u=rwX,go=rX")));
    let made = copy("COPY --chown=$NOTHING --chmod=$NOTHING a /to");
    assert_eq!((made.owner.as_str(), made.mode), ("", None));
    assert_eq!(copy("ADD --chmod=0644 a /to").mode.as_deref(), Some("0644"));
    assert!(error("FROM base\nCOPY --chmod=999 a /to").starts_with("line 2: `--chmod=999` is no mode"));
}

#[test]
fn a_link_looks_up_no_names() {
    assert!(copy("COPY --link --chown=1:2 a /to").link);
    assert!(error("FROM base\nCOPY --link --chown=app a /to").contains("give numbers"));
}

#[test]
fn parents_and_exceptions_are_kept() {
    let made = copy("COPY --parents --exclude=*.md --exclude=$X ./a/./b/c /d/../e /to");
    assert!(made.parents);
    assert_eq!(made.exclude, ["*.md", "$X"], "patterns have no variables");
    assert_eq!(made.sources, [Source::Path("a/./b/c".into()), Source::Path("e".into())]);
}

#[test]
fn documents_are_files() {
    let text = "COPY <<A.txt <<-\"B\" /to/\nhome: $HOME ${X:-x} \"q\" \\$y\nA.txt\n\t$HOME\nB\n";
    let made = build().plan(&format!("FROM base\nENV HOME=/root\n{text}"));
    let text = |name: &str, content: &str| Source::Text { name: name.into(), content: content.into() };
    assert_eq!(
        copies(&made)[0].sources,
        [text("A.txt", "home: /root x \"q\" $y\n"), text("B", "$HOME\n")],
        "quotes are text, and a quoted name keeps variables"
    );
    let mixed = sources("COPY a <<E b /to/\nx\nE\n");
    assert_eq!(mixed, ["a", "b", "<<E"], "documents come last, as in BuildKit");
}

#[test]
fn a_document_s_name_leads_nowhere() {
    let file = parse(b"FROM base\nCOPY <<../../etc/passwd /to/\nx\n../../etc/passwd\n", &Limits::default());
    if let Ok(file) = file {
        let build = build();
        let error = Plan::make(&file, &build.options, &build.bases).unwrap_err().to_string();
        assert_eq!(error, "line 2: the here-document's name `../../etc/passwd` becomes a file's, and cannot");
    }
}

#[test]
fn files_come_from_stages_and_images() {
    let plan = build().base("other", ImageConfig::default()).plan(
        "FROM base AS a\nRUN x\nFROM scratch\nCOPY --from=a /x /\nCOPY --from=other /y /\nCOPY --from=scratch / /\nCOPY z /",
    );
    let origins: Vec<&Origin> = copies(&plan).iter().map(|copy| &copy.origin).collect();
    assert_eq!(origins, [&Origin::Step(1), &Origin::Step(3), &Origin::Scratch, &Origin::Context(None)]);
    assert_eq!(plan.steps[3].title, "FROM other");
}

#[test]
fn archives_are_unpacked_by_add_alone() {
    let unpacks = ["COPY a /to", "ADD a /to", "ADD --unpack=false a /to", "ADD --unpack a /to"];
    assert_eq!(unpacks.map(|text| copy(text).unpack), [false, true, false, true]);
    let remote = |text: &str| match &copy(text).sources[0] {
        Source::Address { unpack, .. } => *unpack,
        other => panic!("{other:?}"),
    };
    assert!(!remote("ADD https://example.org/a.tar /to"));
    assert!(remote("ADD --unpack=true https://example.org/a.tar /to"));
}

#[test]
fn addresses_are_for_add() {
    let sum = format!("sha256:{}", "a1".repeat(32));
    let made = copy(&format!("ENV S={sum}\nADD --checksum=$S https://example.org/a.tar /to"));
    let address = Source::Address {
        url: "https://example.org/a.tar".into(),
        checksum: Some(sum.clone()),
        unpack: false,
    };
    assert_eq!(made.sources, [address]);
    assert!(error("FROM base\nCOPY https://example.org/a /to").contains("COPY takes no addresses"));
    for (wrong, reason) in [
        ("--checksum=sha256:12 https://example.org/a /to".to_owned(), "is no checksum"),
        (format!("--checksum={sum} a /to"), "is for one address or one repository"),
        (format!("--checksum={sum} https://example.org/a https://example.org/b /to/"), "is for one address"),
    ] {
        let error = error(&format!("FROM base\nADD {wrong}"));
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn repositories_are_for_add() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let made =
        copy(&format!("ADD --keep-git-dir=true --checksum={commit} https://example.org/a.git#v1:docs /to"));
    let git = Source::Git {
        remote: "https://example.org/a.git".into(),
        reference: Some("v1".into()),
        subdirectory: Some("docs".into()),
        keep_git_dir: true,
        checksum: Some(commit.into()),
        submodules: true,
    };
    assert_eq!(made.sources, [git]);
    for (wrong, reason) in [
        ("COPY git@example.org:a.git /to", "COPY takes no addresses"),
        ("ADD https://example.org/a.git?colour=red /to", "`colour` is none of"),
        ("ADD --checksum=xyz https://example.org/a.git /to", "is no checksum"),
        ("ADD --checksum=0123456 https://example.org/a.git?checksum=abcdef0 /to", "different commits"),
    ] {
        let error = error(&format!("FROM base\n{wrong}"));
        assert!(error.contains(reason), "{error}");
    }
}
