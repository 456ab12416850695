//! Arguments of the error, plugin and event functions.

use super::*;

abi_structs! {
    PJRT_Api_Version [24] {
        major_version @ 16: c_int,
        minor_version @ 20: c_int,
    }
    PJRT_Error_Destroy_Args [24] { error @ 16: *mut PJRT_Error }
    PJRT_Error_Message_Args [40] {
        error @ 16: *const PJRT_Error,
        message @ 24: *const c_char,
        message_size @ 32: usize,
    }
    PJRT_Error_GetCode_Args [28] {
        error @ 16: *const PJRT_Error,
        code @ 24: PJRT_Error_Code,
    }
    PJRT_NamedValue [56] {
        name @ 16: *const c_char,
        name_size @ 24: usize,
        r#type @ 32: PJRT_NamedValue_Type,
        value @ 40: PJRT_NamedValue_Value,
        value_size @ 48: usize,
    }
    PJRT_Plugin_Initialize_Args [16] {}
    /// The declared size leaves out the last field, which every caller has and reads.
    PJRT_Plugin_Attributes_Args [24] {
        attributes @ 16: *const PJRT_NamedValue,
        num_attributes @ 24: usize,
    }
    PJRT_Event_Destroy_Args [24] { event @ 16: *mut PJRT_Event }
    PJRT_Event_IsReady_Args [25] {
        event @ 16: *mut PJRT_Event,
        is_ready @ 24: bool,
    }
    PJRT_Event_Error_Args [24] { event @ 16: *mut PJRT_Event }
    PJRT_Event_Await_Args [24] { event @ 16: *mut PJRT_Event }
    PJRT_Event_OnReady_Args [40] {
        event @ 16: *mut PJRT_Event,
        callback @ 24: PJRT_Event_OnReadyCallback,
        user_arg @ 32: *mut c_void,
    }
}
