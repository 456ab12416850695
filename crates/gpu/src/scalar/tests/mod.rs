//! The printed operations, translated and run.

mod device;
mod exact;
mod samples;
mod translate;
