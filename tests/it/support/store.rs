//! A Redis of a test's own, and servers that share it.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use super::folder::Folder;
use super::program::Running;
use super::tools::lacks_tools;
use super::{HttpResponse, call, exchange_form, fetch, refresh_form};

const SERVER: &str = "redis-server";
const CLIENT: &str = "redis-cli";

/// A Redis in a process of its own, on a free port, which keeps its data in a folder.
pub struct Store {
    process: Child,
    pub port: u16,
    folder: Folder,
    arguments: Vec<String>,
}

impl Store {
    /// Starts a store; `None` if Redis is not installed, which is reported.
    pub fn start(name: &str) -> Option<Self> {
        Self::start_with(name, &["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// Starts a store that accepts encrypted connections only.
    pub fn start_encrypted(name: &str, arguments: &[&str]) -> Option<Self> {
        if lacks_tools(&[SERVER, CLIENT]) {
            return None;
        }

        let port = free_port().to_string();
        let arguments = [&["--port", "0", "--tls-port", &port][..], arguments].concat();
        Self::start_on(port.parse().unwrap(), name, &arguments)
    }

    /// Starts a store with these arguments.
    pub fn start_with(name: &str, arguments: &[&str]) -> Option<Self> {
        if lacks_tools(&[SERVER, CLIENT]) {
            return None;
        }

        Self::start_on(free_port(), name, arguments)
    }

    fn start_on(port: u16, name: &str, arguments: &[&str]) -> Option<Self> {
        let folder = Folder::new(&format!("store-{name}"));
        let arguments: Vec<String> =
            arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let process = spawn(port, &folder, &arguments);
        let store = Self { process, port, folder, arguments };
        store.wait_until_ready();
        Some(store)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills the store.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again, with the data that it has stored.
    pub fn restart(&mut self) {
        self.process = spawn(self.port, &self.folder, &self.arguments);
        self.wait_until_ready();
    }

    /// Lets the store stop responding, or continue.
    pub fn signal(&self, name: &str) {
        super::program::send_signal(self.process.id(), name);
    }

    /// Runs a command in the store. Returns what `redis-cli` prints.
    pub fn run(&self, arguments: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new(CLIENT).args(["-p", &port]).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Returns everything that the store has, with the names of its keys.
    pub fn dump(&self) -> String {
        let keys = self.run(&["KEYS", "*"]);
        let values = keys.lines().map(|key| {
            let value = match self.run(&["TYPE", key]).as_str() {
                "hash" => self.run(&["HGETALL", key]),
                "set" => self.run(&["SMEMBERS", key]),
                "zset" => self.run(&["ZRANGE", key, "0", "-1"]),
                "stream" => self.run(&["XRANGE", key, "-", "+"]),
                other => panic!("{key} is a {other}"),
            };
            format!("{key}\n{value}\n")
        });
        values.collect()
    }

    fn wait_until_ready(&self) {
        let is_encrypted = self.arguments.iter().any(|argument| argument == "--tls-port");
        let is_ready = || match is_encrypted {
            true => TcpStream::connect(("127.0.0.1", self.port)).is_ok(),
            // With a password, it refuses this once it is ready.
            false => ["PONG", "NOAUTH"].iter().any(|reply| self.run(&["PING"]).contains(reply)),
        };

        let start = Instant::now();
        while !is_ready() {
            assert!(start.elapsed() < Duration::from_secs(30), "the store does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A cluster of three stores.
pub struct Cluster(Vec<Store>);

impl Cluster {
    /// Starts a cluster; `None` if Redis is not installed, which is reported.
    pub fn start(name: &str) -> Option<Self> {
        let node = |i| {
            let bus = free_port().to_string();
            let arguments = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            Store::start_with(&format!("{name}-{i}"), &arguments)
        };
        let nodes: Option<Vec<Store>> = (0..3).map(node).collect();
        let cluster = Self(nodes?);

        let addresses = cluster.0.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let output = Command::new(CLIENT)
            .args(["--cluster", "create"])
            .args(addresses)
            .arg("--cluster-yes")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let start = Instant::now();
        while !cluster
            .0
            .iter()
            .all(|node| node.run(&["CLUSTER", "INFO"]).contains("cluster_state:ok"))
        {
            assert!(start.elapsed() < Duration::from_secs(30), "the cluster does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(cluster)
    }

    /// Returns the URL of one node.
    pub fn url(&self) -> String {
        self.0[0].url()
    }

    /// Returns the number of nodes that have keys.
    pub fn nodes_with_keys(&self) -> usize {
        self.0.iter().filter(|node| node.run(&["DBSIZE"]) != "0").count()
    }
}

fn spawn(port: u16, folder: &Folder, arguments: &[String]) -> Child {
    Command::new(SERVER)
        .args(["--bind", "127.0.0.1", "--save", "", "--dir", &folder.path("")])
        .args(["--port", &port.to_string()])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One server, or several that share a store. Requests go to them in turn.
pub struct Servers {
    pub store: Option<Store>,
    pub replicas: Vec<Running>,
    folders: Vec<Folder>,
    arguments: Vec<String>,
    next: AtomicUsize,
    client: Client,
}

impl Servers {
    /// Three servers that share a store; `None` if Redis is not installed.
    pub fn sharing(name: &str) -> Option<Self> {
        Some(Self::on(name, Store::start(name)?, 3, &[]))
    }

    /// A server with its state in memory, and three that share a store, if Redis is installed: what a
    /// client sees must be the same.
    pub fn both(name: &str) -> Vec<Self> {
        let folder = Folder::new(&format!("memory-{name}"));
        let replica = Running::start(&folder, &[]);
        let memory = Self {
            store: None,
            replicas: vec![replica],
            folders: vec![folder],
            arguments: Vec::new(),
            next: AtomicUsize::new(0),
            client: Client::new(),
        };
        [memory].into_iter().chain(Self::sharing(name)).collect()
    }

    /// Servers that share a store, with more arguments.
    pub fn on(name: &str, store: Store, number: usize, arguments: &[&str]) -> Self {
        let folders: Vec<Folder> =
            (0..number).map(|i| Folder::new(&format!("replica-{name}-{i}"))).collect();
        let mut servers = Self {
            arguments: ["--store", &store.url()]
                .iter()
                .chain(arguments)
                .map(|argument| (*argument).to_owned())
                .collect(),
            store: Some(store),
            replicas: Vec::new(),
            folders,
            next: AtomicUsize::new(0),
            client: Client::new(),
        };
        servers.start();
        servers
    }

    /// Starts all servers.
    pub fn start(&mut self) {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let folders = &self.folders;
        self.replicas = folders.iter().map(|folder| Running::start(folder, &arguments)).collect();
    }

    /// Kills all servers.
    pub fn kill_all(&mut self) {
        self.replicas.clear();
    }

    pub fn store(&self) -> &Store {
        self.store.as_ref().expect("the servers share a store")
    }

    pub fn store_mut(&mut self) -> &mut Store {
        self.store.as_mut().expect("the servers share a store")
    }

    /// Returns the URL of the next server, followed by a path.
    pub fn url(&self, path: &str) -> String {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.replicas.len();
        format!("{}{path}", self.replicas[index].url())
    }

    /// Sends a call of the control API to the next server.
    pub async fn control(&self, method: &str, path: &str, body: Option<Value>) -> HttpResponse {
        call(method, self.url(&format!("/_mock{path}")), body).await
    }

    /// Issues a code.
    pub async fn code(&self) -> String {
        let request = json!({ "client_id": "v6TJH1IqhM", "merchant_id": "rahulrama" });
        self.control("POST", "/codes", Some(request)).await.member("code")
    }

    /// Sends a form to the token endpoint of the next server.
    pub async fn token(&self, form: String) -> HttpResponse {
        let request = self
            .client
            .post(self.url("/oauth2/v3/token"))
            .header("content-type", "application/x-www-form-urlencoded");
        fetch(request.body(form)).await
    }

    pub async fn exchange(&self, code: &str) -> HttpResponse {
        self.token(exchange_form(code)).await
    }

    pub async fn refresh(&self, token: &str) -> HttpResponse {
        self.token(refresh_form(token)).await
    }

    /// Exchanges a new code.
    pub async fn tokens(&self) -> HttpResponse {
        self.exchange(&self.code().await).await.ok()
    }

    /// Calls the API at the next server.
    pub async fn api(&self, access_token: &str) -> HttpResponse {
        let request = self.client.get(self.url("/tss/v2/transactions/1"));
        fetch(request.bearer_auth(access_token)).await
    }
}
