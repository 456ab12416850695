//! Options as the framework sends them: named values for clients, a protocol buffer for compilations.

use std::collections::BTreeMap;

use prost::Message;
use runtime::{CallbackHandler, Callbacks, ClientOptions, CompileOptions, DeviceAssignment, OptionValue};

use crate::abi::*;
use crate::boundary::{Failure, Outcome, lent};

/// The part of `CompileOptionsProto` (openxla/xla `xla/pjrt/proto/compile_options.proto`) that means something here.
#[derive(Clone, PartialEq, Message)]
struct CompileOptionsProto {
    #[prost(message, optional, tag = "3")]
    executable_build_options: Option<ExecutableBuildOptionsProto>,
    #[prost(btree_map = "string, message", tag = "7")]
    env_option_overrides: BTreeMap<String, OptionOverrideProto>,
}

#[derive(Clone, PartialEq, Message)]
struct ExecutableBuildOptionsProto {
    #[prost(int64, tag = "4")]
    num_replicas: i64,
    #[prost(int64, tag = "5")]
    num_partitions: i64,
    #[prost(message, optional, tag = "9")]
    device_assignment: Option<DeviceAssignmentProto>,
}

#[derive(Clone, PartialEq, Message)]
struct DeviceAssignmentProto {
    #[prost(int32, tag = "1")]
    replica_count: i32,
    #[prost(int32, tag = "2")]
    computation_count: i32,
    #[prost(message, repeated, tag = "3")]
    computation_devices: Vec<ComputationDeviceProto>,
}

#[derive(Clone, PartialEq, Message)]
struct ComputationDeviceProto {
    #[prost(int64, repeated, tag = "1")]
    replica_device_ids: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct OptionOverrideProto {
    #[prost(oneof = "OptionOverride", tags = "1, 2, 3, 4")]
    value: Option<OptionOverride>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum OptionOverride {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Float(f64),
}

/// Reads serialized compile options.
pub fn compile_options(bytes: &[u8]) -> Outcome<CompileOptions> {
    let proto = CompileOptionsProto::decode(bytes)
        .map_err(|error| Failure::invalid(format!("the compile options cannot be read: {error}")))?;
    let build = proto.executable_build_options.unwrap_or_default();
    // A missing number reads as 0 and means 1.
    let (replicas, partitions) = (build.num_replicas.max(1), build.num_partitions.max(1));
    let device_assignment = build.device_assignment.map(|proto| DeviceAssignment {
        replicas: proto.replica_count.into(),
        computations: proto.computation_count.into(),
        devices: proto.computation_devices.into_iter().map(|devices| devices.replica_device_ids).collect(),
    });
    let overrides = proto.env_option_overrides.into_iter().filter_map(|(name, proto)| {
        let value = match proto.value? {
            OptionOverride::Text(text) => OptionValue::Text(text),
            OptionOverride::Bool(value) => OptionValue::Bool(value),
            OptionOverride::Int(value) => OptionValue::Int(value),
            OptionOverride::Float(value) => OptionValue::Float(value),
        };
        Some((name, value))
    });
    Ok(CompileOptions { replicas, partitions, device_assignment, overrides: overrides.collect() })
}

/// Reads the options of a client, after those of the environment. Those of other plugins and of other versions are ignored.
///
/// # Safety
///
/// Names and values are as long as they say.
pub unsafe fn client_options(values: &[PJRT_NamedValue]) -> Outcome<ClientOptions> {
    let mut options = ClientOptions::from_environment()?;
    for value in values {
        // SAFETY: as long as they say.
        let name = unsafe { lent(value.name.cast::<u8>(), value.name_size) };
        if name == b"memory_limit" {
            // SAFETY: the same value, with its own type and size.
            options.memory_limit = Some(unsafe { byte_count(value) }?);
        }
        if name == b"callback_handler" {
            // SAFETY: the framework's promise.
            options.callbacks = Some(unsafe { callbacks(value) }?);
        }
    }
    Ok(options)
}

/// The handler of callbacks, given as the address of a [`runtime::CallbackHandler`].
///
/// # Safety
/// It is the address of one, which the framework vouches for as [`Callbacks::new`] asks.
unsafe fn callbacks(value: &PJRT_NamedValue) -> Outcome<Callbacks> {
    let address = match value.r#type {
        // SAFETY: the type says which field of the union is set.
        PJRT_NAMED_VALUE_INT64 => {
            std::ptr::with_exposed_provenance::<()>(unsafe { value.value.int64_value } as usize)
        }
        _ => std::ptr::null(),
    };
    if address.is_null() {
        return Err(Failure::invalid("client option `callback_handler` must be the address of a function"));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { Callbacks::new(std::mem::transmute::<*const (), CallbackHandler>(address)) })
}

/// A number of bytes, given as a number or as text.
unsafe fn byte_count(value: &PJRT_NamedValue) -> Outcome<u64> {
    let number = match value.r#type {
        // SAFETY: the type says which field of the union is set.
        PJRT_NAMED_VALUE_INT64 => u64::try_from(unsafe { value.value.int64_value }).ok(),
        PJRT_NAMED_VALUE_STRING => {
            // SAFETY: the type says which field of the union is set; it is as long as it says.
            let text = unsafe { lent(value.value.string_value.cast::<u8>(), value.value_size) };
            std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok())
        }
        _ => None,
    };
    number.ok_or_else(|| Failure::invalid("client option `memory_limit` must be a number of bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_numbers() {
        // replicas 1, partitions 2, an assignment of devices 0 and 1, and one override; field 99 is unknown.
        let bytes = [
            &[0x1A, 18][..],
            &[0x20, 1, 0x28, 2],
            &[0x4A, 12, 0x08, 1, 0x10, 2, 0x1A, 2, 0x0A, 0, 0x1A, 2, 0x0A, 0],
            &[0x3A, 11, 0x0A, 5, b'm', b'p', b's', b'_', b'x', 0x12, 2, 0x10, 1],
            &[0x98, 0x06, 7],
        ]
        .concat();
        let Ok(options) = compile_options(&bytes) else { panic!("the bytes are well formed") };
        assert_eq!((options.replicas, options.partitions), (1, 2));
        let expected = DeviceAssignment { replicas: 1, computations: 2, devices: vec![vec![], vec![]] };
        assert_eq!(options.device_assignment, Some(expected));
        assert_eq!(options.overrides, [("mps_x".to_string(), OptionValue::Bool(true))]);
    }

    #[test]
    fn a_callback_handler_is_the_address_of_a_function() {
        // SAFETY: all fields are numbers or pointers.
        let mut value: PJRT_NamedValue = unsafe { std::mem::zeroed() };
        let name = b"callback_handler";
        (value.name, value.name_size) = (name.as_ptr().cast(), name.len());
        value.r#type = PJRT_NAMED_VALUE_INT64;
        // SAFETY: the name is as long as it says; no function is called.
        let read = |value: PJRT_NamedValue| unsafe { client_options(&[value]) };
        assert!(read(value).is_err());
        value.value.int64_value = 0x1000;
        assert!(read(value).is_ok_and(|options| options.callbacks.is_some()));
        value.r#type = PJRT_NAMED_VALUE_STRING;
        assert!(read(value).is_err());
    }

    #[test]
    fn nothing_means_one_device_and_damage_is_an_error() {
        assert_eq!(compile_options(&[]).ok(), Some(CompileOptions::default()));
        assert!(compile_options(&[0x1A, 200, 1]).is_err());
    }
}
