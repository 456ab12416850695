//! Brings arrays from one memory to another when they are needed there.

#![allow(unsafe_code)]

use std::sync::Arc;

use plan::{OnBytes, Space};

use crate::contents::Contents;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::event::Event;

/// Sees to it that contents can be used in a space. `None` if they can be now, else what to wait for before asking again.
pub fn bring(device: &Arc<Device>, contents: &Arc<Contents>, space: Space) -> Result<Option<Event>> {
    match contents.ready().outcome() {
        Some(outcome) => outcome?,
        None if space == Space::Device && contents.is_queued() => return Ok(None),
        None if contents.is_queued() => {}
        None => return Ok(Some(contents.ready().clone())),
    }
    if contents.block(space).is_some() {
        return Ok(None);
    }
    match space {
        Space::Device => upload(device, contents).map(|()| None),
        Space::Host => download(device, contents).map(Some),
    }
}

/// Contents of the host, in the memory of the device too.
fn upload(device: &Device, contents: &Contents) -> Result<()> {
    let source = contents.block(Space::Host).ok_or_else(nowhere)?;
    let block = device.pool(Space::Device)?.allocate(source.capacity())?;
    // SAFETY: ready contents are not written any more, and the block is as large as it says.
    let bytes = unsafe { std::slice::from_raw_parts(source.as_ptr(), source.capacity()) };
    let memory = device.engines()?.memory()?;
    memory.upload(bytes, block.as_ptr()).map_err(Error::from_device)?;
    contents.set_block(Space::Device, block);
    Ok(())
}

/// Contents of the device, in the memory of the host too once the event is done.
fn download(device: &Arc<Device>, contents: &Arc<Contents>) -> Result<Event> {
    let bytes = contents.block(Space::Device).ok_or_else(nowhere)?.capacity();
    let target = device.pool(Space::Host)?.allocate(bytes)?;
    let done = Event::pending();
    let (finished, filled) = (done.clone(), contents.clone());
    let then: OnBytes = Box::new(move |outcome| {
        finished.complete(outcome.map_err(Error::from_device).map(|data| {
            // SAFETY: the block is fresh and as large as the data.
            unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), target.as_ptr(), data.len()) };
            filled.set_block(Space::Host, target);
        }));
    });
    read(device, contents, bytes, then)?;
    Ok(done)
}

/// Hands over the first bytes of contents of the device, in the order of its work.
pub fn read(device: &Device, contents: &Contents, bytes: usize, then: OnBytes) -> Result<()> {
    let source = contents.block(Space::Device).ok_or_else(nowhere)?;
    device.engines()?.memory()?.download(source.as_ptr(), bytes, then);
    Ok(())
}

fn nowhere() -> Error {
    Error::Internal("a ready array has no memory".into())
}
