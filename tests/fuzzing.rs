//! The fuzz targets, on the committed corpora and on mutations of them.
//!
//! `FUZZ_SECONDS=60 cargo test --release --test fuzzing` runs each target that long with random
//! mutations, on any toolchain. `fuzz/run` uses libFuzzer, which looks for inputs that cover new code.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use targets::Target;

/// The number of mutated inputs per target, unless `FUZZ_SECONDS` is set.
const DEFAULT_MUTATIONS: usize = 500;

fn read_corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();

    // In a fixed order, so that a seed always gives the same mutations.
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Returns an input of the corpus with one to five changes.
fn mutate(corpus: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let mut input = corpus.choose(random).cloned().unwrap_or_default();

    for _ in 0..random.random_range(1..6) {
        let at = random.random_range(0..=input.len());
        match random.random_range(0..5) {
            0 => input.insert(at, random.random()),
            1 => input.truncate(at),
            2 => drop(input.drain(at..(at + random.random_range(0..16)).min(input.len()))),
            3 if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
            _ => {
                let other = corpus.choose(random).map(Vec::as_slice).unwrap_or_default();
                let from = random.random_range(0..=other.len());
                let to = (from + random.random_range(0..64)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    input
}

/// Runs a target and names the input if it panics.
fn check(name: &str, target: Target, input: &[u8]) {
    let result = std::panic::catch_unwind(|| target(input));
    assert!(result.is_ok(), "{name}: b\"{}\"", input.escape_ascii());
}

fn fuzz(name: &str) {
    let (_, target) = targets::ALL.into_iter().find(|(known, _)| *known == name).unwrap();
    let corpus = read_corpus(name);
    assert!(corpus.len() > 10, "{name}: {} inputs", corpus.len());

    for input in &corpus {
        check(name, target, input);
    }

    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let mut random = match seconds {
        Some(_) => rand::make_rng(),
        None => StdRng::seed_from_u64(7),
    };

    let deadline = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut mutations = 0;
    while deadline.map_or(mutations < DEFAULT_MUTATIONS, |deadline| Instant::now() < deadline) {
        check(name, target, &mutate(&corpus, &mut random));
        mutations += 1;
    }
    println!("{name}: {} inputs of the corpus, {mutations} mutations", corpus.len());
}

#[test]
fn forms() {
    fuzz("form");
}

#[test]
fn fixtures() {
    fuzz("fixtures");
}

#[test]
fn scenarios() {
    fuzz("scenario");
}

#[test]
fn tokens() {
    fuzz("token");
}

#[test]
fn authorize_parameters() {
    fuzz("authorize");
}
