//! Cut and changed fixtures: an error or a module, never a panic.

use std::panic::catch_unwind;

use stablehlo::bytecode::read;
use stablehlo::verify::verify;

use crate::fixtures;

/// Files up to this size are cut at every byte, larger ones at so many places.
const CUTS: usize = 3000;
/// Changed copies of each fixture.
const CHANGES: u64 = 200;

/// Reads and, where that succeeds, verifies: what is read must be sound enough for the next step.
fn survives(bytes: &[u8]) -> bool {
    catch_unwind(|| read(bytes).is_ok_and(|module| verify(&module).is_ok())).is_ok()
}

/// Xorshift: the same numbers for the same seed everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn cut_files_are_refused() {
    for (name, bytes) in fixtures() {
        for length in (0..bytes.len()).step_by(bytes.len().div_ceil(CUTS)) {
            let outcome = catch_unwind(|| read(&bytes[..length]).is_err());
            assert!(matches!(outcome, Ok(true)), "the first {length} bytes of {name}: {outcome:?}");
        }
    }
}

#[test]
fn changed_files_do_no_harm() {
    let changes = std::env::var("STABLEHLO_CHANGES").ok().and_then(|n| n.parse().ok()).unwrap_or(CHANGES);
    for (file, (name, bytes)) in fixtures().into_iter().enumerate() {
        for seed in 0..changes {
            let mut random = Random((file as u64 + 1) << 40 | (seed + 1));
            let mut changed = bytes.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(changed.len());
                match random.below(4) {
                    0 => changed[at] = random.below(256) as u8,
                    1 => changed[at] ^= 1 << random.below(8),
                    2 => {
                        let from = random.below(changed.len());
                        changed[at] = changed[from];
                    }
                    _ => {
                        changed.remove(at);
                    }
                }
            }
            assert!(survives(&changed), "{name} changed by seed {seed} made the reader or verifier panic");
        }
    }
}
