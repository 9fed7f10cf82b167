//! The container image with a static binary from `dist/bin/`: size, user, health check, exit code.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::folder::Folder;
use crate::support::page;
use crate::support::tls::{curl_host, words};
use crate::support::tools::skip;

/// Debian's Docker client. Another one in the PATH may belong to another engine.
const DOCKER: &str = "/usr/bin/docker";
const TAG: &str = "smartpay-oauth-mock:under-test";

fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new(DOCKER).args(arguments).output().ok()?;
    let stdout = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(stdout)
}

/// The classic builder of Debian's docker.io builds every stage of a file, so that none may need what a
/// fresh clone does not have. The two files describe the same image.
#[test]
fn the_default_image_builds_from_a_fresh_clone_and_is_that_of_a_prebuilt_binary() {
    let lines_of = |file: &str| {
        let text = std::fs::read_to_string(file).unwrap();
        let start = text.find("FROM scratch").expect("the stage of the image");
        let stage = text[start..].lines().skip(1).map(str::to_owned);
        (
            text.clone(),
            stage.filter(|line| !line.contains(" /smartpay-oauth-mock")).collect::<Vec<_>>(),
        )
    };
    let (text, stage) = lines_of("Dockerfile");
    assert!(!text.contains("dist/") && !text.contains("--mount"), "{text}");
    assert!(stage.iter().any(|line| line.starts_with("HEALTHCHECK")), "{text}");
    assert_eq!(stage, lines_of("docker/prebuilt.Dockerfile").1);

    let compose = std::fs::read_to_string("docker-compose.yml").unwrap();
    assert!(compose.contains("target: image") && text.contains("AS image"));
}

/// The load balancer of the Compose profile "replicas" finds its servers by the name of their service.
#[test]
fn the_load_balancer_of_the_compose_file_uses_all_replicas() {
    let compose = std::fs::read_to_string("docker-compose.yml").unwrap();
    let balancer = std::fs::read_to_string("docker/replicas.haproxy.cfg").unwrap();
    let service = |name: &str| {
        let (_, rest) = compose.split_once(&format!("\n  {name}:\n")).expect(name);
        rest.split("\n\n").next().unwrap_or_default().to_owned()
    };

    assert!(service("valkey").contains("--appendonly"), "a restart keeps the state");
    let replica = service("replica");
    assert!(
        replica.contains("replicas: 3") && replica.contains("redis://valkey:6379"),
        "{replica}"
    );
    let mut servers = balancer.lines().filter(|line| line.contains("server-template"));
    assert!(servers.all(|line| line.ends_with("replica 3 replica:8080")), "{balancer}");

    let front = service("load-balancer");
    assert!(front.contains("127.0.0.1:8090:8090") && balancer.contains("bind :8090"), "{front}");
    assert!(front.contains("./docker/replicas.haproxy.cfg:"), "{front}");
}

/// A container that is removed at the end of the test, also if it fails.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "-f", "-v", &self.0]);
    }
}

#[tokio::test]
async fn the_image_is_small_runs_without_root_is_healthy_and_stops_quickly() {
    if docker(&["info"]).is_none() {
        skip("no Docker engine is running (.ci/run starts one)");
        return;
    }
    if !Path::new("dist/bin/smartpay-oauth-mock").exists() {
        skip("no static binary in dist/bin/ (.ci/run builds one)");
        return;
    }
    docker(&["build", "-f", "docker/prebuilt.Dockerfile", "-t", TAG, "."])
        .expect("the image builds");
    let inspect = |format: &str, object: &str| docker(&["inspect", "-f", format, object]).unwrap();
    let size: u64 = inspect("{{.Size}}", TAG).parse().unwrap();
    // The checks build without LTO, which makes the program some 3 MB larger. The client of the shared store
    // takes 3 MB.
    assert!(size < 21_000_000, "{size} bytes");
    assert_eq!(inspect("{{.Config.User}}", TAG), "65532:65532");

    let fixtures =
        format!("{}:/fixtures:ro", std::env::current_dir().unwrap().join("fixtures").display());
    // Removing the container removes an anonymous volume.
    let options =
        "-v /certificates --read-only --cap-drop ALL -p 127.0.0.1::8080 -p 127.0.0.1::8443";
    let server = "--fixtures /fixtures --tls-listen 0.0.0.0:8443 --tls-dir /certificates";
    let arguments =
        [&["run", "-d", "-v", &fixtures][..], &words(options), &[TAG], &words(server)].concat();
    let container = Container(docker(&arguments).expect("the container starts"));
    let address = docker(&["port", &container.0, "8080/tcp"]).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while inspect("{{.State.Health.Status}}", &container.0) != "healthy" {
        assert!(Instant::now() < deadline, "the container does not become healthy");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let url = format!("http://{}/oauth2/v3/token", address.lines().next().unwrap());
    crate::support::post(&url, page::REQUEST).await.ok();

    // Its CA signs the certificate that it presents, also for a host name from Compose.
    let folder = Folder::new("docker-image");
    let url = format!("http://{}/_mock/ca.pem", address.lines().next().unwrap());
    std::fs::write(folder.path("ca.pem"), reqwest::get(url).await.unwrap().text().await.unwrap())
        .unwrap();
    let https = docker(&["port", &container.0, "8443/tcp"]).unwrap();
    let port = https.lines().next().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    let sample = ["-d", page::REQUEST];
    let response =
        curl_host(&folder, "smartpay-oauth-mock", port, "/oauth2/v3/token", &sample).await;
    assert!(response.text.contains("access_token"), "{}", response.text);

    // The server must stop by itself: Docker would kill it after ten seconds by default.
    docker(&["stop", "-t", "60", &container.0]).unwrap();
    assert_eq!(inspect("{{.State.ExitCode}}", &container.0), "0");
}
