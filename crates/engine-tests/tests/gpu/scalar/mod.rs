//! The printed operations, run over their ranges and translated.

mod accuracy;
mod complex;
mod device;
mod exact;
mod samples;
mod storage;
mod translate;
