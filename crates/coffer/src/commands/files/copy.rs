//! `cp`: one end is in a container, the other here.

use std::io::IsTerminal as _;

use engine::files::copy::{Links, Owners};
use engine::files::{Origin, Receiver};

use super::warn;
use crate::args::files::Copy;
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::progress::Bar;
use crate::site;
use crate::value::end::End;

impl Act for Copy {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let owners = if self.archive { Owners::Kept } else { Owners::Maker };
        let links = if self.follow_link { Links::Followed } else { Links::Kept };
        let mut bar = (!self.quiet).then(Bar::of_bytes);
        let mut advanced = |bytes| bar.iter_mut().for_each(|bar| bar.moved(bytes));
        let copied = match (self.source, self.destination) {
            (End::Container(..), End::Container(..)) => return Err(between_containers()),
            (End::Container(container, path), to) => {
                let mut stdout = std::io::stdout().lock();
                let to = match to {
                    End::Host(path) => Receiver::Path(path),
                    _ if stdout.is_terminal() => return Err(terminal()),
                    _ => Receiver::Archive(&mut stdout),
                };
                site::open()?.copy_out(&container, (path, links), to, owners, &mut advanced)
            }
            (from, End::Container(container, path)) => {
                let mut stdin = std::io::stdin().lock();
                let from = match from {
                    End::Host(path) => Origin::Path(path, links),
                    _ => Origin::Archive(&mut stdin),
                };
                site::open()?.copy_in(&container, from, path, owners, &mut advanced)
            }
            _ => return Err(no_container()),
        };
        drop(bar);
        warn(context, &copied?);
        Ok(0)
    }
}

fn between_containers() -> Failure {
    Failure::usage(
        "`coffer cp` copies between a container and this host, not between two containers",
        "go through a pipe: coffer cp ONE:/PATH - | coffer cp - OTHER:/DIRECTORY",
    )
}

fn no_container() -> Failure {
    Failure::usage(
        "neither SOURCE nor DESTINATION of `coffer cp` is in a container",
        "name one as CONTAINER:PATH, such as web:/etc",
    )
}

fn terminal() -> Failure {
    Failure::failed(
        "E-cli-terminal",
        "standard output is a terminal, and an archive is no text",
        "write it to a file: coffer cp CONTAINER:PATH - > FILE",
    )
}
