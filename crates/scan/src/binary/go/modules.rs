//! The list of modules in a program's build information (Go, src/runtime/debug/mod.go).

use std::collections::HashMap;

use super::malformed;
use crate::content::Flaw;

/// The most modules of one program; the largest known have a tenth.
const MAX_MODULES: usize = 20_000;

/// A module that is in the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module {
    /// What its packages are imported as.
    pub(super) path: String,
    /// What it is: another module where it was replaced by one; empty where nobody says.
    pub(super) name: String,
    /// `v1.2.3`; empty where nobody says.
    pub(super) version: String,
}

/// All of them, and the package that is the program.
#[derive(Debug, Default)]
pub(super) struct Modules {
    pub(super) program: String,
    pub(super) list: Vec<Module>,
}

impl Modules {
    /// Reads lines of fields between tabs: `path`, `mod`, `dep` (`=>` for what replaces the one before), `build`.
    pub(super) fn parse(text: &str) -> Result<Self, Flaw> {
        let mut modules = Self::default();
        let (mut settings, mut own) = (HashMap::new(), None);
        for line in text.lines() {
            let mut fields = line.split('\t');
            let (kind, first) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            let version = fields.next().unwrap_or_default();
            match kind {
                "path" => first.clone_into(&mut modules.program),
                "mod" | "dep" if modules.list.len() >= MAX_MODULES => {
                    return Err(Flaw::TooMany { what: "modules", limit: MAX_MODULES });
                }
                "mod" | "dep" => {
                    own = own.or((kind == "mod").then_some(modules.list.len()));
                    modules.list.push(module(first, version));
                }
                "=>" => replace(&mut modules.list, first, version)?,
                "build" => settings.extend(first.split_once('=')),
                _ => {}
            }
        }
        if let Some(main) = own.and_then(|index| modules.list.get_mut(index)) {
            name_main(main, &settings);
        }
        Ok(modules)
    }
}

fn module(path: &str, version: &str) -> Module {
    let version = if version == "(devel)" { "" } else { version };
    Module { path: path.to_owned(), name: path.to_owned(), version: version.to_owned() }
}

/// What a module was replaced by: another module, or a directory, of which nobody knows the version.
fn replace(list: &mut [Module], path: &str, version: &str) -> Result<(), Flaw> {
    let replaced = list.last_mut().ok_or_else(|| malformed("it replaces a module before there is one"))?;
    let by_directory = path.starts_with("./") || path.starts_with("../") || path.starts_with('/');
    if !by_directory {
        path.clone_into(&mut replaced.name);
    }
    replaced.version = module(path, version).version;
    Ok(())
}

/// The main module has a version of its own only if it was built as a dependency is, or, since Go 1.24, from a tag.
fn name_main(main: &mut Module, settings: &HashMap<&str, &str>) {
    if main.path == "command-line-arguments" {
        main.name.clear();
    }
    if main.version.is_empty() {
        let told = settings.get("-ldflags").and_then(|flags| from_flags(flags));
        main.version = told.or_else(|| from_revision(settings)).unwrap_or_default();
    }
}

/// The version that a build set as a variable: `-X example.com/tool/version.Version=1.2.3`.
fn from_flags(flags: &str) -> Option<String> {
    let words = flags.split_whitespace().map(|word| word.trim_matches(['"', '\'', '\\']));
    let assignments = words.filter_map(|word| word.trim_start_matches("-X=").split_once('='));
    assignments.filter(|(variable, _)| is_version(variable)).find_map(|(_, value)| plain(value))
}

fn is_version(variable: &str) -> bool {
    let name = variable.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    ["version", "gitversion", "buildversion", "appversion", "releaseversion", "tag", "gittag"]
        .contains(&&*name)
}

/// `1.2.3` or `v1.2.3`, with or without what may follow it.
fn plain(value: &str) -> Option<String> {
    let number = value.strip_prefix('v').unwrap_or(value);
    let end = number.find(['-', '+']).unwrap_or(number.len());
    let (core, rest) = number.split_at_checked(end)?;
    let is_number =
        |part: &str| !part.is_empty() && part.len() < 10 && part.bytes().all(|byte| byte.is_ascii_digit());
    let sound = core.split('.').count() == 3 && core.split('.').all(is_number);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    (sound && rest.bytes().all(allowed)).then(|| format!("v{number}"))
}

/// A version of Go's own form for a commit that no tag names: `v0.0.0-20060102150405-abcdefabcdef`.
fn from_revision(settings: &HashMap<&str, &str>) -> Option<String> {
    let revision = settings.get("vcs.revision")?.get(..12)?;
    let time = settings.get("vcs.time")?.get(..19)?;
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    (digits.len() == 14).then(|| format!("v0.0.0-{digits}-{revision}"))
}

/// The standard library's version by the compiler's, `go1.21rc2` or `go1.22.3 X:boringcrypto`, as Go's advisories
/// write it: `v1.21.0-rc.2`, `v1.22.3`. Compilers between releases have none.
pub(super) fn standard(compiler: &str) -> Option<String> {
    let number = compiler.strip_prefix("go")?;
    let end = number.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(number.len());
    let (number, rest) = number.split_at_checked(end)?;
    let mut parts = number.split('.').filter(|part| !part.is_empty());
    let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    let before = ["rc", "beta"].into_iter().find_map(|word| Some((word, rest.strip_prefix(word)?)));
    let suffix = before.map(|(word, count)| {
        let digits: String = count.chars().take_while(char::is_ascii_digit).collect();
        format!("-{word}.{digits}")
    });
    Some(format!("v{major}.{minor}.{patch}{}", suffix.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main_version(lines: &str) -> String {
        let modules =
            Modules::parse(&format!("path\texample.com/tool\nmod\texample.com/tool\t(devel)\t\n{lines}"));
        modules.unwrap().list.first().unwrap().version.clone()
    }

    #[test]
    fn modules_and_what_replaces_them() {
        let text = "path\tk8s.io/kubernetes/cmd/kubectl\nmod\tk8s.io/kubernetes\tv1.29.0\t\n\
                    dep\tgithub.com/one/a\tv1.0.0\th1:x=\ndep\tgithub.com/two/b\tv0.0.0\n=>\tgithub.com/fork/b\tv2.1.0\th1:y=\n\
                    dep\tk8s.io/api\tv0.0.0\n=>\t./staging/src/k8s.io/api\t(devel)\t\n";
        let modules = Modules::parse(text).unwrap();
        let seen: Vec<_> = modules.list.iter().map(|m| (&*m.path, &*m.name, &*m.version)).collect();
        assert_eq!(modules.program, "k8s.io/kubernetes/cmd/kubectl");
        assert_eq!(
            seen,
            [
                ("k8s.io/kubernetes", "k8s.io/kubernetes", "v1.29.0"),
                ("github.com/one/a", "github.com/one/a", "v1.0.0"),
                ("github.com/two/b", "github.com/fork/b", "v2.1.0"),
                ("k8s.io/api", "k8s.io/api", ""),
            ]
        );
        assert!(Modules::parse("=>\tgithub.com/fork/b\tv2.1.0\n").is_err());
        assert!(Modules::parse(&"dep\ta\tv1\n".repeat(MAX_MODULES + 1)).is_err());
    }

    #[test]
    fn a_main_module_without_a_version_has_the_one_it_was_built_with() {
        let flags =
            "build\t-ldflags=\"-s -w -X 'example.com/tool/version.Version=1.2.3-rc1' -X main.commit=77\"\n";
        assert_eq!(main_version(flags), "v1.2.3-rc1");
        assert_eq!(main_version("build\t-ldflags=-X=main.version=v4.5.6\n"), "v4.5.6");
        let revision = "build\tvcs.revision=0123456789abcdef0123\nbuild\tvcs.time=2024-05-06T07:08:09Z\n";
        assert_eq!(main_version(revision), "v0.0.0-20240506070809-0123456789ab");
        assert_eq!(
            main_version("build\t-ldflags=\"-X main.version=main -X main.schemaVersionFile=1.2.3\"\n"),
            ""
        );
    }

    #[test]
    fn the_standard_library_has_the_compilers_version() {
        let versions =
            ["go1.22.3", "go1.20", "go1.21rc2", "go1.22.3 X:boringcrypto", "go1.25.3 (Red Hat 1.25.3-1)"];
        let expected = ["v1.22.3", "v1.20.0", "v1.21.0-rc.2", "v1.22.3", "v1.25.3"];
        assert_eq!(versions.map(|version| standard(version).unwrap()), expected);
        assert_eq!(standard("devel +0123abc"), None);
    }
}
