//! The draws for a `probability` with a `seed`, at any position.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The number of draws that a request sends along. More are needed only if as many requests are under way.
const DRAWS: usize = 128;

/// The draws of a generator with a seed: those that a server without a shared store makes.
#[derive(Debug)]
pub(super) struct SeededDraws {
    seed: u64,
    rng: StdRng,
    /// The draws that were made and may be needed, from this number on.
    from: u64,
    made: VecDeque<bool>,
}

impl SeededDraws {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, rng: StdRng::seed_from_u64(seed), from: 0, made: VecDeque::new() }
    }

    /// Returns the next draws from a number on, as `1` and `0`.
    pub(super) fn window(&mut self, from: u64, probability: f64) -> String {
        if from < self.from {
            *self = Self::new(self.seed);
        }
        while self.from < from {
            if self.made.pop_front().is_none() {
                self.rng.random::<f64>();
            }
            self.from += 1;
        }

        while self.made.len() < DRAWS {
            self.made.push_back(self.rng.random::<f64>() < probability);
        }
        self.made.iter().map(|is_drawn| if *is_drawn { '1' } else { '0' }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_draws_has_those_of_the_generator() {
        let mut rng = StdRng::seed_from_u64(42);
        let all: String =
            (0..1_000).map(|_| if rng.random::<f64>() < 0.5 { '1' } else { '0' }).collect();
        let mut draws = SeededDraws::new(42);
        for from in [0, 0, 1, 300, 301, 7] {
            assert_eq!(draws.window(from, 0.5), all[from as usize..][..DRAWS], "{from}");
        }
    }
}
