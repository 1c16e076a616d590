//! What a decision knows of who vouches for an image.

/// Who vouches for an image, if anybody does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Vouched {
    /// Nobody is pinned for the place that it comes from.
    #[default]
    Nobody,
    /// The publisher who is pinned for its place signed this digest under this name.
    Signed {
        /// As the pin calls them.
        publisher: String,
        /// What is pinned: `registry.example/team`.
        place: String,
        /// The stages that it was promoted to.
        stages: Vec<String>,
        /// Who built it, where a signed statement says so.
        built: Option<String>,
    },
    /// A publisher is pinned, and does not vouch for it, or cannot be heard.
    Doubted {
        /// As the pin calls them.
        publisher: String,
        /// What is pinned: `registry.example/team`.
        place: String,
        /// Why, in a sentence.
        doubt: String,
        /// The command that would change it.
        remedy: String,
    },
}
