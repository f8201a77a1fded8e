//! What of the trainer its users can read without starting it: its options and its settings.

pub mod config;
mod options;
pub mod settings;

pub use options::Arguments;
