use std::ffi::{c_char, c_int};

use plan::library::Callback;
use plan::{EngineError, StepOp};
use tensor::{DType, TensorType};

use super::super::{StepTypes, prepare_library};
use crate::callback::Callbacks;
use crate::context::RunContext;

/// Function 7 adds its operands of three elements; there is no other.
unsafe extern "C" fn handler(
    handle: u64,
    reads: *const *const u8,
    writes: *const *mut u8,
    message: *mut c_char,
    capacity: usize,
) -> c_int {
    if handle != 7 {
        let text = c"no such function";
        assert!(capacity > text.count_bytes());
        // SAFETY: the message has room for the text.
        unsafe { text.as_ptr().copy_to(message, text.count_bytes() + 1) };
        return 1;
    }
    for i in 0..3 {
        // SAFETY: two operands and a result, each of three elements.
        unsafe {
            let (a, b) = ((*reads).cast::<i32>().add(i), (*reads.add(1)).cast::<i32>().add(i));
            (*writes).cast::<i32>().add(i).write(*a + *b);
        }
    }
    0
}

/// Calls a function with [1, 2, 3] and [10, 20, 30].
fn call(handle: u64, context: &RunContext) -> Result<[i32; 3], EngineError> {
    let ty = TensorType::new(DType::I32, [3]);
    let types = StepTypes { origin: "test", reads: vec![&ty, &ty], writes: vec![&ty] };
    let step =
        prepare_library(&StepOp::Callback(Callback { handle }), &types).expect("callbacks are supported");
    let (a, b, mut sum) = ([1i32, 2, 3], [10i32, 20, 30], [0i32; 3]);
    // SAFETY: the arrays have the types that the step was prepared with.
    unsafe { step.run(&[a.as_ptr().cast(), b.as_ptr().cast()], &[sum.as_mut_ptr().cast()], context) }?;
    Ok(sum)
}

#[test]
fn functions_read_and_write() {
    // SAFETY: the handler keeps to what it is told.
    let callbacks = unsafe { Callbacks::new(handler) };
    let context = RunContext::new(2).expect("threads start").with_callbacks(callbacks);
    assert_eq!(call(7, &context), Ok([11, 22, 33]));
    let failed = |reason: &str| Err(EngineError::Failed { origin: "test".into(), reason: reason.into() });
    assert_eq!(call(8, &context), failed("no such function"));
}

#[test]
fn without_a_handler_calls_fail() {
    let context = RunContext::new(1).expect("no threads to start");
    let reason = "the framework has not said how to call its functions".to_owned();
    assert_eq!(call(7, &context), Err(EngineError::Failed { origin: "test".into(), reason }));
}
