//! What tests share that run themselves in a container: this very program, which is static, as an image; and a site for it.

use std::path::Path;
use std::sync::OnceLock;

use coffer_engine as engine;
use engine::Engine;
use engine::site::{Invoker, Site};
use model::verdict::Level;

/// For commands in a process of their own: where the site is.
pub(crate) const SITE: &str = "COFFER_TEST_SITE";

pub(crate) fn now() -> engine::time::Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    engine::time::Moment { seconds: i64::try_from(since.as_secs()).unwrap(), nanos: since.subsec_nanos() }
}

/// The site below that directory.
pub(crate) fn open(root: &Path) -> Engine {
    assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
    let site = Site {
        state: root.join("state"),
        run: root.join("run"),
        level: Level::Baseline,
        invoker: Invoker::Root,
    };
    Engine::open(site, now).unwrap()
}

/// A tar archive with this program as `/test`, its users, and `others`.
pub(crate) fn archive(others: &[(&str, &str)]) -> &'static [u8] {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |path: &str, mode, content: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(mode);
            header.set_entry_type(tar::EntryType::Regular);
            archive.append_data(&mut header, path, content).unwrap();
        };
        add("test", 0o755, &program);
        add("etc/passwd", 0o644, b"root:x:0:0::/root:/test\napp:x:1000:1000::/home/app:/test\n");
        add("etc/group", 0o644, b"root:x:0:\napp:x:1000:\nextra:x:77:app\n");
        others.iter().for_each(|(path, text)| add(path, 0o644, text.as_bytes()));
        archive.into_inner().unwrap()
    })
}
