//! Which functions a Go program has, by the table of names that its stack traces need, so that stripping does not
//! remove it (Go, src/runtime/symtab.go). Functions that were inlined everywhere have their names there, too.

use std::collections::HashMap;

use super::super::elf::{Elf, Part};
use super::STANDARD;
use super::modules::Modules;
use crate::content::Flaw;

/// The magic numbers since Go 1.16, 1.18 and 1.20, and which field after them says where the names begin. Before,
/// names were strewn among other things, and those of inlined functions could not be found.
const TABLES: [(u32, usize); 3] = [(0xffff_fffa, 2), (0xffff_fff0, 3), (0xffff_fff1, 3)];
/// Largest table of names, in bytes.
const MAX_NAMES: u64 = 128 << 20;
/// The most functions that are kept of one program.
const MAX_FUNCTIONS: usize = 500_000;
/// Longer names are not those of functions that anybody wrote.
const MAX_NAME: usize = 1024;
/// The most elements of a package's path.
const MAX_DEPTH: usize = 32;

/// Functions by the name of their module.
#[derive(Debug, Default)]
pub(super) struct Functions(HashMap<String, Vec<String>>);

impl Functions {
    /// Reads the table; `None` where there is none that is understood.
    pub(super) fn read(elf: &Elf<'_>, modules: &Modules) -> Result<Option<Self>, Flaw> {
        let section = elf.section(".gopclntab").or_else(|| elf.section(".data.rel.ro.gopclntab"));
        let Some(section) = section else { return Ok(None) };
        let Some(names) = names(elf, section)? else { return Ok(None) };
        let mut functions = Self::default();
        let mut owners = Owners::new(modules);
        let mut count = 0;
        for name in names.split(|byte| *byte == 0).filter(|name| name.len() <= MAX_NAME) {
            let Some((package, function)) = str::from_utf8(name).ok().and_then(parsed) else { continue };
            let Some((module, package)) = owners.of(&package) else { continue };
            count += 1;
            if count > MAX_FUNCTIONS {
                return Err(Flaw::TooMany { what: "functions", limit: MAX_FUNCTIONS });
            }
            functions.0.entry(module).or_default().push(format!("{package}.{function}"));
        }
        Ok(Some(functions))
    }

    /// Those of one module, sorted.
    pub(super) fn take(&mut self, module: &str) -> Vec<String> {
        let mut functions = self.0.remove(module).unwrap_or_default();
        functions.sort_unstable();
        functions.dedup();
        functions
    }
}

/// The bytes of the table of names.
fn names(elf: &Elf<'_>, section: &Part) -> Result<Option<Vec<u8>>, Flaw> {
    let header = elf.beginning(section, 80)?;
    let magic = elf.order.u32(&header, 0);
    let Some((_, field)) = TABLES.iter().find(|(known, _)| Some(*known) == magic) else { return Ok(None) };
    let offset = |field: usize| elf.address(&header, 8 + field * elf.width());
    let (Some(start), Some(end)) = (offset(*field), offset(field + 1)) else { return Ok(None) };
    let length = end.saturating_sub(start);
    if length > MAX_NAMES {
        return Err(Flaw::TooLarge { size: length, limit: MAX_NAMES });
    }
    elf.slice(section, start, length).map(Some)
}

/// Finds the module of a package.
struct Owners<'a> {
    modules: &'a Modules,
    by_path: HashMap<&'a str, usize>,
    /// The answer for the last package: functions of one stand together.
    last: (String, Option<(String, String)>),
}

impl<'a> Owners<'a> {
    fn new(modules: &'a Modules) -> Self {
        let by_path = modules.list.iter().enumerate().map(|(index, module)| (&*module.path, index)).collect();
        Self { modules, by_path, last: (String::new(), None) }
    }

    /// The module's name, and what the package is called in it.
    fn of(&mut self, package: &str) -> Option<(String, String)> {
        if self.last.0 != package {
            self.last = (package.to_owned(), self.search(package));
        }
        self.last.1.clone()
    }

    fn search(&self, package: &str) -> Option<(String, String)> {
        let package = if package == "main" { &*self.modules.program } else { package };
        let parents = std::iter::successors(Some(package), |path| Some(path.rsplit_once('/')?.0));
        let module = parents.take(MAX_DEPTH).find_map(|path| self.by_path.get(path));
        if let Some(module) = module.and_then(|index| self.modules.list.get(*index)) {
            let rest = package.strip_prefix(&*module.path).unwrap_or_default();
            return Some((module.name.clone(), format!("{}{rest}", module.name)));
        }
        // The paths of all other packages begin with the name of a host.
        let first = package.split('/').next().unwrap_or_default();
        (!first.is_empty() && !first.contains('.')).then(|| (STANDARD.to_owned(), package.to_owned()))
    }
}

/// A package and one of its functions, by the name that the linker gives to it: `net/http.(*Server).Serve.func1`
/// is part of `Server.Serve` in `net/http`. `None` for what no source says, and for functions of C.
fn parsed(name: &str) -> Option<(String, String)> {
    if name.starts_with("type:") || name.starts_with("go:") || name.starts_with("type..") {
        return None;
    }
    let name = without_arguments(name);
    let head = name.find('(').unwrap_or(name.len());
    let slash = name.get(..head)?.rfind('/').map_or(0, |slash| slash + 1);
    let dot = slash + name.get(slash..)?.find('.')?;
    let (package, rest) = (name.get(..dot)?, name.get(dot + 1..)?);
    let mut words = rest.split('.').map(|word| {
        let word = word.trim_start_matches('(').trim_start_matches('*').trim_end_matches(')');
        word.trim_end_matches("-fm")
    });
    let first = words.next().filter(|word| !word.is_empty())?;
    let method = words.next().filter(|word| !is_generated(word));
    let function = method.map_or_else(|| first.to_owned(), |method| format!("{first}.{method}"));
    Some((unescaped(package), function))
}

/// What the compiler appends for closures and the like: `func1`, `gowrap2`, `deferwrap1`, `0`, `init`'s numbers.
fn is_generated(word: &str) -> bool {
    let stem = word.split('-').next().unwrap_or_default();
    let letters = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
    letters.is_empty() || (letters != stem && ["func", "gowrap", "deferwrap"].contains(&letters))
}

/// Without the arguments of generic types and functions, which stand in brackets.
fn without_arguments(name: &str) -> String {
    let mut depth = 0_usize;
    name.chars()
        .filter(|letter| {
            depth += usize::from(*letter == '[');
            let outside = depth == 0;
            depth = depth.saturating_sub(usize::from(*letter == ']'));
            outside
        })
        .collect()
}

/// Dots in the last element of a path, and some other letters, are written as `%2e`.
fn unescaped(package: &str) -> String {
    let mut pieces = package.split('%');
    let mut path = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        match code {
            Some(code) => {
                path.extend([char::from(code).to_string().as_str(), piece.get(2..).unwrap_or_default()])
            }
            None => path.extend(["%", piece]),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_advisories_write_them() {
        let cases = [
            ("net/http.(*Server).Serve.func1", Some(("net/http", "Server.Serve"))),
            ("net/http.HandlerFunc.ServeHTTP", Some(("net/http", "HandlerFunc.ServeHTTP"))),
            ("net/http.(*Server).Serve-fm", Some(("net/http", "Server.Serve"))),
            ("gopkg.in/yaml%2ev3.Unmarshal", Some(("gopkg.in/yaml.v3", "Unmarshal"))),
            ("slices.SortFunc[go.shape.[]example.com/a.B,go.shape.int]", Some(("slices", "SortFunc"))),
            (
                "sync/atomic.(*Pointer[go.shape.struct { a/b.c int }]).Load",
                Some(("sync/atomic", "Pointer.Load")),
            ),
            ("main.init.0", Some(("main", "init"))),
            ("main.main.gowrap2", Some(("main", "main"))),
            ("example.com/tool.Run.func1.2", Some(("example.com/tool", "Run"))),
            ("type:.eq.example.com/a.B", None),
            ("go:buildid", None),
            ("_cgo_topofstack", None),
            ("", None),
        ];
        for (name, expected) in cases {
            let expected = expected.map(|(package, function)| (package.to_owned(), function.to_owned()));
            assert_eq!(parsed(name), expected, "{name}");
        }
    }

    #[test]
    fn a_package_belongs_to_the_module_of_the_longest_path() {
        let text = "path\texample.com/tool/cmd/x\nmod\texample.com/tool\tv1.0.0\ndep\texample.com/tool/sub\tv2.0.0\n\
                    dep\tgithub.com/a/b\tv1.0.0\n=>\tgithub.com/fork/b\tv1.0.1\n";
        let modules = Modules::parse(text).unwrap();
        let mut owners = Owners::new(&modules);
        let mut owner = |package| owners.of(package).map(|(module, package)| format!("{module} {package}"));
        assert_eq!(owner("main").unwrap(), "example.com/tool example.com/tool/cmd/x");
        assert_eq!(
            owner("example.com/tool/sub/deep").unwrap(),
            "example.com/tool/sub example.com/tool/sub/deep"
        );
        assert_eq!(owner("example.com/toolbox"), None);
        assert_eq!(owner("github.com/a/b/c").unwrap(), "github.com/fork/b github.com/fork/b/c");
        assert_eq!(owner("net/http").unwrap(), "stdlib net/http");
        assert_eq!(owner("vendor/golang.org/x/net/idna").unwrap(), "stdlib vendor/golang.org/x/net/idna");
    }
}
