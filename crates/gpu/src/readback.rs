//! Buffers that the host reads what the device wrote from, kept for reuse.

use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use plan::EngineError;

use crate::device::Device;

/// Bytes before the data: the serial number of the submission, and padding.
pub(crate) const HEADER: u64 = 16;

/// Buffers up to this size are kept.
const LARGEST_KEPT: u64 = 64 << 20;

/// How many buffers are kept.
const KEPT: usize = 32;

/// Free buffers.
#[derive(Default)]
pub(crate) struct Readbacks(Mutex<Vec<wgpu::Buffer>>);

/// How to wait.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// In the driver, after a while awake. One thread only: drivers were seen to let a second one sleep for 10 ms.
    Asleep,
    /// By asking again and again, with pauses that grow with the time that has passed.
    Awake,
}

/// How long threads wait awake and without pauses: waking up takes as long.
const SHORT: Duration = Duration::from_micros(100);

/// The longest pause of a thread that waits awake.
const LONGEST_PAUSE: Duration = Duration::from_micros(200);

/// How far the host is with reading a buffer.
enum Mapping {
    /// Nobody has asked.
    Not,
    /// The outcome comes from whichever thread the device calls back on.
    Asked(Receiver<bool>),
    /// The outcome.
    Done(bool),
}

/// A buffer that a submission copies to.
pub(crate) struct Readback {
    pub(crate) buffer: wgpu::Buffer,
    mapping: Mutex<Mapping>,
}

impl Readbacks {
    /// A buffer for this many bytes after the header.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub(crate) fn take(&self, device: &Device, bytes: u64) -> Result<Readback, EngineError> {
        let size = match HEADER + bytes {
            large if large > LARGEST_KEPT => large.next_multiple_of(4096),
            small => small.next_power_of_two().max(4096),
        };
        let kept = {
            let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let found = free.iter().position(|buffer| buffer.size() == size);
            found.map(|at| free.swap_remove(at))
        };
        let buffer = match kept {
            Some(buffer) => buffer,
            None => {
                let made = device.scoped(|| {
                    device.device.create_buffer(&wgpu::BufferDescriptor {
                        label: None,
                        size,
                        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                        mapped_at_creation: false,
                    })
                });
                let refusal =
                    |_| EngineError::OutOfMemory { origin: "copy to the host".into(), bytes: size as usize };
                made.map_err(refusal)?
            }
        };
        Ok(Readback { buffer, mapping: Mutex::new(Mapping::Not) })
    }

    /// Takes a buffer back.
    pub(crate) fn give_back(&self, readback: Readback) {
        readback.buffer.unmap();
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if readback.buffer.size() <= LARGEST_KEPT && free.len() < KEPT {
            free.push(readback.buffer);
        }
    }
}

impl Readback {
    /// Asks for the buffer's contents, once the submission that fills it is under way.
    pub(crate) fn map(&self) {
        let (sender, receiver) = channel();
        *self.mapping.lock().unwrap_or_else(PoisonError::into_inner) = Mapping::Asked(receiver);
        self.buffer.map_async(wgpu::MapMode::Read, .., move |outcome| {
            // The receiver is only gone if nobody waits any more.
            let _ = sender.send(outcome.is_ok());
        });
    }

    /// Waits until a submission has ended and the contents can be read. May be asked again.
    pub(crate) fn wait(
        &self,
        device: &Device,
        index: wgpu::SubmissionIndex,
        manner: Manner,
    ) -> Result<(), EngineError> {
        let mut mapping = self.mapping.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        while let Mapping::Asked(outcome) = &*mapping {
            let passed = began.elapsed();
            let manner = if passed < SHORT { Manner::Awake } else { manner };
            let poll = match manner {
                Manner::Asleep => {
                    wgpu::PollType::Wait { submission_index: Some(index.clone()), timeout: None }
                }
                Manner::Awake => wgpu::PollType::Poll,
            };
            if let Err(error) = device.device.poll(poll) {
                device.fail(&format!("waiting for the device failed: {error}"));
                return device.check();
            }
            let mapped = match manner {
                // The call back may be on its way on another thread.
                Manner::Asleep => Some(outcome.recv() == Ok(true)),
                Manner::Awake => match outcome.try_recv() {
                    Ok(mapped) => Some(mapped),
                    Err(TryRecvError::Disconnected) => Some(false),
                    Err(TryRecvError::Empty) => None,
                },
            };
            match mapped {
                Some(mapped) => *mapping = Mapping::Done(mapped),
                None => {
                    device.check()?;
                    match passed < SHORT {
                        true => std::thread::yield_now(),
                        false => std::thread::sleep((passed / 16).min(LONGEST_PAUSE)),
                    }
                }
            }
        }
        if !matches!(*mapping, Mapping::Done(true)) {
            device.fail("results cannot be read");
        }
        device.check()
    }

    /// The serial number that the submission left.
    pub(crate) fn serial(&self) -> Option<u64> {
        let view = self.buffer.slice(0..8).get_mapped_range().ok()?;
        Some(u64::from_le_bytes(view[..8].try_into().ok()?))
    }

    /// Hands over bytes after the header, starting at `offset` from the start of the buffer.
    pub(crate) fn read(&self, offset: u64, bytes: usize, with: impl FnOnce(&[u8])) {
        if bytes == 0 {
            return with(&[]);
        }
        let end = offset + (bytes as u64).next_multiple_of(8);
        let view = self.buffer.slice(offset..end).get_mapped_range().expect("a mapped buffer can be read");
        with(&view[..bytes]);
    }
}
