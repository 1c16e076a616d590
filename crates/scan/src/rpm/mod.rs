//! Packages of Red Hat, SUSE and their families: rpm's database in its three formats, and the list that images
//! without one have instead.

mod header;
mod pages;
mod sqlite;
mod ndb;
mod hash;
mod manifest;

use crate::catalog::{Candidate, Cataloger, Found, MOST_PACKAGES, Room};
use crate::content::{Content, Flaw};

/// Those of this module.
pub(crate) const CATALOGERS: &[Cataloger] = &[
    Cataloger { name: "rpm-sqlite", wants: |file| is_database(file, "rpmdb.sqlite"), read: sqlite },
    Cataloger { name: "rpm-sqlite-log", wants: is_log, read: log },
    Cataloger { name: "rpm-ndb", wants: |file| is_database(file, "Packages.db"), read: ndb },
    Cataloger { name: "rpm-hash", wants: |file| is_database(file, "Packages"), read: hash },
    Cataloger { name: "rpm-manifest", wants: is_manifest, read: manifest::read },
];

/// The largest header, in bytes.
const MAX_HEADER: usize = 64 << 20;

/// Where databases are: at first, since Fedora 36, and in SUSE; the last is that of Microsoft's distroless images.
const DIRECTORIES: [&str; 3] = ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"];

fn is_database(file: &Candidate<'_>, name: &str) -> bool {
    let directory = file.path.strip_suffix(name).and_then(|rest| rest.strip_suffix('/'));
    directory.is_some_and(|directory| DIRECTORIES.contains(&directory))
}

fn is_log(file: &Candidate<'_>) -> bool {
    is_database(file, "rpmdb.sqlite-wal") && file.size > 0
}

fn is_manifest(file: &Candidate<'_>) -> bool {
    file.path == "var/lib/rpmmanifest/container-manifest-2"
}

/// What is found, header by header. One that cannot be read does not hide those that follow it.
struct Packages<'a> {
    found: &'a mut Vec<Found>,
    room: Room,
    flaw: Option<Flaw>,
}

impl Packages<'_> {
    fn add(&mut self, header: &[u8]) -> Result<(), Flaw> {
        if self.found.len() >= MOST_PACKAGES {
            return Err(Flaw::TooMany { what: "packages", limit: MOST_PACKAGES });
        }
        match header::package(header, &mut self.room) {
            // The keys that packages are signed with stand among them.
            Some(package) if package.name == "gpg-pubkey" => {}
            Some(package) => self.found.push(package),
            None => self.flaw = Some(malformed("the header of a package is damaged")),
        }
        Ok(())
    }
}

/// What is done with each header, or row, of a database.
type See<'a> = dyn FnMut(&[u8]) -> Result<(), Flaw> + 'a;

/// How a format of database is read.
type EachHeader = fn(&Content<'_>, &mut See<'_>) -> Result<(), Flaw>;

/// Reads one format of database.
fn with(each_header: EachHeader, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let mut packages = Packages { found, room: Room::default(), flaw: None };
    each_header(content, &mut |header| packages.add(header))?;
    packages.flaw.map_or(Ok(()), Err)?;
    packages.room.sufficed()
}

fn sqlite(_: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    with(sqlite::each_header, content, found)
}

fn ndb(_: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    with(ndb::each_header, content, found)
}

fn hash(_: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    with(hash::each_header, content, found)
}

/// A log beside the database holds changes that are not in it, for whoever opens both as SQLite does.
fn log(_: &Candidate<'_>, _: &Content<'_>, _: &mut Vec<Found>) -> Result<(), Flaw> {
    Err(malformed(
        "it holds changes that were never written into rpmdb.sqlite, and they are not read; \
         `rpm --rebuilddb` writes them",
    ))
}

fn malformed(reason: &'static str) -> Flaw {
    Flaw::Malformed { what: "sound package database", reason: reason.into() }
}

#[cfg(test)]
mod tests;
