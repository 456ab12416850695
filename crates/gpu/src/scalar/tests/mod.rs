//! The printed operations, translated.

mod cost;
mod translate;
