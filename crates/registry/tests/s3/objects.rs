//! The objects, and what is asked about them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::{Response, StatusCode};
use sha2::{Digest as _, Sha256};

#[derive(Default)]
pub(super) struct Objects(BTreeMap<String, Object>);

struct Object {
    bytes: Bytes,
    tag: String,
    when: jiff::Timestamp,
}

impl Objects {
    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub(super) fn get(&self, key: &str, range: Option<&str>) -> Response<Bytes> {
        let Some(object) = self.0.get(key) else { return super::status(StatusCode::NOT_FOUND) };
        let when = object.when.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let response = Response::builder().header("etag", &object.tag).header("last-modified", when);
        let Some((start, end)) = range.and_then(parse_range) else {
            return response.body(object.bytes.clone()).unwrap();
        };
        let end = (end + 1).min(object.bytes.len());
        if start >= end {
            return super::status(StatusCode::RANGE_NOT_SATISFIABLE);
        }
        let span = format!("bytes {start}-{}/{}", end - 1, object.bytes.len());
        let response = response.status(StatusCode::PARTIAL_CONTENT).header("content-range", span);
        response.body(object.bytes.slice(start..end)).unwrap()
    }

    pub(super) fn put(
        &mut self,
        key: &str,
        bytes: Bytes,
        absent: Option<&str>,
        same: Option<&str>,
    ) -> Response<Bytes> {
        let current = self.0.get(key);
        if absent == Some("*") && current.is_some() {
            return super::status(StatusCode::PRECONDITION_FAILED);
        }
        match (same, current) {
            (Some(_), None) => return super::status(StatusCode::NOT_FOUND),
            (Some(tag), Some(object)) if object.tag != tag => {
                return super::status(StatusCode::PRECONDITION_FAILED);
            }
            _ => {}
        }
        let mut tag = Sha256::digest(&bytes).iter().take(16).fold("\"".to_owned(), |mut tag, byte| {
            write!(tag, "{byte:02x}").unwrap();
            tag
        });
        tag.push('"');
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let when = jiff::Timestamp::from_second(now).unwrap();
        self.0.insert(key.to_owned(), Object { bytes, tag: tag.clone(), when });
        Response::builder().header("etag", tag).body(Bytes::new()).unwrap()
    }

    pub(super) fn delete(&mut self, key: &str) {
        self.0.remove(key);
    }

    pub(super) fn delete_many(&mut self, body: &[u8]) -> String {
        let text = std::str::from_utf8(body).unwrap();
        let mut answer = "<DeleteResult>".to_owned();
        for part in text.split("<Key>").skip(1) {
            let key = part.split("</Key>").next().unwrap();
            self.delete(key);
            write!(answer, "<Deleted><Key>{key}</Key></Deleted>").unwrap();
        }
        answer + "</DeleteResult>"
    }

    /// Version 2 of the listing: keys that share what comes before the next delimiter are one prefix.
    pub(super) fn list(&self, query: &BTreeMap<String, String>) -> String {
        let of = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let (prefix, delimiter) = (of("prefix"), of("delimiter"));
        let limit = of("max-keys").parse().unwrap_or(1000_usize).min(1000);
        let after = of("start-after").max(of("continuation-token"));
        let (mut entries, mut last, mut more) = (String::new(), String::new(), false);
        let mut count = 0;
        for (key, object) in self.0.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix))
        {
            let rest = &key[prefix.len()..];
            let common = (!delimiter.is_empty())
                .then(|| rest.split_once(delimiter))
                .flatten()
                .map(|(first, _)| format!("{prefix}{first}{delimiter}"));
            let name = common.clone().unwrap_or_else(|| key.clone());
            // What a page or the offset ended with is not given again, whichever key beneath it follows.
            if key.as_str() <= after || name == last || name == after {
                continue;
            }
            if count == limit {
                more = true;
                break;
            }
            match common {
                Some(name) => write!(entries, "<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>").unwrap(),
                None => write!(
                    entries,
                    "<Contents><Key>{key}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
                    object.when.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                    object.tag.replace('"', "&quot;"),
                    object.bytes.len()
                )
                .unwrap(),
            }
            last = name;
            count += 1;
        }
        let token = if more {
            format!("<NextContinuationToken>{last}</NextContinuationToken>")
        } else {
            String::new()
        };
        format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>{entries}{token}</ListBucketResult>")
    }
}

fn parse_range(text: &str) -> Option<(usize, usize)> {
    let (start, end) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?))
}

pub(super) fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decode(name), decode(&value.replace('+', " ")))).collect()
}

pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| std::str::from_utf8(&tail[..2]).unwrap());
        bytes.push(hex.map_or(*first, |hex| u8::from_str_radix(hex, 16).unwrap()));
        rest = if hex.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap()
}
