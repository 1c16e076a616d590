//! Prints how long a decision takes: `cargo run --release --example bench_decide -p coffer-policy`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use coffer_policy::{Placement, Question, confine, decide};
use model::digest::Digest;
use model::finding::Scanned;
use model::image::{ExecDir, Image, ImageConfig, ImageFacts};
use model::request::{Access, Answers, ExecMode, MountRequest, MountSource, RunRequest};
use model::trust::Vouched;
use model::usecase::{Data, Exposure, Host, Tenants};
use model::verdict::Level;

const ROUNDS: u32 = 20_000;

fn main() {
    let (request, image, vouched) = (request(), image(), vouched());
    let question = Question {
        request: &request,
        image: &image,
        host: Host::Baseline,
        level: Level::Baseline,
        scanned: &Scanned::Never,
        vouched: &vouched,
        own_state: &[],
    };
    let decided = nanoseconds(|| {
        black_box(decide(black_box(&question), "c".repeat(64), 1_700_000_000));
    });
    let placement = Placement { container: "c".repeat(64), max_open_files: 1 << 20, ..Placement::default() };
    let Ok(permit) = decide(&question, "c".repeat(64), 0).permit else { return };
    let confined = nanoseconds(|| {
        let _spec = black_box(confine(black_box(&permit), &request, &image, &placement));
    });
    #[expect(clippy::print_stdout, reason = "printing is what a benchmark is for")]
    {
        println!("decide {decided} ns");
        println!("confine {confined} ns");
    }
}

/// The median of ten means.
fn nanoseconds(mut act: impl FnMut()) -> u128 {
    let mut means: Vec<u128> = (0..10)
        .map(|_| {
            let start = Instant::now();
            (0..ROUNDS / 10).for_each(|_| act());
            start.elapsed().as_nanos() / u128::from(ROUNDS / 10)
        })
        .collect();
    means.sort_unstable();
    means.get(means.len() / 2).copied().unwrap_or_default()
}

/// What a person types for a web server with a few options and answers.
fn request() -> RunRequest {
    RunRequest {
        image: "nginx".to_owned(),
        env: vec!["TZ=UTC".to_owned(), "NGINX_PORT=8080".to_owned()],
        mounts: vec![MountRequest {
            source: MountSource::Bind { path: "/srv/www".to_owned() },
            target: "/usr/share/nginx/html".to_owned(),
            access: Access::ReadOnly,
            exec: ExecMode::Refused,
            asked_by: "-v /srv/www:/usr/share/nginx/html:ro".to_owned(),
        }],
        answers: Answers {
            tenants: Some(Tenants::Several),
            data: Some(Data::Internal),
            exposure: Some(Exposure::Internet),
        },
        labels: BTreeMap::from([("team".to_owned(), "web".to_owned())]),
        remove: true,
        ..RunRequest::default()
    }
}

/// What a pinned publisher says of it.
fn vouched() -> Vouched {
    Vouched::Signed {
        publisher: "web-team".to_owned(),
        place: "registry.example/web".to_owned(),
        stages: vec!["staging".to_owned(), "prod".to_owned()],
        built: Some("builder.example".to_owned()),
    }
}

/// An image with as many directories of programs as Debian's nginx has.
fn image() -> Image {
    let directory = |n: u32| ExecDir {
        path: format!("/usr/lib/x86_64-linux-gnu/d{n:02}"),
        files: (0..20).map(|f| format!("lib{f}.so")).collect(),
        others: 3,
    };
    Image {
        digest: Digest::of(b"manifest"),
        config_digest: Digest::of(b"config"),
        names: vec!["nginx:latest".to_owned()],
        size: 1,
        created: None,
        imported: 0,
        layers: Vec::new(),
        config: ImageConfig {
            entrypoint: vec!["/docker-entrypoint.sh".to_owned()],
            cmd: vec!["nginx".to_owned(), "-g".to_owned(), "daemon off;".to_owned()],
            env: vec!["PATH=/usr/sbin:/usr/bin".to_owned(), "NGINX_VERSION=1.27".to_owned()],
            ..ImageConfig::default()
        },
        facts: ImageFacts { exec_dirs: (0..40).map(directory).collect(), ..ImageFacts::default() },
        history: Vec::new(),
    }
}
