//! registries.conf, version 2: containers-registries.conf(5).

use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use super::page::{Page, Value};
use super::prefix::{Location, Prefix};
use super::{Access, Aliasing, Entry, Layer, Mirror, Origin, Search};
use crate::config::endpoint::{Pulls, Security};
use crate::config::error::{Result, Warning};
use crate::config::host::is_host;
use model::reference::ImageName;

/// What one file says, and what in it has no meaning here.
pub(super) fn parse(path: &Path, text: &str) -> Result<(Layer, Vec<Warning>)> {
    let mut page = Page { path, text, warnings: Vec::new() };
    let mut layer = Layer::default();
    for (key, value) in page.table()? {
        match key.get_ref().as_ref() {
            name @ "unqualified-search-registries" => layer.search = Some(search(&page, name, &value)?),
            name @ "short-name-mode" => layer.aliasing = Some(aliasing(&page, name, &value)?),
            name @ "aliases" => layer.aliases = aliases(&page, name, &value)?,
            name @ "registry" => {
                for value in page.array(name, &value, "[[registry]] tables")? {
                    let entry = entry(&mut page, value)?;
                    layer.entries.push(entry);
                }
            }
            name @ "registries" => return Err(page.wrong(name, &key, OLD)),
            other => page.unknown(other.to_owned(), &key),
        }
    }
    Ok((layer, page.warnings))
}

/// Version 1 wrote `[registries.search]`, `[registries.block]` and so on.
const OLD: &str = "nothing: this is version 1 of the format; write [[registry]] tables";

const PREFIX: &str = "a host with or without a path, such as docker.io/library or *.example.com";
const LOCATION: &str = "a host with or without a path, such as mirror.example:5000/hub";

fn search(page: &Page<'_>, key: &str, value: &Value<'_>) -> Result<Search> {
    let mut registries = Vec::new();
    for value in page.array(key, value, "a list of registries")? {
        let host = page.text(key, value)?;
        let leads_there = format!("{host}/x").parse::<ImageName>().is_ok_and(|name| name.names_registry());
        if !is_host(&host) || !leads_there {
            return Err(page.wrong(key, value, "registries by their hosts, such as quay.io"));
        }
        registries.push(host);
    }
    Ok(Search { registries, path: page.path.to_owned() })
}

fn aliasing(page: &Page<'_>, key: &str, value: &Value<'_>) -> Result<Aliasing> {
    match page.text(key, value)?.as_str() {
        "enforcing" | "permissive" => Ok(Aliasing::On),
        "disabled" => Ok(Aliasing::Off),
        _ => Err(page.wrong(key, value, "enforcing, permissive or disabled")),
    }
}

fn aliases(page: &Page<'_>, key: &str, value: &Value<'_>) -> Result<Vec<(String, Option<ImageName>)>> {
    let mut aliases = Vec::new();
    for (name, value) in page.inner(key, value)? {
        let short = name.get_ref().as_ref();
        if !is_short(short) {
            return Err(page.wrong(key, name, "short names: no registry, no tag, no digest"));
        }
        let whole = page.text(short, value)?;
        let whole = if whole.is_empty() { None } else { Some(whole_name(page, short, value, &whole)?) };
        aliases.push((short.to_owned(), whole));
    }
    Ok(aliases)
}

fn is_short(text: &str) -> bool {
    text.parse::<ImageName>().is_ok_and(|name| name.repository == text && !name.names_registry())
}

fn whole_name(page: &Page<'_>, short: &str, value: &Value<'_>, text: &str) -> Result<ImageName> {
    let whole = text.parse::<ImageName>().ok();
    let whole = whole.filter(|name| name.repository == text && name.names_registry());
    whole.ok_or_else(|| {
        page.wrong(short, value, "a whole name without a tag, such as docker.io/library/nginx")
    })
}

/// One `[[registry]]`.
fn entry(page: &mut Page<'_>, value: &Value<'_>) -> Result<Entry> {
    let table = page.inner("registry", value)?;
    let (mut prefix, mut location, mut mirrors) = (None, None, Vec::new());
    let (mut security, mut access, mut by_digest) = (Security::Verified, Access::Allowed, None);
    for (key, value) in table {
        match key.get_ref().as_ref() {
            name @ "prefix" => prefix = Some((page.text(name, value)?, value)),
            name @ "location" => location = Some((page.text(name, value)?, value)),
            name @ "insecure" => security = secured(page.truth(name, value)?),
            name @ "blocked" => {
                access = if page.truth(name, value)? { Access::Blocked } else { Access::Allowed }
            }
            name @ "mirror-by-digest-only" => by_digest = page.truth(name, value)?.then_some(Pulls::Digests),
            name @ "mirror" => {
                for value in page.array(name, value, "[[registry.mirror]] tables")? {
                    let mirror = mirror(page, value)?;
                    mirrors.push(mirror);
                }
            }
            other => page.unknown(format!("registry.{other}"), key),
        }
    }
    let Some((text, at)) = prefix.clone().filter(|(text, _)| !text.is_empty()).or_else(|| location.clone())
    else {
        return Err(page.wrong("registry", value, "a `prefix` or a `location`"));
    };
    let parsed = Prefix::parse(&text).ok_or_else(|| page.wrong("prefix", at, PREFIX))?;
    let location = match location.filter(|(text, _)| !text.is_empty()) {
        Some((text, at)) => place(page, &text, at)?,
        None => None,
    };
    if location.is_none() && !parsed.is_pattern() && prefix.is_some() && access == Access::Allowed {
        return Err(page.wrong("registry", value, "a `location`, unless its prefix begins with `*.`"));
    }
    let mirrors = mirrors.into_iter().map(|(mirror, pulls)| limited(page, value, mirror, pulls, by_digest));
    Ok(Entry {
        mirrors: mirrors.collect::<Result<_>>()?,
        prefix: parsed,
        name: text,
        location,
        security,
        access,
        origin: Origin { path: page.path.to_owned(), line: page.line_of(value) },
    })
}

/// `None` for a pattern, whose hosts are asked by their own names.
fn place<T>(page: &Page<'_>, text: &str, at: &Spanned<T>) -> Result<Option<Location>> {
    if Prefix::parse(text).is_some_and(|prefix| prefix.is_pattern()) {
        return Ok(None);
    }
    Location::parse(text).map(Some).ok_or_else(|| page.wrong("location", at, LOCATION))
}

fn secured(insecure: bool) -> Security {
    if insecure { Security::Insecure } else { Security::Verified }
}

/// One `[[registry.mirror]]`, and its own word about what is pulled from it.
fn mirror(page: &mut Page<'_>, value: &Value<'_>) -> Result<(Mirror, Option<Pulls>)> {
    let table: &DeTable<'_> = page.inner("registry.mirror", value)?;
    let (mut location, mut security, mut pulls) = (None, Security::Verified, None);
    for (key, value) in table {
        match key.get_ref().as_ref() {
            name @ "location" => {
                let text = page.text(name, value)?;
                location = Some(Location::parse(&text).ok_or_else(|| page.wrong(name, value, LOCATION))?);
            }
            name @ "insecure" => security = secured(page.truth(name, value)?),
            name @ "pull-from-mirror" => pulls = Some(pulled(page, name, value)?),
            other => page.unknown(format!("registry.mirror.{other}"), key),
        }
    }
    let location = location.ok_or_else(|| page.wrong("registry.mirror", value, "a `location`"))?;
    Ok((Mirror { location, security, pulls: Pulls::All }, pulls))
}

fn pulled(page: &Page<'_>, key: &str, value: &Value<'_>) -> Result<Pulls> {
    match page.text(key, value)?.as_str() {
        "all" => Ok(Pulls::All),
        "digest-only" => Ok(Pulls::Digests),
        "tag-only" => Ok(Pulls::Tags),
        _ => Err(page.wrong(key, value, "all, digest-only or tag-only")),
    }
}

/// The two keys that say what mirrors are for exclude each other.
fn limited(
    page: &Page<'_>,
    at: &Value<'_>,
    mirror: Mirror,
    own: Option<Pulls>,
    all: Option<Pulls>,
) -> Result<Mirror> {
    if own.is_some() && all.is_some() {
        return Err(page.wrong("registry", at, "`mirror-by-digest-only` or `pull-from-mirror`, not both"));
    }
    Ok(Mirror { pulls: own.or(all).unwrap_or(Pulls::All), ..mirror })
}
