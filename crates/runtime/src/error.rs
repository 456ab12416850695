//! Errors of the runtime and their kinds.

use std::sync::Arc;

use tensor::TensorType;

/// Result of runtime functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, with whose fault it is in each variant. Cheap to clone: a failed run hands one error to
/// each of its outputs.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The caller's: a program called with the wrong number of arguments.
    #[error("program `{program}` takes {expected} arguments, {given} were given")]
    ArgumentCount {
        /// Name of the program.
        program: Arc<str>,
        /// Arguments that it takes.
        expected: usize,
        /// Arguments that the call has.
        given: usize,
    },
    /// The caller's: an argument of another shape or element type.
    #[error("argument {index} of program `{program}` must be {expected}, but the given buffer is {given}")]
    ArgumentType {
        /// Name of the program.
        program: Arc<str>,
        /// Position of the argument.
        index: usize,
        /// The type in the program.
        expected: Arc<TensorType>,
        /// The type of the buffer.
        given: Arc<TensorType>,
    },
    /// The caller's: a buffer used after its deletion or donation.
    #[error("{what}: the buffer {ty} has been deleted or donated")]
    Deleted {
        /// The operation that was asked for.
        what: &'static str,
        /// Type of the buffer.
        ty: Arc<TensorType>,
    },
    /// The caller's: an executable used after its deletion.
    #[error("program `{program}` has been deleted")]
    ExecutableDeleted {
        /// Name of the program.
        program: Arc<str>,
    },
    /// The caller's: sizes, strides, layouts or options that make no sense together.
    #[error("{0}")]
    Invalid(String),
    /// The program's or the machine's: memory that the budget does not allow.
    #[error(
        "out of memory: {requested} bytes asked for, {in_use} of the limit of {limit} bytes are in use. \
         Free arrays, use smaller ones, or donate arguments"
    )]
    OutOfMemory {
        /// Bytes asked for.
        requested: u64,
        /// Bytes in use at that time.
        in_use: u64,
        /// Bytes that the client may use.
        limit: u64,
    },
    /// The program's: it asks for more devices than there are.
    #[error(
        "the program asks for {replicas} replicas of {partitions} partitions, but platform mps has one device: \
         use a mesh of one device"
    )]
    DeviceCount {
        /// Replicas in the compile options.
        replicas: i64,
        /// Partitions in the compile options.
        partitions: i64,
    },
    /// The program's or the compiler's: the program was refused. The message names ops and locations.
    #[error("{0}")]
    Program(Arc<str>),
    /// The program's or the compiler's: the program is well formed, but something in it is not supported.
    #[error("{0}")]
    Unsupported(Arc<str>),
    /// A feature that this platform does not offer.
    #[error("{0}")]
    Unimplemented(&'static str),
    /// The caller's: stored bytes that are not an executable of this version.
    #[error("cannot load the serialized executable: {0}")]
    Deserialize(String),
    /// The caller's: use in a child of the process that made the client. Threads do not survive a fork.
    #[error(
        "this process was forked from one that uses platform mps, and device state does not survive a fork: \
         start worker processes by `spawn` or `forkserver`, or fork before JAX is used"
    )]
    Forked,
    /// Nobody's: work that was dropped because its client closed.
    #[error("cancelled: the client was closed before this work was done")]
    Cancelled,
    /// Ours: a step of a run failed.
    #[error("program `{program}` failed: {message}")]
    Run {
        /// Name of the program.
        program: Arc<str>,
        /// What the engine says.
        message: Arc<str>,
    },
    /// The program's or the machine's: a step of a run did not get the memory that it needs.
    #[error("program `{program}` failed: {message}")]
    StepOutOfMemory {
        /// Name of the program.
        program: Arc<str>,
        /// What the engine says.
        message: Arc<str>,
    },
    /// The caller's or the machine's: the device that is asked for is not there.
    #[error("{0}")]
    NoDevice(Arc<str>),
    /// The machine's: the device does not work, or no longer does.
    #[error("{0}. Arrays on it are lost; start the process again")]
    Device(Arc<str>),
    /// Ours: something that should hold does not.
    #[error("internal error: {0}. Please report it with the program (JAX_METALLIB_DUMP=<dir> writes it)")]
    Internal(Arc<str>),
}

/// Class of an [`Error`], as callers of a C API tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The call makes no sense.
    InvalidArgument,
    /// Memory is not enough.
    ResourceExhausted,
    /// The call makes sense, but not now.
    FailedPrecondition,
    /// Not offered.
    Unimplemented,
    /// The work was dropped.
    Cancelled,
    /// A fault of this library.
    Internal,
}

impl Error {
    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::ArgumentCount { .. }
            | Error::ArgumentType { .. }
            | Error::Deleted { .. }
            | Error::ExecutableDeleted { .. }
            | Error::Invalid(_)
            | Error::DeviceCount { .. }
            | Error::Program(_)
            | Error::NoDevice(_)
            | Error::Deserialize(_) => ErrorKind::InvalidArgument,
            Error::OutOfMemory { .. } | Error::StepOutOfMemory { .. } => ErrorKind::ResourceExhausted,
            Error::Forked => ErrorKind::FailedPrecondition,
            Error::Unsupported(_) | Error::Unimplemented(_) => ErrorKind::Unimplemented,
            Error::Cancelled => ErrorKind::Cancelled,
            Error::Run { .. } | Error::Device(_) | Error::Internal(_) => ErrorKind::Internal,
        }
    }

    /// The error for what an engine reports about a program.
    pub(crate) fn from_engine(program: &Arc<str>, error: plan::EngineError) -> Error {
        let (program, message) = (program.clone(), error.to_string().into());
        match error {
            plan::EngineError::Unsupported { .. } => Error::Unsupported(message),
            plan::EngineError::OutOfMemory { .. } => Error::StepOutOfMemory { program, message },
            plan::EngineError::Failed { .. } => Error::Run { program, message },
        }
    }

    /// The error for what an engine reports outside of programs.
    pub(crate) fn from_device(error: plan::EngineError) -> Error {
        match error {
            plan::EngineError::OutOfMemory { bytes, .. } => {
                Error::OutOfMemory { requested: bytes as u64, in_use: 0, limit: bytes as u64 }
            }
            error => Error::Device(error.to_string().into()),
        }
    }

    /// The error for a panic that was caught, with its message.
    pub fn from_panic(payload: Box<dyn std::any::Any + Send>) -> Error {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| text.to_string())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "panic without a message".to_string());
        // `unreachable!` says so too.
        Error::Internal(message.trim_start_matches("internal error: ").into())
    }
}
