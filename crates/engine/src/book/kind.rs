//! What an entry can be about.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// What an entry is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)+
            /// Written by a newer version.
            #[serde(other, rename = "other")]
            Other,
        }

        impl Kind {
            /// Every kind that this version writes, as written in the ledger.
            pub const NAMES: &[&str] = &[$($text),+];

            /// As written in the ledger.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other => "other",
                }
            }
        }
    };
}

kinds! {
    /// A container may start; written before it does. `vouched`, `publisher`, `place`, `stages` and who `built` the
    /// image, where a publisher is pinned for its place.
    Permit = "permit",
    /// A container may not start; who vouches for the image, as in a permit.
    Refusal = "refusal",
    /// A container was made, and waits for a start.
    Create = "create",
    /// The container's program was executed, or could not be.
    Start = "start",
    /// Somebody sent the container a signal; `signal`.
    Kill = "kill",
    /// Somebody asked for the container's end; `signal` and `timeout`.
    Stop = "stop",
    /// The container is started again; `reason`: somebody asked, its restart policy, its health.
    Restart = "restart",
    /// The container's processes were frozen.
    Pause = "pause",
    /// They go on.
    Unpause = "unpause",
    /// The container has another name; `name` and `old-name`.
    Rename = "rename",
    /// Limits or the restart policy were changed; the options as they were typed.
    Update = "update",
    /// The container's health has changed; `health`.
    Health = "health",
    /// The kernel killed a process of the container for want of memory.
    Oom = "oom",
    /// A program may be executed in a running container; written before it is. `command`, `user`.
    ExecPermit = "exec-permit",
    /// That program has ended; `exec` and the exit code.
    ExecExit = "exec-exit",
    /// Files were copied into or out of a container; `from` and `to`.
    Copy = "copy",
    /// An image was made of what a container wrote.
    Commit = "commit",
    /// An image was built; `dockerfile`, the digest of the file that says how.
    Build = "build",
    /// The container has ended.
    Exit = "exit",
    /// A container's files were removed.
    ContainerRemove = "container-remove",
    /// An image was taken in.
    ImageImport = "image-import",
    /// An image was taken in from a registry; `registry`, and `digest` of what the name stands for there.
    ImagePull = "image-pull",
    /// An image was sent to a registry; `registry`, and `digest` of what the name stands for there.
    ImagePush = "image-push",
    /// An image was copied past the store; `to` and `digest`.
    ImageCopy = "image-copy",
    /// Something was signed of an image, and put beside it; its `digest`, the `type` of what is said, the `key`.
    Attest = "attest",
    /// What came was not what it should have been, and was not kept; `claimed` and `came`.
    ImageRefused = "image-refused",
    /// A name in a registry leads elsewhere than when it was pulled last; the digests, `old` and `new`.
    DigestChanged = "digest-changed",
    /// An image got a name.
    ImageTag = "image-tag",
    /// An image, or a name of one, was removed.
    ImageRemove = "image-remove",
    /// Something was examined; how many `critical`, `high`, `exploited`, `secrets`, and the `database`.
    Scan = "scan",
    /// The advisories were changed; `change`, and which `sources`.
    Advisories = "advisories",
    /// A vulnerability is accepted here; `id`, `reason`, `until`.
    Accept = "accept",
    /// A publisher is believed about a place from now on; `place`, `publisher`, `fingerprint`, `stage`.
    TrustPin = "trust-pin",
    /// No publisher is believed about a place any more; `place`, `publisher`, `fingerprint`.
    TrustUnpin = "trust-unpin",
    /// A publisher had something new to say; `publisher`, and the `versions` of what was taken over.
    TrustRefresh = "trust-refresh",
    /// What came in a publisher's name was not believed; `place`, `publisher`.
    TrustRefusal = "trust-refusal",
    /// A publisher was made here; `publisher`, and the `fingerprint` that consumers pin, where it is known.
    TrustInit = "trust-init",
    /// Releases were signed in a publisher's name, or what others had begun. As of all that a publisher does: `place`,
    /// `publisher`, how far it is (`published`, `waits`, `waits-for-online`), and what it changes.
    TrustSign = "trust-sign",
    /// A release was promoted to a stage.
    TrustPromote = "trust-promote",
    /// A digest was revoked, or that was taken back.
    TrustRevoke = "trust-revoke",
    /// A stage was made or changed.
    TrustDelegate = "trust-delegate",
    /// A key was replaced.
    TrustRotate = "trust-rotate",
    /// Keys that were lost or stolen were replaced.
    TrustRecover = "trust-recover",
    /// What a role says was signed anew.
    TrustRenew = "trust-renew",
    /// A volume was made because somebody asked for it.
    VolumeCreate = "volume-create",
    /// A volume and everything in it was removed.
    VolumeRemove = "volume-remove",
    /// Somebody read a manifest of a registry that is served here; `who`, `peer`.
    RegistryPull = "registry-pull",
    /// Somebody stored a manifest in it; `who`, `peer`.
    RegistryPush = "registry-push",
    /// Somebody removed something from it; `who`, `peer`.
    RegistryDelete = "registry-delete",
    /// A user, a team or a token of it was changed; `change`, and whose account it is.
    RegistryAccount = "registry-account",
    /// Its garbage was collected, and what its rules do not keep; how many `blobs`, `bytes`, `tags`, `manifests`.
    RegistryCollect = "registry-collect",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_was_written_and_an_unknown_one_passed_over() {
        for name in Kind::NAMES {
            let json = format!("\"{name}\"");
            let kind: Kind = serde_json::from_str(&json).unwrap();
            assert_eq!((kind.as_str(), serde_json::to_string(&kind).unwrap()), (*name, json));
        }
        assert_eq!(serde_json::from_str::<Kind>("\"newer\"").unwrap(), Kind::Other);
    }
}
