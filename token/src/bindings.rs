//! The contracts' interfaces, generated from their committed artifacts.
#![allow(missing_docs, clippy::too_many_arguments)]

use alloy::sol;

sol!(Neuron, "abi/Neuron.json");
sol!(Emission, "abi/Emission.json");
sol!(Sale, "abi/Sale.json");
sol!(Purse, "abi/Purse.json");
sol!(IStake, "abi/IStake.json");

sol! {
    /// Several calls at once: what the contract offers at whose address stake stands.
    interface IMulticall {
        function multicall(bytes[] calls) external returns (bytes[] results);
    }
}
