//! The products of a document, and which packages of which release they are.

use std::collections::HashMap;

use super::wire::{Branch, Product, ProductTree};

/// Most steps from a package to its platform: a package of a module of a product is three.
const MAX_STEPS: usize = 4;

/// All products by their ids.
pub(super) struct Tree<'a> {
    products: HashMap<&'a str, &'a Product>,
    /// What is a component of what.
    components: HashMap<&'a str, (&'a str, &'a str)>,
}

/// A package of a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part<'a> {
    pub(super) ecosystem: String,
    pub(super) name: &'a str,
    /// The stream of the module that it is in: `nodejs:18`.
    pub(super) module: Option<String>,
}

/// A package, and its version with the epoch where the document says.
pub(super) struct Found<'a> {
    pub(super) part: Part<'a>,
    pub(super) version: Option<String>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(tree: &'a ProductTree) -> Self {
        let mut products: HashMap<_, _> = tree.full_product_names.iter().map(by_id).collect();
        let mut branches: Vec<&Branch> = tree.branches.iter().collect();
        while let Some(branch) = branches.pop() {
            products.extend(branch.product.as_ref().map(by_id));
            branches.extend(&branch.branches);
        }
        let components = tree.relationships.iter().map(|it| {
            let parts = (it.product_reference.as_str(), it.relates_to_product_reference.as_str());
            (it.full_product_name.product_id.as_str(), parts)
        });
        Self { products, components: components.collect() }
    }

    /// The package that a product is; nothing where it is none of a distribution that is known.
    pub(super) fn part(&self, id: &str) -> Option<Found<'a>> {
        let (component, mut platform) = *self.components.get(id)?;
        let mut module = None;
        for _ in 0..MAX_STEPS {
            let Some((inner, outer)) = self.components.get(platform) else { break };
            module = self.module(inner);
            platform = outer;
        }
        let ecosystem = ecosystem(self.products.get(platform)?)?;
        let package = Purl::of(self.products.get(component)?)?;
        let module = package.qualifier("rpmmod").or(module);
        Some(Found { version: package.version(), part: Part { ecosystem, name: package.name, module } })
    }

    /// `nodejs:18`, of `nodejs:18:8080020230718:63b34585`.
    fn module(&self, id: &str) -> Option<String> {
        let purl = self.products.get(id).and_then(|product| product.helper.purl.as_deref());
        let full = match purl.and_then(|purl| purl.strip_prefix("pkg:rpmmod/")) {
            Some(rest) => rest.split('?').next()?.rsplit('/').next()?.replace('@', ":"),
            None => id.to_owned(),
        };
        let mut parts = full.split(':');
        Some(format!("{}:{}", parts.next()?, parts.next()?))
    }
}

fn by_id(product: &Product) -> (&str, &Product) {
    (product.product_id.as_str(), product)
}

/// A release, as OSV names it.
fn ecosystem(platform: &Product) -> Option<String> {
    if let Some(name) = platform.name.strip_prefix("openSUSE ") {
        return Some(format!("openSUSE:{name}"));
    }
    if let Some(name) = platform.name.strip_prefix("SUSE ") {
        return Some(format!("SUSE:{name}"));
    }
    let cpe = platform.helper.cpe.as_deref()?;
    let product = cpe.strip_prefix("cpe:/")?.split_once(":redhat:")?.1;
    Some(format!("Red Hat:{product}"))
}

/// A component's name and version: by its package URL, or by its id where there is none.
struct Purl<'a> {
    name: &'a str,
    version: Option<&'a str>,
    qualifiers: &'a str,
}

impl<'a> Purl<'a> {
    fn of(product: &'a Product) -> Option<Self> {
        match product.helper.purl.as_deref() {
            Some(purl) => Self::parse(purl),
            None => Some(Self::from_id(&product.product_id)),
        }
    }

    fn parse(purl: &'a str) -> Option<Self> {
        let rest = purl.strip_prefix("pkg:rpm/")?;
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (path, version) =
            path.split_once('@').map_or((path, None), |(path, version)| (path, Some(version)));
        Some(Self { name: path.rsplit('/').next()?, version, qualifiers })
    }

    /// `openssl-1:3.0.7-16.el9_2.x86_64`, or a name alone.
    fn from_id(id: &'a str) -> Self {
        let whole = || {
            let (rest, _) = id.rsplit_once('.')?;
            let (rest, release) = rest.rsplit_once('-')?;
            let (name, version) = rest.rsplit_once('-')?;
            let end = name.len() + 1 + version.len() + 1 + release.len();
            version
                .starts_with(|first: char| first.is_ascii_digit())
                .then_some((name, id.get(name.len() + 1..end)))
        };
        let (name, version) = whole().unwrap_or((id, None));
        // `nodejs:18/nodejs` is a package of a module, of which no version is known.
        Self { name: name.rsplit('/').next().unwrap_or(name), version, qualifiers: "" }
    }

    fn qualifier(&self, name: &str) -> Option<String> {
        let pairs = self.qualifiers.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| decoded(value));
        let value = values.next()?;
        let mut parts = value.split(':');
        let stream = parts.next().zip(parts.next());
        Some(stream.map_or_else(|| value.clone(), |(module, stream)| format!("{module}:{stream}")))
    }

    /// `1:3.0.7-16.el9_2`.
    fn version(&self) -> Option<String> {
        let version = decoded(self.version?);
        let pairs = self.qualifiers.split('&').filter_map(|pair| pair.split_once('='));
        let epoch =
            pairs.filter(|(key, value)| *key == "epoch" && *value != "0").map(|(_, value)| value).next();
        Some(epoch.map_or_else(|| version.clone(), |epoch| format!("{epoch}:{version}")))
    }
}

/// The escapes that occur in versions and streams.
fn decoded(text: &str) -> String {
    [
        ("%3A", ":"),
        ("%3a", ":"),
        ("%2B", "+"),
        ("%2b", "+"),
        ("%7E", "~"),
        ("%7e", "~"),
        ("%5E", "^"),
        ("%5e", "^"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (escape, letter)| text.replace(escape, letter))
}
