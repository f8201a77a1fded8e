//! What wallets are told (docs/erc7730) is what the contracts take.

use std::collections::BTreeSet;

use serde_json::Value;

const CALLS: &str = include_str!("../../../docs/erc7730/calldata-neuron-network.json");
const MESSAGES: &str = include_str!("../../../docs/erc7730/eip712-neuron-network.json");
const ABI: &str = include_str!("../../abi/INetwork.json");
/// Where the types of signed messages stand.
const TYPES: [&str; 3] = [
    include_str!("../../contracts/Typed.sol"),
    include_str!("../../../token/contracts/Seats.sol"),
    include_str!("../../../crates/protocol/src/eip712.rs"),
];

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// `uint256 group`, or `(uint40 round,bool better)[] steps`.
fn parameter(of: &Value) -> String {
    let kind = of["type"].as_str().expect("a type");
    let kind = kind.strip_prefix("tuple").map_or_else(|| kind.to_owned(), |rest| format!("({}){rest}", parameters(&of["components"])));
    format!("{kind} {}", of["name"].as_str().expect("a name"))
}

fn parameters(of: &Value) -> String {
    list(of).iter().map(parameter).collect::<Vec<_>>().join(",")
}

/// Name, parameters and what is returned.
fn signature(function: &Value) -> (String, String) {
    let name = function["name"].as_str().expect("a name");
    (format!("{name}({})", parameters(&function["inputs"])), parameters(&function["outputs"]))
}

/// The names under `display.formats`; each field of each must speak of a parameter.
fn formats(descriptor: &Value) -> BTreeSet<String> {
    let formats = descriptor["display"]["formats"].as_object().expect("formats");
    for (name, format) in formats {
        for field in list(&format["fields"]) {
            let path = field["path"].as_str().expect("a path");
            let spoken = path.split('.').filter(|part| *part != "[]");
            spoken.for_each(|part| assert!(name.contains(&format!(" {part}")), "{path} is no parameter of {name}"));
        }
    }
    formats.keys().cloned().collect()
}

#[test]
fn every_call_that_wallets_are_told_of_is_one_of_the_contract() {
    let (descriptor, abi) = (read(CALLS), read(ABI));
    let of_contract: BTreeSet<_> = list(&abi["abi"]).iter().filter(|item| item["type"] == "function").map(signature).collect();
    let told: BTreeSet<_> = list(&descriptor["context"]["contract"]["abi"]).iter().map(signature).collect();
    assert!(told.is_subset(&of_contract), "not in the contract: {:?}", told.difference(&of_contract));
    assert_eq!(formats(&descriptor), told.into_iter().map(|(call, _)| call).collect());
}

#[test]
fn every_message_that_is_signed_is_one_that_wallets_are_told_of() {
    let descriptor = read(MESSAGES);
    let told: BTreeSet<String> = list(&descriptor["context"]["eip712"]["schemas"])
        .iter()
        .map(|schema| {
            let name = schema["primaryType"].as_str().expect("a name");
            format!("{name}({})", parameters(&schema["types"][name]))
        })
        .collect();
    assert_eq!(formats(&descriptor), told);
    let quoted = TYPES.iter().flat_map(|text| text.split('"').skip(1).step_by(2));
    let is_type = |text: &&str| text.starts_with(|letter: char| letter.is_ascii_uppercase()) && text.ends_with(')') && text.contains('(');
    let signed: BTreeSet<String> = quoted.filter(is_type).filter(|text| !text.starts_with("EIP712Domain")).map(str::to_owned).collect();
    assert_eq!(told, signed);
}
