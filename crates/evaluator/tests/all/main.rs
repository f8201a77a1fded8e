//! Tests of the evaluator: its formats against golden files, its numbers against a slow plain reference.

#![allow(clippy::unwrap_used, reason = "what must hold here and does not fails the test")]

mod average;
mod certainty;
mod exact;
mod files;
mod frozen;
mod functions;
mod generation;
mod golden;
mod gpt;
mod hidden;
mod lists;
mod llama;
mod manifest;
mod measurement;
mod reference;
mod reference_gpt;
mod reference_llama;
mod refusals;
mod rotary;
mod tokens;
