//! Names of keys in hardware: RFC 7512, as far as `pkcs11-tool` can follow one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::escape::{escaped, unescaped};

/// Longest name that is read, in bytes.
const MAX_LENGTH: usize = 2048;

/// Longest CKA_ID, in bytes.
const MAX_ID: usize = 64;

/// A key of a token, and how to get at it.
///
/// > pk11-URI = "pkcs11:" pk11-path [ "?" pk11-query ]
///
/// It names one key: it has an `id` or an `object`, and what it says of the token fits one token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenUri {
    /// What is said of the token.
    pub token: TokenTraits,
    /// CKA_ID of the key.
    pub id: Option<Vec<u8>>,
    /// CKA_LABEL of the key.
    pub object: Option<String>,
    /// The library that speaks to the token; OpenSC's own where there is none.
    pub module: Option<PathBuf>,
    /// The file that has the PIN.
    pub pin_source: Option<PathBuf>,
}

/// How a token is told from others. What is absent fits every token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenTraits {
    /// CK_TOKEN_INFO's label.
    pub label: Option<String>,
    /// CK_TOKEN_INFO's manufacturerID.
    pub manufacturer: Option<String>,
    /// CK_TOKEN_INFO's model.
    pub model: Option<String>,
    /// CK_TOKEN_INFO's serialNumber.
    pub serial: Option<String>,
}

/// Why a text names no key that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenUriSyntax {
    /// RFC 7512, section 2.3.
    #[error("`{0}` is no name of a key in hardware: those begin with `pkcs11:`")]
    Scheme(String),
    /// More than any key's name.
    #[error("a name of a key in hardware has no more than {MAX_LENGTH} characters")]
    Length,
    /// Neither `name=value`, nor escaped as RFC 3986 wants it.
    #[error(
        "`{0}` is no attribute of a `pkcs11:` name: `NAME=VALUE`, with `%` and two hex digits for what is special"
    )]
    Attribute(String),
    /// RFC 7512, section 2.3: "The use of a given attribute more than once is an error".
    #[error("`{0}` is there twice")]
    Twice(String),
    /// Vendors may add attributes; a key that is chosen without regard to one may be another.
    #[error("`{0}` is an attribute that tokens are not chosen by here")]
    Unknown(String),
    /// What has been in a command line is in a history.
    #[error("a PIN does not belong in a name")]
    PinValue,
    /// Certificates do not sign.
    #[error("`type={0}` does not sign: leave it out, or say `type=private`")]
    Type(String),
    /// A token has many keys.
    #[error("the name says neither `id` nor `object`, so that it could be any of the token's keys")]
    WhichKey,
    /// There would be two libraries or PINs.
    #[error("`{0}` is not the path of a file")]
    Path(String),
}

impl TokenUriSyntax {
    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::PinValue => "put it into a file of mode 0600 and say `?pin-source=/path/of/it`",
            _ => {
                "give a name like `pkcs11:token=team;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so`; \
                 `pkcs11-tool -O` lists a token's keys"
            }
        }
    }
}

impl FromStr for TokenUri {
    type Err = TokenUriSyntax;

    fn from_str(text: &str) -> Result<Self, TokenUriSyntax> {
        if text.len() > MAX_LENGTH {
            return Err(TokenUriSyntax::Length);
        }
        let rest = text.strip_prefix("pkcs11:").ok_or_else(|| TokenUriSyntax::Scheme(start(text)))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        for attribute in path.split(';').filter(|attribute| !attribute.is_empty()) {
            uri.path_attribute(attribute)?;
        }
        for attribute in query.split('&').filter(|attribute| !attribute.is_empty()) {
            uri.query_attribute(attribute)?;
        }
        let labelled = uri.object.as_ref().is_some_and(|label| !label.is_empty());
        if uri.id.is_some() || labelled { Ok(uri) } else { Err(TokenUriSyntax::WhichKey) }
    }
}

impl TokenUri {
    fn path_attribute(&mut self, attribute: &str) -> Result<(), TokenUriSyntax> {
        let (name, value) = pair(attribute)?;
        let place = match name {
            "token" => &mut self.token.label,
            "manufacturer" => &mut self.token.manufacturer,
            "model" => &mut self.token.model,
            "serial" => &mut self.token.serial,
            "object" => &mut self.object,
            "id" => {
                let fits = !value.is_empty() && value.len() <= MAX_ID;
                let id = fits.then_some(value).ok_or_else(|| TokenUriSyntax::Attribute(start(attribute)))?;
                return once(&mut self.id, name, id);
            }
            "type" => return signs(&text(attribute, value)?),
            _ => return Err(TokenUriSyntax::Unknown(start(name))),
        };
        once(place, name, text(attribute, value)?)
    }

    fn query_attribute(&mut self, attribute: &str) -> Result<(), TokenUriSyntax> {
        let (name, value) = pair(attribute)?;
        let place = match name {
            "module-path" => &mut self.module,
            "pin-source" => &mut self.pin_source,
            "pin-value" => return Err(TokenUriSyntax::PinValue),
            _ => return Err(TokenUriSyntax::Unknown(start(name))),
        };
        once(place, name, file(text(attribute, value)?)?)
    }
}

/// The inverse of parsing: what is special is escaped, in the order of this type's fields.
impl fmt::Display for TokenUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only the second part may have a slash as it is.
        let text =
            |text: &Option<String>| text.as_ref().map(|text| escaped(text.as_bytes()).replace('/', "%2F"));
        let path = |path: &Option<PathBuf>| path.as_deref().map(|path| escaped(bytes(path)));
        let all = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
        f.write_str("pkcs11:")?;
        let attributes = [
            ("token", text(&self.token.label)),
            ("manufacturer", text(&self.token.manufacturer)),
            ("model", text(&self.token.model)),
            ("serial", text(&self.token.serial)),
            ("id", self.id.as_ref().map(all)),
            ("object", text(&self.object)),
        ];
        write_each(f, &attributes, ["", ";"])?;
        let attributes = [("module-path", path(&self.module)), ("pin-source", path(&self.pin_source))];
        write_each(f, &attributes, ["?", "&"])
    }
}

/// Writes what is there, with one text before the first and another before the rest.
fn write_each(
    f: &mut fmt::Formatter<'_>,
    attributes: &[(&str, Option<String>)],
    [first, between]: [&str; 2],
) -> fmt::Result {
    let present = attributes.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    for (number, (name, value)) in present.enumerate() {
        write!(f, "{}{name}={value}", if number == 0 { first } else { between })?;
    }
    Ok(())
}

/// Name and value, the value without its escapes.
fn pair(attribute: &str) -> Result<(&str, Vec<u8>), TokenUriSyntax> {
    let malformed = || TokenUriSyntax::Attribute(start(attribute));
    let (name, value) = attribute.split_once('=').ok_or_else(malformed)?;
    Ok((name, unescaped(value).ok_or_else(malformed)?))
}

/// RFC 7512, section 2.3: all but `id` are UTF-8. No text of a token has control characters in it.
fn text(attribute: &str, value: Vec<u8>) -> Result<String, TokenUriSyntax> {
    let text = String::from_utf8(value).ok().filter(|text| !text.contains(char::is_control));
    text.ok_or_else(|| TokenUriSyntax::Attribute(start(attribute)))
}

fn once<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), TokenUriSyntax> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(TokenUriSyntax::Twice(name.to_owned())),
    }
}

fn signs(kind: &str) -> Result<(), TokenUriSyntax> {
    // Tools write the key's name with either.
    if matches!(kind, "private" | "public") { Ok(()) } else { Err(TokenUriSyntax::Type(start(kind))) }
}

/// Section 2.4: `pin-source` is a path or a `file:` URI; programs (`|`) are not started.
fn file(text: String) -> Result<PathBuf, TokenUriSyntax> {
    let path = text.strip_prefix("file://").or(text.strip_prefix("file:")).unwrap_or(&text);
    if Path::new(path).is_absolute() { Ok(path.into()) } else { Err(TokenUriSyntax::Path(start(&text))) }
}

fn bytes(path: &Path) -> &[u8] {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes()
}

/// As much as a message needs.
fn start(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &str) -> TokenUriSyntax {
        text.parse::<TokenUri>().unwrap_err()
    }

    #[test]
    fn a_name_as_tools_write_it_is_read() {
        let text = "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=85c4161b13490cad;\
                    token=team;id=%01%fe;object=root-1;type=private\
                    ?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/pin";
        let uri: TokenUri = text.parse().unwrap();
        assert_eq!(uri.token.label.as_deref(), Some("team"));
        assert_eq!(uri.token.manufacturer.as_deref(), Some("SoftHSM project"));
        assert_eq!((uri.id.as_deref(), uri.object.as_deref()), (Some(&[1, 0xfe][..]), Some("root-1")));
        assert_eq!(uri.module.as_deref(), Some(Path::new("/usr/lib/softhsm/libsofthsm2.so")));
        assert_eq!(uri.pin_source.as_deref(), Some(Path::new("/etc/pin")));
        assert_eq!(
            uri.to_string(),
            "pkcs11:token=team;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;serial=85c4161b13490cad;\
             id=%01%FE;object=root-1?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/pin"
        );
    }

    #[test]
    fn what_names_no_one_key_is_refused() {
        assert_eq!(refusal("pkcs11:"), TokenUriSyntax::WhichKey);
        assert_eq!(refusal("pkcs11:token=a"), TokenUriSyntax::WhichKey);
        assert_eq!(refusal("pkcs11:id=%01;id=%02"), TokenUriSyntax::Twice("id".into()));
        assert_eq!(refusal("pkcs11:object=a;x-card=b"), TokenUriSyntax::Unknown("x-card".into()));
        assert_eq!(refusal("pkcs11:object=a;type=cert"), TokenUriSyntax::Type("cert".into()));
        assert_eq!(refusal("file:/key"), TokenUriSyntax::Scheme("file:/key".into()));
        assert_eq!(refusal(&"x".repeat(MAX_LENGTH + 1)), TokenUriSyntax::Length);
        for bad in ["id", "id=", "object=%2", "object=%zz", "object=a b", "object=%0a", "object=%ff"] {
            assert_eq!(refusal(&format!("pkcs11:{bad}")), TokenUriSyntax::Attribute(bad.into()), "{bad}");
        }
    }

    #[test]
    fn a_pin_is_in_a_file_and_nothing_is_started_for_it() {
        assert_eq!(refusal("pkcs11:object=a?pin-value=1234"), TokenUriSyntax::PinValue);
        let program = refusal("pkcs11:object=a?pin-source=%7Ccat%20/etc/pin");
        assert_eq!(program, TokenUriSyntax::Path("|cat /etc/pin".into()));
    }

    fn words() -> impl Strategy<Value = Option<String>> {
        proptest::option::of("[^\\p{Cc}]{0,12}")
    }

    fn path() -> impl Strategy<Value = Option<PathBuf>> {
        proptest::option::of("/[^\\p{Cc}]{0,12}".prop_map(PathBuf::from))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            [label, manufacturer, model, serial] in [words(), words(), words(), words()],
            id in proptest::collection::vec(any::<u8>(), 1..20),
            object in words(),
            module in path(),
            pin_source in path(),
        ) {
            let token = TokenTraits { label, manufacturer, model, serial };
            let uri = TokenUri { token, id: Some(id), object, module, pin_source };
            prop_assert_eq!(uri.to_string().parse::<TokenUri>(), Ok(uri));
        }

        #[test]
        fn whatever_is_read_is_written_so_that_it_is_the_same(
            text in "pkcs11:(token|id|object|type|serial)=[a-z%0-9;=&?/]{0,20}[^\\p{Cc}]{0,20}",
        ) {
            if let Ok(uri) = text.parse::<TokenUri>() {
                prop_assert_eq!(uri.to_string().parse::<TokenUri>(), Ok(uri));
            }
        }
    }
}
