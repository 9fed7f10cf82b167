//! A thousand servers that start and stop in one process leave no resources behind.
#![cfg(target_os = "linux")]

#[path = "it/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use smartpay_oauth_mock::MockAuthServer;
use support::program::resident;
use support::{FORM, page};

/// Returns the number of open files, including sockets.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// Starts and drops servers, each after one request over a socket.
async fn start_and_drop(servers: usize) {
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    for n in 0..servers {
        let server = MockAuthServer::start().await;
        if n % 10 == 0 {
            server.new_realm("own").own_port().create().unwrap();
        }
        let request = client.post(server.token_url()).header("Content-Type", FORM);
        let response = request.body(page::REQUEST).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
    }
}

#[tokio::test]
async fn a_thousand_servers_leave_nothing_behind() {
    // The first servers start the threads, and allocate memory that is used again.
    start_and_drop(100).await;
    let (files, threads_before, memory) = (open_files(), threads(), resident(std::process::id()));
    start_and_drop(1_000).await;
    // Sockets are closed when their tasks are dropped.
    let start = Instant::now();
    while open_files() > files + 5 {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{} files, {files} before",
            open_files()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(threads(), threads_before);
    let grown = resident(std::process::id()) - memory;
    println!("1,000 servers leave {grown:.1} MB behind");
    // One kilobyte for each server would be 1 MB; a running server uses a hundred times that.
    assert!(grown < 4.0, "{grown} MB");
}
