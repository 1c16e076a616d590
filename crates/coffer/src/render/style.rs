//! Colour, or none. A colour never says anything that a word beside it does not.

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Bare text.
    Plain,
    /// With ANSI colours (ECMA-48, SGR).
    Coloured,
}

/// What a piece of text is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Ordinary.
    #[default]
    Plain,
    /// In force.
    Good,
    /// An exception that somebody asked for.
    Warn,
    /// Missing or refused.
    Bad,
    /// Headings.
    Strong,
    /// Beside the point.
    Faint,
}

impl Style {
    /// `text` in the tone's colour.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match (self, tone) {
            (Self::Plain, _) | (_, Tone::Plain) => return text.to_owned(),
            (_, Tone::Good) => "32",
            (_, Tone::Warn) => "33",
            (_, Tone::Bad) => "31",
            (_, Tone::Strong) => "1",
            (_, Tone::Faint) => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint(Tone::Good, text)
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.paint(Tone::Warn, text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.paint(Tone::Bad, text)
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.paint(Tone::Strong, text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.paint(Tone::Faint, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(Style::Plain.bad("no"), "no");
        assert_eq!(Style::Coloured.bad("no"), "\x1b[31mno\x1b[0m");
        assert_eq!(Style::Coloured.paint(Tone::Plain, "so"), "so");
    }
}
