//! The printed operations, translated and run.

mod accuracy;
mod complex;
mod cost;
mod device;
mod exact;
mod samples;
mod storage;
mod translate;
