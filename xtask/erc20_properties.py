"""Has slither's own generator write Trail of Bits' ERC20 properties for a token, and a list of them that a forge test can read.

slither-prop itself knows truffle and plain solc only; its generator serves just as well for what forge built.
Arguments: root of the project, folder of forge's output, name of the contract, folder to write to, scenarios.
"""

import sys
from pathlib import Path

from slither import Slither
from slither.tools.properties.addresses.address import Addresses
from slither.tools.properties.properties import erc20
from slither.tools.properties.properties.ercs.erc20.properties.initialization import ERC20_CONFIG
from slither.tools.properties.properties.properties import PropertyCaller, PropertyReturn, property_to_solidity
from slither.tools.properties.solidity.generate_properties import generate_solidity_interface, generate_solidity_properties

EXPECTATIONS = {
    PropertyReturn.SUCCESS: "Expect.True",
    PropertyReturn.FAIL: "Expect.False",
    PropertyReturn.THROW: "Expect.Revert",
    PropertyReturn.FAIL_OR_THROW: "Expect.FalseOrRevert",
}
LIST = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

%(imports)s

enum Expect { True, False, Revert, FalseOrRevert }

struct Property { string name; bytes4 selector; Expect expect; bool byAll; bool initial; }

%(contracts)s
/// @title The properties that were generated, scenario by scenario.
library Properties {
    function all() internal returns (address[] memory tokens, Property[][] memory properties) {
        tokens = new address[](%(count)d);
        properties = new Property[][](%(count)d);
%(body)s    }
}
"""


def row(index, at, prop):
    flag = lambda value: "true" if value else "false"
    fields = [f'"{prop.name}"', f'bytes4(keccak256("{prop.name}"))', EXPECTATIONS[prop.return_type]]
    fields += [flag(prop.caller == PropertyCaller.ALL), flag(not prop.is_property_test)]
    return f"        properties[{index}][{at}] = Property({', '.join(fields)});\n"


def test_contract(name, base):
    """What slither-prop leaves to the user: the balances at the start, for the properties that compare with them."""
    return f"""contract {name} is {base} {{
    constructor() {{
        initialTotalSupply = totalSupply();
        initialBalance_owner = balanceOf(crytic_owner);
        initialBalance_user = balanceOf(crytic_user);
        initialBalance_attacker = balanceOf(crytic_attacker);
    }}
}}

"""


def main(root, out, contract_name, folder, *scenarios):
    slither = Slither(root, ignore_compile=True, foundry_out_directory=out)
    (contract,) = slither.get_contract_from_name(contract_name)
    errors = erc20._check_compatibility(contract)
    if errors:
        sys.exit(f"{contract_name}: {errors}")
    addresses, folder = Addresses(), Path(folder)
    generate_solidity_interface(folder, addresses)
    constants = {str(v.expression) for v in contract.state_variables_declared}
    if constants != {addresses.owner, addresses.user, addresses.attacker}:
        sys.exit(f"{contract_name}: the users must be {addresses.owner}, {addresses.user} and {addresses.attacker}")
    imports, contracts, body = [], "", ""
    for index, scenario in enumerate(scenarios):
        properties = ERC20_CONFIG + erc20.ERC20_PROPERTIES[scenario].properties
        text = "\n".join(property_to_solidity(p) for p in properties)
        file = generate_solidity_properties(contract, scenario, text, folder)
        imports.append(f'import {{{file.stem}}} from "./{file.name}";')
        contracts += test_contract(f"Test{scenario}", file.stem)
        body += f"        tokens[{index}] = address(new Test{scenario}());\n"
        body += f"        properties[{index}] = new Property[]({len(properties)});\n"
        body += "".join(row(index, at, p) for at, p in enumerate(properties))
    fields = {"imports": "\n".join(imports), "contracts": contracts, "count": len(scenarios), "body": body}
    (folder / "Properties.sol").write_text(LIST % fields)


main(*sys.argv[1:])
