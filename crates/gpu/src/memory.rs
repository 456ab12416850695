//! Device memory: arrays are windows of large buffers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plan::EngineError;
use range_alloc::RangeAllocator;

use crate::device::Device;

/// Arrays start at multiples of this.
const ALIGNMENT: u64 = 256;

/// Size of the first buffer; each further one is twice as large, up to [`LARGEST_SHARED`].
const FIRST_SHARED: u64 = 16 << 20;

/// Arrays of more than half of this have a buffer of their own.
const LARGEST_SHARED: u64 = 256 << 20;

/// Bits of an address that count bytes within a buffer; those above number the buffer, from 1.
const OFFSET_BITS: u32 = 40;

/// What an address counts.
pub(crate) const LARGEST_BUFFER: u64 = 1 << OFFSET_BITS;

/// The buffers of a device.
pub(crate) struct Memory {
    device: Arc<Device>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By number less one.
    chunks: Vec<Option<Chunk>>,
    next_shared: u64,
    next_id: u32,
}

struct Chunk {
    window: Window,
    free: RangeAllocator<u64>,
    used: u64,
    shared: bool,
}

/// A buffer of the device and a place in it.
#[derive(Clone)]
pub(crate) struct Window {
    /// The buffer.
    pub buffer: wgpu::Buffer,
    /// Names the buffer among all that the device ever had.
    pub id: u32,
    /// Bytes from its start.
    pub offset: u64,
}

impl Memory {
    pub(crate) fn new(device: Arc<Device>) -> Self {
        let state = State { next_shared: FIRST_SHARED, ..State::default() };
        Memory { device, state: Mutex::new(state) }
    }

    /// The address of memory for at least this many bytes.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`] if the device has no more, or more is asked for than one buffer may have.
    pub(crate) fn allocate(&self, bytes: usize) -> Result<*mut u8, EngineError> {
        self.device.check()?;
        let size = rounded(bytes);
        let mut state = self.lock();
        for (number, chunk) in state.chunks.iter_mut().enumerate() {
            let Some(chunk) = chunk.as_mut().filter(|chunk| chunk.shared) else { continue };
            if let Ok(range) = chunk.free.allocate_range(size) {
                chunk.used += size;
                return Ok(address(number, range.start));
            }
        }
        let largest = self.device.features().max_binding_bytes / ALIGNMENT * ALIGNMENT;
        let shared = size <= LARGEST_SHARED.min(largest) / 2;
        let capacity = if shared { state.next_shared.max(2 * size).min(largest) } else { size };
        let refusal = || EngineError::OutOfMemory { origin: self.device.kind(), bytes };
        if capacity > self.device.features().max_buffer_bytes {
            return Err(refusal());
        }
        let buffer = self.device.scoped(|| {
            self.device.device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: capacity,
                usage: wgpu::BufferUsages::STORAGE
                    | wgpu::BufferUsages::COPY_SRC
                    | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        });
        let buffer = buffer.map_err(|_| refusal())?;
        if shared {
            state.next_shared = (2 * capacity).min(LARGEST_SHARED).min(largest);
        }
        state.next_id += 1;
        let id = state.next_id;
        let mut free = RangeAllocator::new(0..capacity);
        let start = free.allocate_range(size).map_err(|_| refusal())?.start;
        let chunk = Chunk { window: Window { buffer, id, offset: 0 }, free, used: size, shared };
        let vacant = state.chunks.iter().position(Option::is_none);
        let number = vacant.unwrap_or(state.chunks.len());
        if vacant.is_none() {
            state.chunks.push(None);
        }
        state.chunks[number] = Some(chunk);
        Ok(address(number, start))
    }

    /// Gives memory back. Returns the buffer's name if the buffer is gone with it.
    pub(crate) fn free(&self, address: *mut u8, bytes: usize) -> Option<u32> {
        let (number, offset) = parts(address);
        let size = rounded(bytes);
        let mut state = self.lock();
        let chunk = state.chunks.get_mut(number)?.as_mut()?;
        chunk.free.free_range(offset..offset + size);
        chunk.used -= size;
        // One shared buffer is kept for what comes next.
        let gone = chunk.used == 0 && (!chunk.shared || number > 0);
        gone.then(|| state.chunks[number].take().map(|chunk| chunk.window.id)).flatten()
    }

    /// The buffer and offset of an address.
    pub(crate) fn window(&self, address: *mut u8) -> Result<Window, EngineError> {
        let (number, offset) = parts(address);
        let state = self.lock();
        let chunk = state.chunks.get(number).and_then(Option::as_ref);
        let chunk = chunk.ok_or_else(|| self.device.failed("an array has no memory on the device"))?;
        Ok(Window { offset, ..chunk.window.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rounded(bytes: usize) -> u64 {
    (bytes.max(1) as u64).next_multiple_of(ALIGNMENT)
}

fn address(number: usize, offset: u64) -> *mut u8 {
    std::ptr::without_provenance_mut((number + 1) << OFFSET_BITS | offset as usize)
}

/// Index of the buffer and offset in it.
fn parts(address: *mut u8) -> (usize, u64) {
    let bits = address.addr();
    ((bits >> OFFSET_BITS).wrapping_sub(1), bits as u64 & ((1 << OFFSET_BITS) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_buffer_and_offset() {
        assert_eq!(parts(address(0, 0)), (0, 0));
        assert_eq!(parts(address(3, 0x12345)), (3, 0x12345));
        assert_eq!(parts(address(3, 256).wrapping_add(64)), (3, 320));
        assert_eq!(parts(std::ptr::null_mut()).0, usize::MAX);
        assert_eq!((rounded(0), rounded(256), rounded(257)), (256, 256, 512));
    }
}
