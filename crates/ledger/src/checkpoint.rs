//! Checkpoints: the signed head of a tree (c2sp.org/tlog-checkpoint).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hash::TreeHash;
use crate::note::{NAME_LIMIT, Note, NoteError, VerifierKey};

/// The head of a log's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: TreeHash,
}

impl Checkpoint {
    /// Reads a signed checkpoint without checking who signed it.
    ///
    /// # Errors
    /// [`NoteError::Malformed`]. Limits: 128 KiB, 64 signatures, an origin of 255 bytes.
    pub fn parse(note: &str) -> Result<CheckpointNote, NoteError> {
        CheckpointNote::parse(note)
    }

    /// The note text: origin, size and root, each on its line.
    pub(crate) fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    fn from_text(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split_terminator('\n');
        let bad = NoteError::Malformed;
        let origin = lines.next().filter(|line| !line.is_empty() && line.len() <= NAME_LIMIT);
        let origin = origin.ok_or(bad("the first line is not the origin"))?.to_owned();
        let size =
            lines.next().and_then(decimal).ok_or(bad("the second line is not the number of entries"))?;
        let root = lines.next().and_then(hash).ok_or(bad("the third line is not a root hash in base64"))?;
        if lines.any(str::is_empty) {
            return Err(bad("an extension line is empty"));
        }
        Ok(Self { origin, size, root })
    }
}

/// No sign and no leading zeroes.
fn decimal(line: &str) -> Option<u64> {
    let canonical = line == "0" || !line.starts_with(['0', '+']);
    line.parse().ok().filter(|_| canonical)
}

fn hash(line: &str) -> Option<TreeHash> {
    STANDARD.decode(line).ok()?.try_into().ok().map(TreeHash::from_bytes)
}

/// A signed checkpoint that was read and not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointNote {
    claimed: Checkpoint,
    note: Note,
}

impl CheckpointNote {
    /// As [`Checkpoint::parse`]; fuzz targets call this.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        let note = Note::parse(note)?;
        Ok(Self { claimed: Checkpoint::from_text(&note.text)?, note })
    }

    /// What it says, to be believed only after [`Self::verify`].
    #[must_use]
    pub fn claimed(&self) -> &Checkpoint {
        &self.claimed
    }

    /// Checks the signature and that the origin is the key's name.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] or [`NoteError::Forged`].
    pub fn verify(&self, key: &VerifierKey) -> Result<&Checkpoint, NoteError> {
        self.note.verify(key)?;
        if self.claimed.origin != key.name() {
            return Err(NoteError::Unsigned(key.name().to_owned()));
        }
        Ok(&self.claimed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::note::Signer;

    /// The example in the specification; its key is not given there.
    const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    #[test]
    fn the_example_of_the_specification_is_read() {
        let note = Checkpoint::parse(EXAMPLE).unwrap();
        assert_eq!(note.claimed().origin, "example.com/behind-the-sofa");
        assert_eq!(note.claimed().size, 20_852_163);
        assert_eq!(note.claimed().text(), EXAMPLE.split_inclusive('\n').take(3).collect::<String>());
    }

    #[test]
    fn sizes_and_roots_have_one_spelling() {
        for (from, to) in [
            ("20852163", "020852163"),
            ("20852163", "+1"),
            ("20852163", "-1"),
            ("20852163", "99999999999999999999"),
            ("q2I=", "q2I"),
            ("q2I=", "q2J="),
            ("q2I=\n", "q2I=\n\n\n"),
            ("example.com/behind-the-sofa\n2", "\n2"),
        ] {
            let text = EXAMPLE.replacen(from, to, 1);
            assert!(matches!(Checkpoint::parse(&text), Err(NoteError::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn a_note_of_another_log_is_unsigned_even_if_the_key_signed_it() {
        let signer = Signer::from_seed("log", &[1; 32]);
        let text = Checkpoint { origin: "other".into(), size: 0, root: TreeHash::of_nothing() }.text();
        let note = Note::assemble(&text, signer.verifier(), &signer.sign(&text));
        let found = Checkpoint::parse(&note).unwrap().verify(signer.verifier()).cloned();
        assert_eq!(found, Err(NoteError::Unsigned("log".into())));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(size in any::<u64>(), root in any::<[u8; 32]>(), origin in "[a-z./]{1,40}") {
            let signer = Signer::from_seed(&origin, &[1; 32]);
            let checkpoint = Checkpoint { origin, size, root: TreeHash::from_bytes(root) };
            let text = checkpoint.text();
            let note = Note::assemble(&text, signer.verifier(), &signer.sign(&text));
            let parsed = Checkpoint::parse(&note).unwrap();
            prop_assert_eq!(parsed.verify(signer.verifier()), Ok(&checkpoint));
        }

        #[test]
        fn an_altered_byte_is_refused(at in 0usize..200, bit in 0u8..7) {
            let signer = Signer::from_seed("log", &[1; 32]);
            let text = Checkpoint { origin: "log".into(), size: 9, root: TreeHash::of_nothing() }.text();
            let mut note = Note::assemble(&text, signer.verifier(), &signer.sign(&text)).into_bytes();
            let at = at % note.len();
            note[at] ^= 1 << bit;
            let read = String::from_utf8(note).ok().and_then(|note| Checkpoint::parse(&note).ok());
            prop_assert!(read.is_none_or(|note| note.verify(signer.verifier()).is_err()));
        }
    }
}
