//! Telling a forked child from its parent.
//!
//! Threads do not survive `fork`, and locks that they held stay locked: so a child must neither wait for work nor
//! take a lock. A counter that a fork handler raises makes the check one load.

#![allow(unsafe_code)]

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, Result};

/// Forks between the process that loaded this library and the current one.
static FORKS: AtomicU32 = AtomicU32::new(0);

extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// The process something was made in, by the number of forks before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(u32);

impl Generation {
    /// The generation of the current process.
    pub fn current() -> Generation {
        Generation(FORKS.load(Ordering::Relaxed))
    }

    /// Arranges for children of this process to be told apart. Every client does it first.
    pub fn watch() {
        static WATCH: Once = Once::new();
        WATCH.call_once(|| {
            // SAFETY: the handler only adds to an atomic, which is allowed in a forked child. Without memory for the
            // registration forks go unnoticed, which is what happens in any program without it.
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        });
    }

    /// True in a forked child of the process of this generation.
    pub fn forked(self) -> bool {
        self != Generation::current()
    }

    /// An error in a forked child of the process of this generation.
    pub fn check(self) -> Result<()> {
        if self.forked() { Err(Error::Forked) } else { Ok(()) }
    }
}
