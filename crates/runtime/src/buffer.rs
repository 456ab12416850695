//! Buffers: typed arrays on a device, as callers hold them.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use plan::Space;
use tensor::TensorType;

use crate::contents::Contents;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::residency::{bring, read};
use crate::sync::lock;
use crate::transfer::{copy_strided, dense_byte_strides};

/// Copies up to this size are made on the caller's thread: cheaper than handing them to another.
const SMALL_COPY: usize = 256 << 10;

/// An array on a device. Its elements lie dense and row-major; they may still be on their way
/// ([`ready`](Self::ready)). Deleting or donating the buffer takes the elements away from it at once, and frees
/// them when the last run or external reader is done with them.
pub struct Buffer {
    ty: Arc<TensorType>,
    device: Arc<Device>,
    deleted: AtomicBool,
    state: Mutex<State>,
}

struct State {
    contents: Option<Arc<Contents>>,
    /// Outstanding external references, and what they look at, which outlives deletion and donation.
    external: usize,
    external_contents: Option<Arc<Contents>>,
}

/// A host array to copy from, as the caller describes it.
#[derive(Clone, Copy, Debug)]
pub struct HostArray<'a> {
    /// Address of the element at index 0.
    pub data: *const u8,
    /// Bytes between neighbours, one a dimension, of any sign; `None` for a dense row-major array.
    pub byte_strides: Option<&'a [i64]>,
}

/// Host memory to copy to, usable from another thread.
struct HostTarget(*mut u8);

// SAFETY: `copy_to_host`'s caller gives the memory away until the copy's event is done.
unsafe impl Send for HostTarget {}

impl Buffer {
    /// A buffer over contents that are, or will be, those of an array of this type.
    pub(crate) fn new(ty: Arc<TensorType>, device: Arc<Device>, contents: Arc<Contents>) -> Buffer {
        let state = State { contents: Some(contents), external: 0, external_contents: None };
        Buffer { ty, device, deleted: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// Copies a host array to the device. The copy is complete when this returns.
    ///
    /// # Safety
    ///
    /// Every element of an array of the given type and strides is readable at `host.data`.
    pub unsafe fn from_host(device: &Arc<Device>, ty: TensorType, host: HostArray<'_>) -> Result<Buffer> {
        let bytes = ty.checked_byte_len().ok_or_else(|| Error::Invalid(format!("{ty} is too large")))?;
        if let Some(strides) = host.byte_strides
            && strides.len() != ty.rank()
        {
            return Err(Error::Invalid(format!("{} strides were given for {ty}", strides.len())));
        }
        if bytes > 0 && host.data.is_null() {
            return Err(Error::Invalid(format!("no host data was given for {ty}")));
        }
        let item = ty.dtype.size();
        let dense = dense_byte_strides(&ty.dims, item);
        let strides = host.byte_strides.unwrap_or(&dense);
        let space = match device.space() {
            Space::Host => Space::Host,
            Space::Device => device.engines()?.space_for(bytes),
        };
        let as_it_is = strides == &dense[..] && !ty.dtype.is_partial();
        let contents = if space == Space::Device && (bytes == 0 || as_it_is) {
            let block = device.pool(space)?.allocate(bytes)?;
            if bytes > 0 {
                // SAFETY: the caller vouches for the source, which is dense.
                let source = unsafe { std::slice::from_raw_parts(host.data, bytes) };
                let memory = device.engines()?.memory()?;
                memory.upload(source, block.as_ptr()).map_err(Error::from_device)?;
            }
            Contents::filled(space, block)
        } else {
            let block = device.pool(Space::Host)?.allocate(bytes)?;
            if bytes > 0 {
                // SAFETY: the caller vouches for the source; the fresh block has room for all elements.
                unsafe { copy_strided(host.data, strides, block.as_ptr(), &dense, &ty.dims, item) };
                if ty.dtype.is_partial() {
                    // SAFETY: the block holds the bytes that were just copied, and nobody else has it.
                    ty.dtype.extend(unsafe { std::slice::from_raw_parts_mut(block.as_ptr(), bytes) });
                }
            }
            Contents::filled(Space::Host, block)
        };
        Ok(Buffer::new(Arc::new(ty), device.clone(), Arc::new(contents)))
    }

    /// Element type and shape.
    pub fn ty(&self) -> &Arc<TensorType> {
        &self.ty
    }

    /// The device that holds the array.
    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// True after deletion or donation.
    pub fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    /// Takes the elements away from the buffer. Work that uses them goes on.
    pub fn delete(&self) {
        if !self.device.made_in().forked() {
            self.take();
        }
    }

    /// Ready when the elements are there; failed if they never will be, or the buffer is deleted.
    pub fn ready(&self) -> Event {
        let contents = self.device.made_in().check().and_then(|()| self.contents("waiting for a buffer"));
        contents.map_or_else(Event::failed, |contents| contents.ready().clone())
    }

    /// What the buffer holds, or [`Error::Deleted`].
    pub(crate) fn contents(&self, what: &'static str) -> Result<Arc<Contents>> {
        lock(&self.state).contents.clone().ok_or_else(|| self.deleted_error(what))
    }

    /// Deletes the buffer and returns what it held.
    pub(crate) fn take(&self) -> Option<Arc<Contents>> {
        let taken = lock(&self.state).contents.take();
        self.deleted.store(true, Ordering::Release);
        taken
    }

    fn deleted_error(&self, what: &'static str) -> Error {
        Error::Deleted { what, ty: self.ty.clone() }
    }

    /// Copies the elements to host memory when they are ready, and completes the returned event then. Never waits.
    /// `byte_strides` as in [`HostArray`].
    ///
    /// # Safety
    ///
    /// Every element of the array with these strides is writable at `dest` until the event is done.
    pub unsafe fn copy_to_host(&self, dest: *mut u8, byte_strides: Option<&[i64]>) -> Result<Event> {
        self.device.made_in().check()?;
        let contents = self.contents("copying to the host")?;
        let dense = dense_byte_strides(&self.ty.dims, self.ty.dtype.size());
        let strides = byte_strides.map_or_else(|| dense.clone(), |strides| strides.into());
        if strides.len() != self.ty.rank() {
            return Err(Error::Invalid(format!("{} strides were given for {}", strides.len(), self.ty)));
        }
        let (ty, dest) = (self.ty.clone(), HostTarget(dest));
        self.copy_when_ready(contents, move |source| {
            let dest = dest;
            // SAFETY: the source holds all elements; the caller vouches for the destination.
            unsafe { copy_strided(source, &dense, dest.0, &strides, &ty.dims, ty.dtype.size()) };
            Ok(())
        })
    }

    /// A new buffer with the same elements in memory of its own. Never waits.
    pub fn copy(&self) -> Result<Buffer> {
        self.device.made_in().check()?;
        let contents = self.contents("copying a buffer")?;
        let (done, bytes) = (Event::pending(), self.ty.byte_len());
        let copied = Arc::new(Contents::promised(done.clone()));
        let (device, source, target) = (self.device.clone(), contents.clone(), copied.clone());
        let finished = self.when_ready(contents.ready(), move || {
            let there = |space: &Space| source.block(*space).is_some();
            let space = [Space::Device, Space::Host].into_iter().find(there);
            let block = space.and_then(|space| Some((space, source.block(space)?)));
            let (space, block) = block.ok_or_else(no_memory)?;
            target.set_block(space, device.duplicate(block, bytes, space)?);
            Ok(())
        })?;
        finished.on_done(Box::new(move |outcome| done.complete(outcome)));
        Ok(Buffer::new(self.ty.clone(), self.device.clone(), copied))
    }

    /// Calls `copy` with the address of the elements in host memory once they are there: here if it is little, else on
    /// another thread. The event has the outcome.
    fn copy_when_ready(
        &self,
        contents: Arc<Contents>,
        copy: impl FnOnce(*const u8) -> Result<()> + Send + 'static,
    ) -> Result<Event> {
        let ready = contents.ready().clone();
        if contents.block(Space::Host).is_some() {
            return self.when_ready(&ready, move || copy(host_address(&contents)?));
        }
        if ready.is_done() || contents.is_queued() {
            // What the device was told to make can be asked of it at once.
            ready.outcome().unwrap_or(Ok(()))?;
            return fetch(&self.device, &contents, copy);
        }
        let (finished, device) = (Event::pending(), self.device.clone());
        let told = finished.clone();
        ready.on_done(Box::new(move |outcome| {
            let copied = outcome.and_then(|()| match contents.block(Space::Host) {
                Some(_) => {
                    let (device_thread, told) = (device.background(), told.clone());
                    let job = move || told.complete(host_address(&contents).and_then(copy));
                    device_thread.run(job)
                }
                None => {
                    let told = told.clone();
                    let fetched = fetch(&device, &contents, copy)?;
                    fetched.on_done(Box::new(move |outcome| told.complete(outcome)));
                    Ok(())
                }
            });
            if let Err(error) = copied {
                told.complete(Err(error));
            }
        }));
        Ok(finished)
    }

    /// Calls `job` once the elements are ready: here if they are few, else on the thread for copies. The event has the
    /// outcome.
    fn when_ready(&self, ready: &Event, job: impl FnOnce() -> Result<()> + Send + 'static) -> Result<Event> {
        if ready.is_done() && self.ty.byte_len() <= SMALL_COPY {
            ready.wait()?;
            job()?;
            return Ok(Event::ready());
        }
        let done = Event::pending();
        let (finished, device) = (done.clone(), self.device.clone());
        ready.on_done(Box::new(move |outcome| {
            let job = {
                let finished = finished.clone();
                move || finished.complete(outcome.and_then(|()| job()))
            };
            if let Err(error) = device.background().run(job) {
                finished.complete(Err(error));
            }
        }));
        Ok(done)
    }

    /// The contents in host memory, ready to be read. Blocks until they are there.
    fn host_contents(&self, contents: Arc<Contents>) -> Result<Arc<Contents>> {
        while let Some(event) = bring(&self.device, &contents, Space::Host)? {
            event.wait()?;
        }
        contents.ready().wait()?;
        Ok(contents)
    }

    /// Keeps the elements in place for a reader outside this library, until
    /// [`release_external`](Self::release_external). Waits until they are ready.
    pub fn acquire_external(&self) -> Result<()> {
        self.device.made_in().check()?;
        let contents = self.contents("reading a buffer in place")?;
        // Call backs ask for this, on the thread that would have to bring the elements over: so it never waits for that.
        if !self.device.is_host() {
            return Err(Error::Unimplemented("reading an array of a GPU in place; copy it to the host"));
        }
        contents.ready().wait()?;
        let mut state = lock(&self.state);
        state.external += 1;
        state.external_contents.get_or_insert(contents);
        Ok(())
    }

    /// Ends one [`acquire_external`](Self::acquire_external).
    pub fn release_external(&self) {
        if self.device.made_in().forked() {
            return;
        }
        let unused = {
            let mut state = lock(&self.state);
            state.external = state.external.saturating_sub(1);
            if state.external == 0 { state.external_contents.take() } else { None }
        };
        drop(unused);
    }

    /// Address of the first element in host memory. Waits until the elements are ready. Stays valid while the buffer, or an
    /// external reference to it, lives.
    pub fn address(&self) -> Result<*mut u8> {
        self.device.made_in().check()?;
        let held = lock(&self.state).external_contents.clone();
        let contents = match held {
            Some(contents) => contents,
            None => self.contents("taking the address of a buffer")?,
        };
        let contents = self.host_contents(contents)?;
        Ok(host_address(&contents)?.cast_mut())
    }
}

/// Hands the elements that are, or will be, in the memory of the device to `copy`. The event has its outcome.
fn fetch(
    device: &Device,
    contents: &Contents,
    copy: impl FnOnce(*const u8) -> Result<()> + Send + 'static,
) -> Result<Event> {
    let bytes = contents.block(Space::Device).ok_or_else(no_memory)?.capacity();
    let finished = Event::pending();
    let told = finished.clone();
    let then = move |outcome: Result<&[u8], plan::EngineError>| {
        told.complete(outcome.map_err(Error::from_device).and_then(|data| copy(data.as_ptr())));
    };
    read(device, contents, bytes, Box::new(then))?;
    Ok(finished)
}

fn host_address(contents: &Contents) -> Result<*const u8> {
    Ok(contents.block(Space::Host).ok_or_else(no_memory)?.as_ptr())
}

fn no_memory() -> Error {
    Error::Internal("a ready buffer has no memory".into())
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.device.made_in().forked() {
            // What the contents would touch when they go may be locked by a thread that does not exist here.
            let state = self.state.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
            std::mem::forget((state.contents.take(), state.external_contents.take()));
        }
    }
}
