use crate::catalog::*;
use crate::content::Content;
use model::inventory::Symbols;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
fn walk(root: &Path, dir: &Path, go: &mut dyn FnMut(&Path, &str)) {
    for e in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let t = e.file_type().unwrap();
        let p = e.path();
        if t.is_dir() {
            walk(root, &p, go)
        } else if t.is_file() {
            let r = p.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            go(&p, &r)
        }
    }
}
#[test]
fn trial() {
    let Ok(root) = std::env::var("TRIAL") else { return };
    let root = Path::new(&root);
    let t0 = std::time::Instant::now();
    let mut files = 0;
    walk(root, root, &mut |p, r| {
        let Ok(m) = p.metadata() else { return };
        files += 1;
        let c = Candidate { path: r, size: m.len(), executable: m.permissions().mode() & 0o111 != 0 };
        for cat in crate::binary::CATALOGERS.iter().chain(crate::rpm::CATALOGERS) {
            if !(cat.wants)(&c) {
                continue;
            }
            let Ok(f) = File::open(p) else { continue };
            let t = std::time::Instant::now();
            let mut found = Vec::new();
            let res = (cat.read)(&c, &Content::File(&f, m.len()), &mut found);
            let took = t.elapsed();
            if let Err(e) = res {
                println!("GAP {r}: {e}")
            }
            if took.as_millis() > 50 {
                println!("SLOW {r} {took:?} {} bytes", m.len())
            }
            for x in &found {
                let s = match &x.symbols {
                    Symbols::Unknown => "?".to_owned(),
                    Symbols::Known(v) => v.len().to_string(),
                };
                println!("PKG {r} {:?} {} {} {s}", x.kind, x.name, x.version);
                if std::env::var("SYMS").is_ok() {
                    if let Symbols::Known(v) = &x.symbols {
                        for y in v {
                            println!("SYM {} {y}", x.name)
                        }
                    }
                }
            }
            if cat.name == "known-software" && found.is_empty() {
                println!("NONE {r}")
            }
        }
    });
    println!("TOTAL {files} files {:?}", t0.elapsed());
}
