//! `META-INF/MANIFEST.MF`: its main section.

use super::super::licence;
use super::super::text::{Folding, header, headers};

/// The most licences of one archive.
const MOST_LICENCES: usize = 32;

/// What a manifest says of its archive.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// `Implementation-Title`.
    pub(super) title: String,
    /// `Implementation-Version`, or the bundle's where there is none.
    pub(super) version: String,
    /// Names with dots that begin with a group's: `org.apache.commons.lang3`.
    pub(super) dotted: Vec<String>,
    /// `Implementation-Vendor-Id`, which Maven fills with the group.
    pub(super) vendor: String,
    /// What Jenkins calls a plugin, if it is one.
    pub(super) plugin: Option<Plugin>,
    /// `Bundle-License`.
    pub(super) licences: Vec<String>,
}

/// A plugin of Jenkins.
#[derive(Debug)]
pub(super) struct Plugin {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) version: String,
}

impl Manifest {
    /// Reads one; whatever it lacks is empty.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let headers = headers(&text, Folding::Word);
        let value = |name: &str| header(&headers, name).unwrap_or_default().to_owned();
        let first =
            |names: [&str; 2]| names.into_iter().find_map(|name| header(&headers, name)).unwrap_or_default();
        let dotted = ["Bundle-SymbolicName", "Automatic-Module-Name"].map(|name| {
            // `org.example;singleton:=true`
            value(name).split(';').next().unwrap_or_default().trim().to_owned()
        });
        let bundle_licences = value("Bundle-License");
        Self {
            title: value("Implementation-Title"),
            version: word(first(["Implementation-Version", "Bundle-Version"])),
            dotted: dotted.into_iter().filter(|name| !name.is_empty()).collect(),
            vendor: value("Implementation-Vendor-Id"),
            plugin: header(&headers, "Plugin-Version").map(|version| Plugin {
                group: value("Group-Id"),
                name: first(["Short-Name", "Extension-Name"]).to_owned(),
                version: word(version),
            }),
            // `Apache-2.0;link="https://..."`
            licences: bundle_licences
                .split(',')
                .filter_map(|name| licence(name.split(';').next()?))
                .take(MOST_LICENCES)
                .collect(),
        }
    }
}

/// The first word of a version: some add who built it, and when.
fn word(version: &str) -> String {
    version.split_whitespace().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_section_is_read() {
        let text = "Manifest-Version: 1.0\r\nImplementation-Title: Apache Tomcat\r\nImplementation-Version: 9.0.\r\n 83\r\n\
                    Bundle-SymbolicName: org.apache.tomcat-catalina;singleton:=true\r\nBundle-License: Apache-2.0;link=x\r\n\r\nName: x\r\n\
                    Implementation-Title: other\r\n";
        let manifest = Manifest::read(text.as_bytes());
        assert_eq!((manifest.title.as_str(), manifest.version.as_str()), ("Apache Tomcat", "9.0.83"));
        assert_eq!(manifest.dotted, ["org.apache.tomcat-catalina"]);
        assert_eq!(manifest.licences, ["Apache-2.0"]);
        assert!(manifest.plugin.is_none());
    }

    #[test]
    fn plugins_of_jenkins_are_told() {
        let text = "Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 5.2.0 (private-x)\n";
        let plugin = Manifest::read(text.as_bytes()).plugin.unwrap();
        assert_eq!((plugin.group.as_str(), plugin.name.as_str()), ("org.jenkins-ci.plugins", "git"));
        assert_eq!(plugin.version, "5.2.0");
    }
}
