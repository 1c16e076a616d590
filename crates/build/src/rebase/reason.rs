//! Why an image stays on the base that it has: sentences, and what to do.

/// Of one kind, so that a thousand files do not make a thousand lines.
pub(super) const MOST: usize = 20;

/// Why an image stays on the base that it has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The image is not built on that base.
    #[error(
        "layer {number} of the image is not that of the base: it was built on another one; name that with --from"
    )]
    OtherBase {
        /// From the bottom, the first being 1.
        number: usize,
    },
    /// The image has fewer layers than the base.
    #[error(
        "the image has {image} layers, and the base {base}: it was built on another one; name that with --from"
    )]
    FewLayers {
        /// Of the image.
        image: usize,
        /// Of the base.
        base: usize,
    },
    /// The image is the base.
    #[error("the image has no layers of its own above the base; take the new base instead")]
    NothingAbove,
    /// Another system or processor.
    #[error("the image is for {image}, and the new base for {base}")]
    Platform {
        /// Of the image.
        image: String,
        /// Of the new base.
        base: String,
    },
    /// Another distribution or major release.
    #[error(
        "the old base is {old}, and the new one {new}: programs are built for one release; build the image anew"
    )]
    Distribution {
        /// Of the old base.
        old: String,
        /// Of the new base.
        new: String,
    },
    /// Nothing says which distribution it is.
    #[error(
        "/etc/os-release of both bases has to say which distribution and release they are, and does not; build the image anew"
    )]
    NoDistribution,
    /// Another C library, or an older one.
    #[error("the old base has {old}, and the new one {}: programs run on the same or a newer one alone", .new.as_deref().unwrap_or("none"))]
    Libc {
        /// Of the old base.
        old: String,
        /// Of the new base.
        new: Option<String>,
    },
    /// Another interpreter or toolkit.
    #[error("the old base has {name} {old}, and the new one {}: what was installed for one is not found by the other; build the image anew", .new.as_deref().unwrap_or("none"))]
    Runtime {
        /// `python`
        name: String,
        /// Of the old base.
        old: String,
        /// Of the new base.
        new: Option<String>,
    },
    /// A library is gone.
    #[error(
        "`{0}` of the old base is not in the new one, and programs may be linked against it; build the image anew"
    )]
    Library(String),
    /// The application has a file that the bases have differently.
    #[error(
        "the application's layers replace `{0}`, which the bases have differently: the new one's would be hidden"
    )]
    Replaced(String),
    /// The application has removed what the bases have differently.
    #[error(
        "the application's layers remove `{path}`, and the bases have `{differs}` differently: it would not be seen"
    )]
    Removed {
        /// What is removed.
        path: String,
        /// Where they differ.
        differs: String,
    },
    /// A directory that the application's files lie in is none any more.
    #[error(
        "the application's `{path}` lies in `{parent}`, which is a directory in the old base and {now} in the new one"
    )]
    Parent {
        /// The application's.
        path: String,
        /// What it lies in.
        parent: String,
        /// What it is now.
        now: &'static str,
    },
    /// A database of packages.
    #[error(
        "the application's layers changed `{0}`: one file tells of the base's packages and of its own, so that they cannot be told apart; build the image anew, or make an image of base and packages and put the application on that"
    )]
    Packages(String),
    /// More of the kind before it.
    #[error("and {0} more paths of that kind")]
    More(usize),
}
