//! The contract's interface, generated from its committed artifact.
#![allow(missing_docs, clippy::too_many_arguments)]

use alloy::sol;

sol!(Network, "abi/Network.json");
