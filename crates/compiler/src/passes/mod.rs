//! Passes: module in, module out.
