//! `PJRT_Plugin_*`.

use crate::abi::*;
use crate::boundary::{Outcome, exported};

/// The newest StableHLO version that frameworks may send. Without it each would send its own newest; with it all
/// of them write the same form.
static STABLEHLO_VERSION: [i64; 3] = [1, 13, 0];

/// The attributes of the plugin.
struct Attributes([PJRT_NamedValue; 1]);

// SAFETY: the pointers inside are to statics that nobody writes.
unsafe impl Sync for Attributes {}

static ATTRIBUTES: Attributes = Attributes([{
    let name = "stablehlo_current_version";
    PJRT_NamedValue {
        struct_size: PJRT_NamedValue::SIZE,
        extension_start: std::ptr::null_mut(),
        name: name.as_ptr().cast(),
        name_size: name.len(),
        r#type: PJRT_NAMED_VALUE_INT64_LIST,
        value: PJRT_NamedValue_Value { int64_array_value: STABLEHLO_VERSION.as_ptr() },
        value_size: STABLEHLO_VERSION.len(),
    }
}]);

exported! {
    /// Nothing to set up: clients do it.
    fn initialize(_args: PJRT_Plugin_Initialize_Args) {}

    /// What frameworks should know before they make a client.
    fn attributes(args: PJRT_Plugin_Attributes_Args) {
        args.attributes = ATTRIBUTES.0.as_ptr();
        args.num_attributes = ATTRIBUTES.0.len();
    }
}
