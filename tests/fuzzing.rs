//! The fuzz targets on what a fuzzer has found worth keeping, and on some more of the like.
//!
//! `FUZZ_SECONDS=60 cargo test --release --test fuzzing` goes on for so long with each target, on
//! any toolchain; `fuzz/run` lets libFuzzer look for what covers new code.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// How many inputs are made of each corpus where no time is given.
const USUAL: usize = 500;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    // So that a seed always means the same inputs.
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// An input that is like those that are known, and different.
fn mutated(corpus: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
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

fn fuzz(name: &str) {
    let (_, target) = targets::ALL.into_iter().find(|(known, _)| *known == name).unwrap();
    let corpus = corpus(name);
    assert!(corpus.len() > 10, "{name}: {} inputs", corpus.len());
    let run = |input: &[u8]| {
        let outcome = std::panic::catch_unwind(|| target(input));
        assert!(outcome.is_ok(), "{name}: b\"{}\"", input.escape_ascii());
    };
    corpus.iter().for_each(|input| run(input));
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let mut random = match seconds {
        Some(_) => rand::make_rng(),
        None => StdRng::seed_from_u64(7),
    };
    let (start, mut tried) = (Instant::now(), 0);
    while seconds.map_or(tried < USUAL, |time| start.elapsed() < Duration::from_secs(time)) {
        run(&mutated(&corpus, &mut random));
        tried += 1;
    }
    println!("{name}: {} inputs of the corpus, {tried} made of them", corpus.len());
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
