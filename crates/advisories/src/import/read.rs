//! A document of a known format, whole or record by record.

mod stream;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::open::Input;
use super::output::Output;
use super::{
    Format, ImportError, Limits, announcements, csaf, epss, kev, nvd, osv, php, rubysec, secdb, tracker, yaml,
};
use stream::Level;

/// Reads a document; what is wrong with what it says is put into `output`.
///
/// # Errors
/// What is wrong with the stream.
pub(super) fn document(
    format: Format,
    input: &mut Input<'_>,
    limits: &Limits,
    output: &mut Output<'_>,
) -> Result<(), ImportError> {
    match format {
        Format::OsvList => {
            return stream::each(input, Level::Top, limits, output, &mut |_, value, output| {
                match serde_json::from_value(value) {
                    Ok(record) => osv::read(record, output),
                    Err(error) => output.skip("", error.to_string()),
                }
            });
        }
        Format::DebianTracker => {
            return stream::each(input, Level::Top, limits, output, &mut tracker::read);
        }
        Format::Nvd => {
            return stream::each(input, Level::Field("vulnerabilities"), limits, output, &mut nvd::read);
        }
        Format::Epss => return epss::read(input, output),
        _ => {}
    }
    // What is read into the very types that it has is as long in memory as it is written.
    let is_plain = matches!(format, Format::Csaf | Format::DebianAnnouncements);
    let most = if is_plain { limits.document } else { limits.record };
    let whole = input.whole(most);
    let whole = whole.map_err(|cause| ImportError::Read { path: output.source().to_owned(), cause })?;
    let Some(bytes) = whole else {
        output.skip("", format!("it is longer than {most} bytes"));
        return Ok(());
    };
    match format {
        Format::Osv => json(&bytes, output, osv::read),
        Format::OsvYaml => yaml(&bytes, output, osv::read),
        Format::SecdbJson => json(&bytes, output, secdb::read),
        Format::SecdbYaml => yaml(&bytes, output, secdb::read),
        Format::Csaf => json(&bytes, output, csaf::read),
        Format::Kev => json(&bytes, output, kev::read),
        Format::RubySec => yaml(&bytes, output, rubysec::read),
        Format::FriendsOfPhp => yaml(&bytes, output, php::read),
        Format::DebianAnnouncements => announcements::read(&String::from_utf8_lossy(&bytes), output),
        Format::OsvList | Format::DebianTracker | Format::Nvd | Format::Epss => {}
    }
    Ok(())
}

fn json<T: DeserializeOwned>(bytes: &[u8], output: &mut Output<'_>, read: impl FnOnce(T, &mut Output<'_>)) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(document) => read(document, output),
        Err(error) => output.skip("", error.to_string()),
    }
}

fn yaml<T: DeserializeOwned>(bytes: &[u8], output: &mut Output<'_>, read: impl FnOnce(T, &mut Output<'_>)) {
    let text = String::from_utf8_lossy(bytes);
    let document = yaml::parse(&text);
    match document.and_then(|value: Value| serde_json::from_value(value).map_err(|error| error.to_string())) {
        Ok(document) => read(document, output),
        Err(reason) => output.skip("", reason),
    }
}
