//! Whole conversations with whoever decides.

use std::net::IpAddr;

use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use super::*;

const NOW: u64 = 1_800_000_000;
const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

struct House {
    access: Access,
    password: Secret,
    _dir: tempfile::TempDir,
}

async fn house(anonymous: Anonymous) -> House {
    let dir = tempfile::tempdir().unwrap();
    let shelf = Shelf::disk(&dir.path().join("shelf")).unwrap();
    let settings = AccessSettings { anonymous, ..AccessSettings::default() };
    let access = Access::new(&shelf, &settings).unwrap();
    let password = generate().unwrap();
    let user = User {
        password: hash(&password).unwrap(),
        role: Role::Member,
        grants: vec![grant("team/app", &[Action::Pull, Action::Push])],
        teams: ["readers".to_owned()].into(),
        made: NOW,
    };
    access.accounts().add_team("readers", vec![grant("lib/*", &[Action::Pull])]).await.unwrap();
    access.accounts().add_user("anna", &user).await.unwrap();
    House { access, password, _dir: dir }
}

fn grant(pattern: &str, actions: &[Action]) -> Grant {
    Grant { repositories: pattern.parse().unwrap(), actions: actions.iter().copied().collect() }
}

fn basic(name: &str, password: &Secret) -> HeaderValue {
    let text = STANDARD.encode(format!("{name}:{}", password.reveal()));
    HeaderValue::from_str(&format!("Basic {text}")).unwrap()
}

impl House {
    async fn ask(&self, header: Option<&HeaderValue>, scope: &str) -> Result<Identity, StatusCode> {
        let needed: Vec<Scope> = Scope::parse(scope).into_iter().collect();
        self.access.check(header, PEER, &needed, NOW).await.map_err(|denied| denied.status)
    }

    async fn ticket(&self, header: Option<&HeaderValue>, query: &str) -> Result<HeaderValue, Denied> {
        let request = TokenRequest::query(query).unwrap();
        let answer = self.access.token(&request, header, PEER, NOW).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((&answer["token"], answer["expires_in"].as_u64()), (&answer["access_token"], Some(300)));
        Ok(HeaderValue::from_str(&format!("Bearer {}", answer["token"].as_str().unwrap())).unwrap())
    }
}

#[tokio::test]
async fn without_credentials_nothing_is_allowed_and_the_challenge_says_what_to_bring() {
    let house = house(Anonymous::None).await;
    let needed = [Scope::repository("team/app", Action::Pull)];
    let denied = house.access.check(None, PEER, &needed, NOW).await.unwrap_err();
    assert_eq!((denied.status, denied.code), (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"));
    let challenge = denied.bearer("https://host").unwrap();
    assert!(challenge.to_str().unwrap().ends_with("scope=\"repository:team/app:pull\""), "{challenge:?}");
    assert_eq!(house.ask(None, "").await, Err(StatusCode::UNAUTHORIZED));
    assert_eq!(house.ticket(None, "").await.unwrap_err().status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_user_may_do_what_they_and_their_teams_are_granted() {
    let house = house(Anonymous::None).await;
    let anna = basic("anna", &house.password);
    for allowed in ["", "repository:team/app:pull,push", "repository:lib/x:pull", "registry:catalog:*"] {
        assert_eq!(house.ask(Some(&anna), allowed).await.unwrap().who(), "user:anna", "{allowed}");
    }
    for refused in ["repository:team/app:delete", "repository:lib/x:push", "repository:team/other:pull"] {
        assert_eq!(house.ask(Some(&anna), refused).await, Err(StatusCode::FORBIDDEN), "{refused}");
    }
    let wrong = basic("anna", &Secret::new("not the one".into()));
    assert_eq!(house.ask(Some(&wrong), "").await, Err(StatusCode::UNAUTHORIZED));
    let nobody = basic("nobody", &house.password);
    assert_eq!(house.ask(Some(&nobody), "").await, Err(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn a_removed_user_and_a_left_team_count_at_once() {
    let house = house(Anonymous::None).await;
    let anna = basic("anna", &house.password);
    house.ask(Some(&anna), "repository:lib/x:pull").await.unwrap();
    house.access.accounts().leave("readers", "anna").await.unwrap();
    assert_eq!(house.ask(Some(&anna), "repository:lib/x:pull").await, Err(StatusCode::FORBIDDEN));
    house.access.accounts().remove_user("anna").await.unwrap();
    assert_eq!(house.ask(Some(&anna), "").await, Err(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn a_ticket_allows_what_was_asked_and_granted_and_nothing_else() {
    let house = house(Anonymous::None).await;
    let anna = basic("anna", &house.password);
    let asked = "service=coffer-registry&scope=repository:team/app:*&scope=repository:lib/x:pull,push\
                 &scope=repository:secret:pull,push,delete";
    let ticket = house.ticket(Some(&anna), asked).await.unwrap();
    for allowed in ["", "repository:team/app:pull,push", "repository:lib/x:pull"] {
        assert_eq!(house.ask(Some(&ticket), allowed).await.unwrap().who(), "user:anna", "{allowed}");
    }
    for refused in [
        "repository:team/app:delete",
        "repository:lib/x:push",
        "repository:lib/y:pull",
        "repository:secret:pull",
    ] {
        assert_eq!(house.ask(Some(&ticket), refused).await, Err(StatusCode::UNAUTHORIZED), "{refused}");
    }
    let narrow = house.ticket(Some(&anna), "scope=repository:team/app:pull").await.unwrap();
    assert_eq!(house.ask(Some(&narrow), "repository:team/app:push").await, Err(StatusCode::UNAUTHORIZED));
    let wider = house.ticket(Some(&narrow), "scope=repository:team/app:push").await.unwrap_err();
    assert_eq!(wider.status, StatusCode::UNAUTHORIZED, "a ticket buys no other ticket");
    let elsewhere = house.ticket(Some(&anna), "service=other").await.unwrap_err();
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_token_is_a_password_and_a_bearer_until_it_ends() {
    let house = house(Anonymous::None).await;
    let (id, secret) = new_token().unwrap();
    let token = Token {
        name: "CI".into(),
        hash: token_hash(&secret),
        grants: vec![grant("team/app", &[Action::Push])],
        made: NOW,
        expires: Some(NOW + 10),
    };
    house.access.accounts().add_token(&id, &token).await.unwrap();
    let bearer = HeaderValue::from_str(&format!("Bearer {}", secret.reveal())).unwrap();
    let ticket =
        house.ticket(Some(&basic(TOKEN_USER, &secret)), "scope=repository:team/app:pull,push").await.unwrap();
    for header in [&basic(TOKEN_USER, &secret), &bearer, &ticket] {
        let identity = house.ask(Some(header), "repository:team/app:push").await.unwrap();
        assert_eq!(identity.who(), format!("token:{id}"));
        house.ask(Some(header), "repository:team/app:pull").await.unwrap_err();
    }
    let tokens = house.access.accounts().tokens().await.unwrap();
    assert_eq!(tokens.iter().map(|(id, _, used)| (id, *used)).collect::<Vec<_>>(), [(&id, Some(NOW))]);
    let later = house.access.check(Some(&bearer), PEER, &[], NOW + 10).await.unwrap_err();
    assert_eq!(later.status, StatusCode::UNAUTHORIZED);
    house.access.accounts().revoke(&id).await.unwrap();
    assert_eq!(house.ask(Some(&bearer), "").await, Err(StatusCode::UNAUTHORIZED));
    let wrong = HeaderValue::from_str(&format!("Bearer coffer_{id}_AAAA")).unwrap();
    assert_eq!(house.ask(Some(&wrong), "").await, Err(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn anonymous_may_pull_and_only_pull_where_that_is_said() {
    let house = house(Anonymous::Pull).await;
    assert_eq!(house.ask(None, "repository:a:pull").await.unwrap().who(), "anonymous");
    assert_eq!(house.ask(None, "repository:a:push").await, Err(StatusCode::UNAUTHORIZED));
    assert_eq!(house.ask(None, "").await, Err(StatusCode::UNAUTHORIZED), "or nobody could log in");
    let ticket = house.ticket(None, "scope=repository:a:pull,push").await.unwrap();
    assert_eq!(house.ask(Some(&ticket), "repository:a:pull").await.unwrap().kind(), Kind::Anonymous);
    assert_eq!(house.ask(Some(&ticket), "repository:a:push").await, Err(StatusCode::UNAUTHORIZED));
    let wrong = HeaderValue::from_static("Bearer a.b.c");
    assert_eq!(house.ask(Some(&wrong), "repository:a:pull").await, Err(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn a_new_team_has_no_members_of_an_old_one() {
    let house = house(Anonymous::None).await;
    let accounts = house.access.accounts();
    accounts.remove_team("readers").await.unwrap();
    accounts.add_team("readers", vec![grant("*", &[Action::Delete])]).await.unwrap();
    let teams = accounts.teams().await.unwrap();
    assert!(teams.iter().all(|(_, _, members)| members.is_empty()), "{teams:?}");
    assert!(matches!(accounts.add_team("readers", Vec::new()).await, Err(AccountError::Exists { .. })));
    assert!(matches!(accounts.join("nothing", "anna").await, Err(AccountError::Missing { .. })));
    assert!(matches!(accounts.join("readers", "nobody").await, Err(AccountError::Missing { .. })));
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_come_back() {
    let house = house(Anonymous::Pull).await;
    let limit = 4 * AccessSettings::default().requests_per_address;
    let mut last = Ok(());
    for _ in 0..=2 * limit {
        last = house.access.pace(PEER);
    }
    let denied = last.unwrap_err();
    assert_eq!((denied.status.as_u16(), denied.code), (429, "TOOMANYREQUESTS"));
    assert!(denied.retry_after >= Some(1));
}
