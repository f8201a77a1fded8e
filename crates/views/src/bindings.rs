//! The contracts' events, generated from their committed artifacts.
#![allow(missing_docs, clippy::too_many_arguments)]

use alloy_sol_types::sol;

sol!(Neuron, "../../token/abi/Neuron.json");
sol!(Emission, "../../token/abi/Emission.json");
sol!(Sale, "../../token/abi/Sale.json");
sol!(Purse, "../../token/abi/Purse.json");
sol!(INetwork, "../../governance/abi/INetwork.json");
