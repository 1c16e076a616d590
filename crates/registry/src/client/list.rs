//! Lists over many pages: distribution specification, "Listing Tags", and Docker's `_catalog`.

use http::Method;
use http::header::LINK;
use model::reference::{ImageName, Repository};
use serde::Deserialize;

use super::document::object;
use super::exchange::{Ask, Place};
use super::link;
use super::plain::plain;
use super::settings::Way;
use super::{ClientError, Result, Shared};

/// Most bytes of a page.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Most pages of a list.
const PAGES: usize = 10_000;

/// Most names of a list.
const NAMES: usize = 1_000_000;

#[derive(Deserialize)]
struct Page {
    #[serde(default, alias = "repositories")]
    tags: Option<Vec<String>>,
}

impl Shared {
    pub(crate) fn tags(&self, repository: &Repository) -> Result<Vec<String>> {
        let way = self.registry(repository)?;
        let what = format!("list of tags of `{repository}`");
        let first = way.path("tags/list?n=1000");
        let is_tag =
            |text: &str| format!("x:{text}").parse::<ImageName>().is_ok_and(|name| name.digest.is_none());
        self.listed(&way, first, &way.scope("pull"), &what, is_tag)
    }

    pub(crate) fn catalogue(&self, registry: &str) -> Result<Vec<String>> {
        let way = self.whole(registry)?;
        let what = "list of repositories".to_owned();
        let first = "/v2/_catalog?n=1000".to_owned();
        let is_path = |text: &str| {
            let name = text.parse::<ImageName>();
            name.is_ok_and(|name| name.tag.is_none() && name.digest.is_none())
        };
        self.listed(&way, first, "registry:catalog:*", &what, is_path)
    }

    fn listed(
        &self,
        way: &Way,
        first: String,
        scope: &str,
        what: &str,
        is_name: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut next = Some(first);
        for _ in 0..PAGES {
            let Some(page) = next else { return Ok(names) };
            let (bytes, after) = self.page(way, page, scope, what)?;
            let page: Page = object(what, &bytes)?;
            for name in page.tags.unwrap_or_default() {
                if !is_name(&name) {
                    let why = format!("`{}` is no name", plain(&name));
                    return Err(ClientError::Document { what: what.to_owned(), why });
                }
                names.push(name);
            }
            if names.len() > NAMES {
                return Err(ClientError::Limit {
                    what: what.to_owned(),
                    limit: "names",
                    allowed: NAMES as u64,
                });
            }
            next = after;
        }
        Err(ClientError::Limit { what: what.to_owned(), limit: "pages", allowed: PAGES as u64 })
    }

    /// A page's bytes, and the path of the next. Whatever host a link names, the list goes on where it began.
    pub(crate) fn page(
        &self,
        way: &Way,
        path: String,
        scope: &str,
        what: &str,
    ) -> Result<(Vec<u8>, Option<String>)> {
        let ask = Ask {
            method: Method::GET,
            place: Place::Path(path),
            headers: Vec::new(),
            repository: &way.repository,
            scope: scope.to_owned(),
            what,
            bytes: LONGEST,
        };
        self.persistently(|| {
            let answer = self.ask(&way.host, &ask, &[])?;
            if answer.status != 200 {
                return Err(answer.refusal(what));
            }
            let next = link::next(answer.headers(LINK)).map(str::to_owned);
            let next = next.map(|link| {
                let to = answer.from.join(&link);
                to.map(|to| to.target)
                    .ok_or_else(|| answer.nonsense(what, "its link to the next page is none"))
            });
            let next = next.transpose()?;
            Ok((answer.bytes(what, LONGEST)?, next))
        })
    }
}
