//! Records: an object each.

use bytes::Bytes;
use tokio::task::JoinSet;

use super::Bucket;
use super::objects::Written;
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::{Key, Known, Put, RECORD_LIMIT, Small, Version, When};

/// How many requests of one call are under way at a time.
const AT_ONCE: usize = 16;

/// The largest page that stores give.
const PAGE: usize = 1000;

impl Bucket {
    pub(in crate::server::shelf) async fn get(&self, key: &Key) -> Result<Option<Small>> {
        let read = self.objects.get(&name(key), RECORD_LIMIT).await?;
        Ok(read.map(|(bytes, tag)| Small { bytes, version: Version(Known::Tag(tag)) }))
    }

    pub(in crate::server::shelf) async fn put(&self, key: &Key, bytes: Bytes, when: When) -> Result<Put> {
        limit(&bytes)?;
        let name = name(key);
        let written = match when {
            When::Always => Written::Done(self.objects.put(&name, bytes.into()).await?),
            When::Absent => self.objects.put_new(&name, bytes.into()).await?,
            When::Unchanged(Version(Known::Tag(tag))) => {
                self.objects.put_over(&name, bytes.into(), &tag).await?
            }
            When::Unchanged(Version(Known::Bytes(_))) => Written::Refused,
        };
        Ok(match written {
            Written::Done(tag) => Put::Done(Version(Known::Tag(tag))),
            Written::Refused => Put::Refused,
        })
    }

    pub(in crate::server::shelf) async fn put_all(&self, records: Vec<(Key, Bytes)>) -> Result<()> {
        records.iter().try_for_each(|(_, bytes)| limit(bytes))?;
        let mut under_way = JoinSet::new();
        for (key, bytes) in records {
            if under_way.len() >= AT_ONCE {
                one_of(&mut under_way).await?;
            }
            let objects = self.objects.clone();
            under_way.spawn(async move { objects.put(&name(&key), bytes.into()).await.map(drop) });
        }
        while !under_way.is_empty() {
            one_of(&mut under_way).await?;
        }
        Ok(())
    }

    pub(in crate::server::shelf) async fn delete(&self, key: &Key) -> Result<bool> {
        let name = name(key);
        let was_there = self.objects.is_there(&name).await?;
        if was_there {
            self.objects.delete(&name).await?;
        }
        Ok(was_there)
    }

    pub(in crate::server::shelf) async fn delete_all(&self, keys: Vec<Key>) -> Result<()> {
        self.objects.delete_all(keys.iter().map(name).collect()).await
    }

    pub(in crate::server::shelf) async fn list(
        &self,
        prefix: &Key,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>> {
        let directory = name(prefix);
        // Behind all that begins with a directory's name: `~` is in no key and sorts behind what is.
        let offset =
            after.map(|after| if after.ends_with('/') { format!("{after}~") } else { after.to_owned() });
        let (mut names, mut token) = (Vec::new(), None);
        while names.len() < limit {
            let ask = (limit - names.len()).min(PAGE);
            let (page, next) = self.objects.page(&directory, offset.clone(), token, ask).await?;
            let directories =
                page.common_prefixes.iter().filter_map(|path| Some(format!("{}/", path.filename()?)));
            let objects =
                page.objects.iter().filter_map(|object| Some(object.location.filename()?.to_owned()));
            let mut page: Vec<String> = directories.chain(objects).collect();
            page.sort_unstable();
            names.append(&mut page);
            token = next;
            if token.is_none() {
                break;
            }
        }
        names.truncate(limit);
        Ok(names)
    }
}

fn name(key: &Key) -> String {
    format!("records/{key}")
}

fn limit(bytes: &Bytes) -> Result<()> {
    if bytes.len() as u64 > RECORD_LIMIT {
        return Err(ShelfError::Limit { allowed: RECORD_LIMIT });
    }
    Ok(())
}

/// Waits for one of several requests.
pub(super) async fn one_of(under_way: &mut JoinSet<Result<()>>) -> Result<()> {
    match under_way.join_next().await {
        Some(done) => {
            done.map_err(|error| ShelfError::place("write", "records", std::io::Error::other(error)))?
        }
        None => Ok(()),
    }
}
