//! Objects by name, with the few operations that the shelf needs and errors in its own words.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetResult, ListResult, ObjectMeta, ObjectStore as _, PutMode, PutPayload, PutResult,
    RetryConfig, UpdateVersion,
};

use super::connector::Connector;
use super::settings::{Addressing, BucketSettings};
use crate::server::shelf::error::{Result, ShelfError};

/// How long a request is tried again that the store could not answer.
const TRYING: Duration = Duration::from_secs(60);
const RETRIES: usize = 6;

/// A bucket, seen from a prefix on.
#[derive(Clone)]
pub(super) struct Objects(Arc<Inner>);

struct Inner {
    store: AmazonS3,
    settings: BucketSettings,
}

/// An object's tag, which changes with its bytes.
pub(super) type Tag = String;

/// What a conditional write came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    Done(Tag),
    Refused,
}

impl Objects {
    pub(super) fn new(settings: &BucketSettings) -> Result<Self> {
        settings.check()?;
        let retries = RetryConfig { max_retries: RETRIES, retry_timeout: TRYING, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_endpoint(settings.endpoint.trim_end_matches('/'))
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.access_key)
            .with_secret_access_key(&settings.secret_key)
            .with_virtual_hosted_style_request(settings.addressing == Addressing::Host)
            // What may be sent without TLS has been looked at.
            .with_allow_http(true)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_retry(retries)
            .with_http_connector(Connector::new(settings)?);
        if let Some(token) = &settings.token {
            builder = builder.with_token(token);
        }
        let store = builder.build().map_err(|error| settings.unfit(&error.to_string()))?;
        Ok(Self(Arc::new(Inner { store, settings: settings.clone() })))
    }

    pub(super) fn unfit(&self, why: &str) -> ShelfError {
        self.0.settings.unfit(why)
    }

    /// A small object, all of it.
    pub(super) async fn get(&self, at: &str, limit: u64) -> Result<Option<(Bytes, Tag)>> {
        let Some(result) = self.open(at, None).await? else { return Ok(None) };
        if result.meta.size > limit {
            return Err(ShelfError::Damaged { what: at.to_owned(), why: "it is too large".to_owned() });
        }
        let tag = self.tag(result.meta.e_tag.clone())?;
        let bytes = result.bytes().await.map_err(|error| failed("read", at, error))?;
        Ok(Some((bytes, tag)))
    }

    /// An object's bytes as they come.
    pub(super) async fn open(&self, at: &str, range: Option<Range<u64>>) -> Result<Option<GetResult>> {
        let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
        match self.0.store.get_opts(&self.path(at), options).await {
            Err(Error::NotFound { .. }) => Ok(None),
            result => result.map(Some).map_err(|error| failed("read", at, error)),
        }
    }

    pub(super) async fn is_there(&self, at: &str) -> Result<bool> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.0.store.get_opts(&self.path(at), options).await {
            Err(Error::NotFound { .. }) => Ok(false),
            result => result.map(|_| true).map_err(|error| failed("read", at, error)),
        }
    }

    pub(super) async fn put(&self, at: &str, payload: PutPayload) -> Result<Tag> {
        let put = self.0.store.put_opts(&self.path(at), payload, PutMode::Overwrite.into()).await;
        self.tag(put.map_err(|error| failed("write", at, error))?.e_tag)
    }

    pub(super) async fn put_new(&self, at: &str, payload: PutPayload) -> Result<Written> {
        let put = self.0.store.put_opts(&self.path(at), payload, PutMode::Create.into()).await;
        self.written(at, put)
    }

    /// Over what has this very tag.
    pub(super) async fn put_over(&self, at: &str, payload: PutPayload, tag: &Tag) -> Result<Written> {
        let mode = PutMode::Update(UpdateVersion { e_tag: Some(tag.clone()), version: None });
        let put = self.0.store.put_opts(&self.path(at), payload, mode.into()).await;
        self.written(at, put)
    }

    fn written(&self, at: &str, put: object_store::Result<PutResult>) -> Result<Written> {
        match put {
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => {
                Ok(Written::Refused)
            }
            put => self.tag(put.map_err(|error| failed("write", at, error))?.e_tag).map(Written::Done),
        }
    }

    fn tag(&self, tag: Option<String>) -> Result<Tag> {
        tag.ok_or_else(|| self.unfit("it answers without an ETag"))
    }

    pub(super) async fn delete(&self, at: &str) -> Result<()> {
        self.delete_all(vec![at.to_owned()]).await
    }

    /// Deletes objects, by the thousand where the store can.
    pub(super) async fn delete_all(&self, names: Vec<String>) -> Result<()> {
        let paths: Vec<_> = names.iter().map(|name| Ok(self.path(name))).collect();
        let mut deleted = self.0.store.delete_stream(Box::pin(Each(paths.into_iter())));
        while let Some(result) = next(&mut deleted).await {
            match result {
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(failed("delete", "objects", error)),
            }
        }
        Ok(())
    }

    /// One page of what is directly beneath `directory`, from behind `offset` on or where a page ended.
    pub(super) async fn page(
        &self,
        directory: &str,
        offset: Option<String>,
        token: Option<String>,
        limit: usize,
    ) -> Result<(ListResult, Option<String>)> {
        let prefix = format!("{}/", self.path(directory));
        let options = PaginatedListOptions {
            offset: offset.map(|offset| format!("{prefix}{offset}")),
            delimiter: Some("/".into()),
            max_keys: Some(limit),
            page_token: token,
            ..PaginatedListOptions::default()
        };
        let page = self.0.store.list_paginated(Some(&prefix), options).await;
        let page = page.map_err(|error| failed("list", directory, error))?;
        Ok((page.result, page.page_token))
    }

    /// Everything beneath `directory`, at most `limit`, with the names that it has here.
    pub(super) async fn all(&self, directory: &str, limit: usize) -> Result<Vec<(String, ObjectMeta)>> {
        let prefix = self.path(directory);
        let (mut found, mut listing) = (Vec::new(), self.0.store.list(Some(&prefix)));
        while found.len() < limit
            && let Some(object) = next(&mut listing).await
        {
            let object = object.map_err(|error| failed("list", directory, error))?;
            if let Some(name) = object.location.as_ref().strip_prefix(prefix.as_ref()) {
                found.push((format!("{directory}{name}"), object));
            }
        }
        Ok(found)
    }

    fn path(&self, at: &str) -> Path {
        let prefix = &self.0.settings.prefix;
        if prefix.is_empty() { Path::from(at) } else { Path::from(format!("{prefix}/{at}")) }
    }
}

pub(super) fn failed(doing: &'static str, what: &str, error: Error) -> ShelfError {
    let text = error.to_string();
    let full = ["QuotaExceeded", "StorageFull", "507 Insufficient"].iter().any(|word| text.contains(word));
    let kind = if full { io::ErrorKind::StorageFull } else { io::ErrorKind::Other };
    ShelfError::place(doing, what, io::Error::new(kind, text))
}

/// The next item of a stream.
pub(super) async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

/// A stream of what is there already.
struct Each<I>(I);

impl<I: Iterator + Unpin> Stream for Each<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.settings.fmt(f)
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
