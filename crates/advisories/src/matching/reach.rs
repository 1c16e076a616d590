//! Whether the vulnerable functions are in a binary.

use model::finding::Reach;
use model::inventory::{Package, Symbols};

use crate::database::Functions;

/// By the functions that an advisory lists and those that the binary has.
pub(super) fn reach(functions: &[Functions<'_>], package: &Package) -> Reach {
    if functions.is_empty() {
        return Reach::Unknown;
    }
    let mut here = functions.iter().filter(|functions| runs_here(functions, package)).peekable();
    if here.peek().is_none() {
        return Reach::Absent;
    }
    let Symbols::Known(symbols) = &package.symbols else { return Reach::Unknown };
    if here.any(|functions| has_one(functions, symbols)) { Reach::Present } else { Reach::Absent }
}

fn runs_here(functions: &Functions<'_>, package: &Package) -> bool {
    let architecture = package.architecture.as_str();
    let system = functions.systems.is_empty() || functions.systems.contains(&"linux");
    let any = functions.architectures.is_empty() || architecture.is_empty();
    system && (any || functions.architectures.contains(&architecture))
}

/// `symbols` are sorted; with no names, all of the package counts.
fn has_one(functions: &Functions<'_>, symbols: &[String]) -> bool {
    let within = |start: &str, whole: bool| {
        let at = symbols.partition_point(|symbol| symbol.as_str() < start);
        symbols.get(at).is_some_and(|symbol| if whole { symbol == start } else { symbol.starts_with(start) })
    };
    if functions.names.is_empty() {
        return within(&format!("{}.", functions.path), false);
    }
    functions.names.iter().any(|name| within(&format!("{}.{name}", functions.path), true))
}

#[cfg(test)]
mod tests {
    use model::inventory::PackageKind;

    use super::*;

    fn package(symbols: Symbols) -> Package {
        Package {
            kind: PackageKind::Go,
            name: "example.com/m".into(),
            version: "v1.0.0".into(),
            source: None,
            architecture: "amd64".into(),
            licences: Vec::new(),
            location: "bin/x".into(),
            layer: 0,
            owner: None,
            symbols,
        }
    }

    fn functions(names: &'static [&'static str]) -> Functions<'static> {
        let (systems, architectures) = (Vec::new(), Vec::new());
        Functions { path: "example.com/m/p", names: names.to_vec(), systems, architectures }
    }

    fn known(symbols: &[&str]) -> Package {
        package(Symbols::Known(symbols.iter().map(|symbol| (*symbol).to_owned()).collect()))
    }

    #[test]
    fn one_vulnerable_function_is_enough_and_none_is_absent() {
        let binary = known(&["example.com/m/p.F", "example.com/m/p.T.M", "example.com/m/q.G"]);
        for (names, expected) in [
            (&["F"] as &'static [&'static str], Reach::Present),
            (&["Z", "T.M"], Reach::Present),
            (&["T"], Reach::Absent),
            (&["G"], Reach::Absent),
            (&[], Reach::Present),
        ] {
            assert_eq!(reach(&[functions(names)], &binary), expected, "{names:?}");
        }
        assert_eq!(reach(&[functions(&[])], &known(&["example.com/m/pp.F"])), Reach::Absent);
    }

    #[test]
    fn without_a_list_on_either_side_it_cannot_be_known() {
        assert_eq!(reach(&[], &known(&[])), Reach::Unknown);
        assert_eq!(reach(&[functions(&["F"])], &package(Symbols::Unknown)), Reach::Unknown);
    }

    #[test]
    fn what_is_vulnerable_elsewhere_only_is_absent_here() {
        let mut windows = functions(&["F"]);
        windows.systems = vec!["windows"];
        assert_eq!(reach(&[windows.clone()], &package(Symbols::Unknown)), Reach::Absent);
        let mut other = functions(&["F"]);
        other.architectures = vec!["arm64"];
        assert_eq!(reach(&[windows.clone(), other], &known(&["example.com/m/p.F"])), Reach::Absent);
        assert_eq!(reach(&[windows, functions(&["F"])], &known(&["example.com/m/p.F"])), Reach::Present);
    }
}
