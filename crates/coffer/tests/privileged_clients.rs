//! Other people's clients push to our registry and pull from it, and get back what they sent.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clients;
mod conversation;
mod harness;
mod served;

use clients::{Containerd, Docker, Podman, Registry, skopeo};
use harness::{Rootfs, done, works};

/// An image as a file that every client can load.
fn archive(registry: &Registry, shape: &str) -> String {
    let session = registry.session();
    Rootfs::with_probe().directory("etc", 0o755).file("etc/motd", 0o644, b"hello").import(session, "probe:1");
    works(session, &format!("image save probe:1 --as {shape} -o probe.tar"));
    session.work().join("probe.tar").display().to_string()
}

#[test]
fn privileged_skopeo_copies_in_and_out_by_digest() {
    let registry = Registry::start();
    let archive = archive(&registry, "oci-archive");
    let there = format!("docker://{}/team/app:1", registry.address());
    let credentials = registry.credentials();
    done(
        skopeo("copy")
            .args(["--preserve-digests", "--dest-tls-verify=false", "--dest-creds", &credentials])
            .args([&format!("oci-archive:{archive}"), &there]),
    );
    let inspect = |what: &str| {
        let mut command = skopeo("inspect");
        command.args(["--tls-verify=false", "--creds", &credentials, "--format", what, &there]);
        done(&mut command)
    };
    let image = works(registry.session(), "image inspect probe:1");
    assert!(image.contains(inspect("{{.Digest}}").trim()), "{image}");
    let back = registry.session().work().join("back.tar").display().to_string();
    done(
        skopeo("copy")
            .args(["--preserve-digests", "--src-tls-verify=false", "--src-creds", &credentials])
            .args([&there, &format!("oci-archive:{back}")]),
    );
    works(registry.session(), "image import back.tar back:1");
    assert!(works(registry.session(), "image inspect back:1").contains(inspect("{{.Digest}}").trim()));
    let deleted = skopeo("delete").args(["--tls-verify=false", "--creds", &credentials, &there]).status();
    assert!(deleted.unwrap().success());
}

#[test]
fn privileged_docker_pushes_and_pulls() {
    let registry = Registry::start();
    let archive = archive(&registry, "docker-archive");
    let docker = Docker::start();
    let name = format!("{}/team/docker:1", registry.address());
    docker.works(&["load", "--quiet", "--input", &archive]);
    docker.works(&["tag", "probe:1", &name]);
    assert!(!docker.says(&["push", &name]).status.success(), "nobody may push without credentials");
    docker.login(&registry);
    docker.works(&["push", "--quiet", &name]);
    docker.works(&["rmi", &name, "probe:1"]);
    docker.works(&["pull", "--quiet", &name]);
    let digests = docker.works(&["image", "inspect", "--format", "{{json .RepoDigests}}", &name]);
    works(registry.session(), &format!("pull --quiet {name}"));
    let image = works(registry.session(), &format!("image inspect {name}"));
    let digest = digests.split('@').nth(1).unwrap().trim_end_matches(['"', ']', '\n']);
    assert!(image.contains(digest), "{digest}: {image}");
}

#[test]
fn privileged_podman_pushes_and_pulls() {
    let registry = Registry::start();
    let archive = archive(&registry, "docker-archive");
    let podman = Podman::new();
    let name = format!("{}/team/podman:1", registry.address());
    let credentials = registry.credentials();
    podman.works(&["load", "--quiet", "--input", &archive]);
    podman.works(&["push", "--quiet", "--tls-verify=false", "--creds", &credentials, "probe:1", &name]);
    podman.works(&["rmi", "--all", "--force"]);
    podman.works(&["pull", "--quiet", "--tls-verify=false", "--creds", &credentials, &name]);
    assert!(podman.works(&["images", "--format", "{{.Repository}}"]).contains("team/podman"));
    works(registry.session(), &format!("pull --quiet {name}"));
}

#[test]
fn privileged_containerd_pushes_and_pulls() {
    let registry = Registry::start();
    let archive = archive(&registry, "oci-archive");
    let containerd = Containerd::start();
    let name = format!("{}/team/ctr:1", registry.address());
    let credentials = registry.credentials();
    containerd.works(&["images", "import", "--snapshotter", "native", "--index-name", &name, &archive]);
    containerd.works(&["images", "push", "--plain-http", "--user", &credentials, &name]);
    containerd.works(&["images", "rm", "--sync", &name]);
    containerd.works(&[
        "images",
        "pull",
        "--plain-http",
        "--snapshotter",
        "native",
        "--user",
        &credentials,
        &name,
    ]);
    assert!(containerd.works(&["images", "ls", "--quiet"]).contains(&name));
    works(registry.session(), &format!("pull --quiet {name}"));
}
