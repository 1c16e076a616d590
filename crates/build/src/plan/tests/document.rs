//! docs/dockerfile.md says which test holds what; each of them is there.

use std::path::Path;

#[test]
fn every_test_that_the_document_names_is_there() {
    let crate_ = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(crate_.join("../../docs/dockerfile.md")).unwrap();
    let named: Vec<&str> =
        text.split('`').filter(|word| word.contains("::") && !word.contains(' ')).collect();
    assert!(named.len() > 40, "the document names its tests");
    for name in named {
        let (module, test) = name.rsplit_once("::").unwrap();
        let path = module.replace("::", "/");
        let beside = path.strip_suffix("/tests").unwrap_or(&path);
        let files = [format!("src/{path}.rs"), format!("src/{path}/mod.rs"), format!("src/{beside}.rs")];
        let files = files.map(|file| crate_.join(file));
        let source = files.iter().find_map(|file| std::fs::read_to_string(file).ok());
        let source = source.unwrap_or_else(|| panic!("{name}: there is no such module"));
        assert!(source.contains(&format!("fn {test}(")), "{name}: there is no such test");
    }
}
