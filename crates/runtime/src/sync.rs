//! Locking without poison.

use std::sync::{Mutex, MutexGuard};

/// Locks a mutex whose data is consistent at every point where a panic could leave it.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
