//! The printed operations, translated and run.

mod translate;
