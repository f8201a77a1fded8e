//! The contracts' interfaces, generated from their committed artifacts: what answers at the network's address, and the
//! code of the contracts behind it.
#![allow(missing_docs, clippy::too_many_arguments)]

use alloy::sol;

sol!(INetwork, "abi/INetwork.json");

pub(crate) mod registry {
    alloy::sol!(Registry, "abi/Registry.json");
}

pub(crate) mod council {
    alloy::sol!(Council, "abi/Council.json");
}

pub(crate) mod bounties {
    alloy::sol!(Bounties, "abi/Bounties.json");
}

pub(crate) mod network {
    alloy::sol!(Network, "abi/Network.json");
}
