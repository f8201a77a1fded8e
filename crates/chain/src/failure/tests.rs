//! Answers of providers, row by row, and what they mean.

use alloy::transports::TransportErrorKind;
use serde_json::json;

use super::*;

const CALL: &str = "eth_call";
const ESTIMATE: &str = "eth_estimateGas";
const BLOCK: &str = "eth_getBlockByNumber";

fn answer(code: i64, message: &str, data: Option<&str>) -> TransportError {
    let payload = serde_json::from_value(json!({ "code": code, "message": message, "data": data }));
    RpcError::ErrorResp(payload.expect("an error"))
}

fn check(rows: &[(Failure, &str, i64, &str)]) {
    for (meaning, method, code, message) in rows {
        assert_eq!(Failure::of(method, &answer(*code, message, None)), *meaning, "{method}: {code} {message}");
    }
}

#[test]
fn limits_of_blocks_and_results_in_all_wordings_mean_fewer_blocks() {
    check(
        &[
            (-32005, "query returned more than 10000 results"),
            (-32602, "Query returned more than 10000 results. Try with this block range [0x118dc91, 0x1198cc3]."),
            (-32602, "range 1000000 exceeds limit of 10000"),
            (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"),
            (-32600, "You can make eth_getLogs requests with up to a 10 block range"),
            (-32614, "eth_getLogs is limited to a 10,000 range"),
            (-32602, "eth_getLogs is limited to 0 - 50 blocks range"),
            (-32000, "eth_getLogs is limited to a 1000 blocks range"),
            (-32005, "Log response size exceeded. Maximum allowed number of requested blocks is 1000"),
            (-32701, "exceed maximum block range: 50000"),
            (-32602, "query exceeds max block range 100000"),
            (-32602, "query exceeds max results 20000, retry with the range 1-9"),
            (-32000, "exceeds maximum block range of 2000 blocks"),
            (35, "ranges over 10000 blocks are not supported on freetier"),
            (-32000, "requested too many blocks from 0 to 16777216, maximum is set to 2048"),
            (-32000, "too wide blocks range, the limit is 100"),
            (-32000, "block range is too wide"),
            (-32000, "block range is too wide (maximum 1024)"),
            (-32602, "Block range too large; currently limited to 100 blocks"),
            (-32000, "One block range exceeds the limit"),
            (-32012, "requested range too large"),
            (-32000, "block range greater than 100 max"),
            (-32005, "Requested range exceeds maximum RPC range limit"),
            (-32000, "result set too large"),
            (-32000, "too many logs"),
            (-32000, "response too large"),
            (-32008, "Response is too big"),
            (-32005, "query timeout exceeded"),
            (-32005, "limit exceeded"),
            (-32602, "invalid params"),
            (-32602, "something that nobody has said before"),
        ]
        .map(|(code, message)| (F::Narrow, LOGS, code, message)),
    );
    let hidden = answer(-32602, "invalid request", Some("range 9009594 is bigger than range limit 2000"));
    assert_eq!(Failure::of(LOGS, &hidden), F::Narrow);
    assert_eq!(Failure::of(BLOCK, &hidden), F::AskAnother, "only logs can be too many");
}

#[test]
fn limits_of_requests_mean_fewer_requests() {
    for method in [LOGS, CALL, BLOCK, OFFER] {
        check(
            &[
                (429, "Your app has exceeded its compute units per second capacity"),
                (-32005, "daily request count exceeded, request rate limited"),
                (-32005, "project ID request rate exceeded"),
                (-32007, "100/second request limit reached - reduce calls per second or upgrade your account"),
                (-32012, "credits limited to 6000/sec"),
                (-32016, "over rate limit"),
                (-32000, "Too many requests, reason: call rate limit exhausted, retry in 10s"),
                (-32046, "Cannot fulfill request"),
                (-32005, "rate limit exceeded: try a smaller range"),
                (-32097, "Rate limit reached"),
                (-32001, "Monthly capacity limit exceeded"),
            ]
            .map(|(code, message)| (F::Slower, method, code, message)),
        );
    }
    check(&[(F::Slower, CALL, -32005, "limit exceeded")]);
}

#[test]
fn blocks_that_a_server_has_not_seen_mean_waiting() {
    for method in [LOGS, CALL, ESTIMATE, BLOCK] {
        check(
            &[
                (-32000, "header not found"),
                (-32000, "unknown block"),
                (-32001, "Unknown block"),
                (-32602, "block range extends beyond current head block"),
                (-32000, "invalid block range params"),
                (-32014, "requested data not available"),
                (-32001, "Resource not found."),
                (-32000, "Block could not be found"),
                (-32602, "cannot query unfinalized data"),
                (-32602, "BlockOutOfRangeError: block height is 7 but requested was 9"),
                (-32001, "One of the blocks specified in filter (fromBlock, toBlock or blockHash) cannot be found."),
                (-39001, "Unknown block"),
            ]
            .map(|(code, message)| (F::WaitForHead, method, code, message)),
        );
    }
    assert_eq!(Failure::of(BLOCK, &RpcError::NullResp), F::WaitForHead, "`null` for a block");
}

#[test]
fn states_that_a_server_has_forgotten_mean_another_server_or_a_newer_block() {
    for method in [CALL, ESTIMATE] {
        check(
            &[
                (-32000, "missing trie node 5a1b (path ) state 0x5a1b is not available, not found"),
                (-32000, "missing trie node 5a1b (path )"),
                (-32000, "historical state 0x5a is not available"),
                (-32000, "required historical state unavailable (reexec=128)"),
                (-32002, "No state available for block 0x5a"),
                (-32000, "World state unavailable"),
                (4444, "pruned history unavailable"),
                (-32000, "state at block #7 is pruned"),
                (-32000, "old data not available due to pruning"),
                (-32000, "distance to target block exceeds maximum proof window"),
                (-32000, "This request is not supported because your node is not an archive node: archive data required"),
                (-32000, "project ID does not have access to archive state"),
            ]
            .map(|(code, message)| (F::Forgotten, method, code, message)),
        );
    }
}

#[test]
fn a_pool_says_that_it_has_it_or_what_the_next_offer_needs() {
    for (meaning, messages) in [
        (F::Held, &["already known", "AlreadyKnown", "Known transaction", "transaction already imported"][..]),
        (
            F::NonceTaken,
            &[
                "nonce too low: next nonce 5, tx nonce 4",
                "Nonce too low",
                "OldNonce, Current nonce: 5, nonce of rejected tx: 4",
                "replacement transaction underpriced",
                "could not replace existing tx",
                "Transaction nonce is too low. Try incrementing the nonce.",
            ],
        ),
        (
            F::FeeTooLow,
            &[
                "transaction underpriced: gas tip cap 0, minimum needed 1",
                "transaction gas price below minimum: gas tip cap 0, minimum needed 1",
                "max fee per gas less than block base fee: address 0x00, maxFeePerGas: 1",
                "FeeTooLow, MaxFeePerGas too low",
                "transaction's gas price lower than block's minimum",
            ],
        ),
        (
            F::PoolFull,
            &[
                "in-flight transaction limit reached for delegated accounts",
                "gapped-nonce tx from delegated accounts",
                "txpool is full",
                "Transaction pool is full",
                "nonce too high",
                "account limit exceeded",
            ],
        ),
    ] {
        for message in messages {
            check(&[(meaning, OFFER, -32000, message), (F::AskAnother, CALL, -32000, message)]);
        }
    }
}

#[test]
fn only_contracts_and_rules_of_the_chain_refuse() {
    for method in [CALL, ESTIMATE, OFFER] {
        check(
            &[
                (3, "execution reverted: SomeError()"),
                (3, "something new"),
                (-32000, "execution reverted"),
                (-32015, "VM execution error."),
                (-32000, "insufficient funds for gas * price + value"),
                (-32000, "InsufficientFunds, Balance is zero"),
                (-32004, "Upfront cost exceeds account balance"),
                (-32000, "gas required exceeds allowance (30000000)"),
                (-32000, "exceeds block gas limit"),
                (-32000, "intrinsic gas too low"),
                (-32000, "transaction type not supported"),
            ]
            .map(|(code, message)| (F::Refused, method, code, message)),
        );
    }
    check(&[(F::AskAnother, BLOCK, -32000, "execution reverted"), (F::AskAnother, LOGS, 3, "something new")]);
}

#[test]
fn what_no_row_knows_is_for_another_server_or_another_try_and_never_a_refusal() {
    for method in [CALL, ESTIMATE, OFFER, BLOCK] {
        check(&[
            (F::AskAnother, method, -32000, "something that nobody has said before"),
            (F::AskAnother, method, -32601, "the method does not exist/is not available"),
            (F::AskAnother, method, -32000, "tx fee (1.10 ether) exceeds the configured cap (1.00 ether)"),
            (F::AskAnother, method, -32000, "unknown transaction type"),
            (F::TryAgain, method, -32603, "Internal error"),
            (F::Overloaded, method, -32002, "request timed out"),
        ]);
    }
}

#[test]
fn statuses_and_pages_of_gateways_are_about_the_gateway() {
    let page = "<!DOCTYPE html>\n<html><body>execution reverted</body></html>";
    for (meaning, status, body) in [
        (F::Slower, 429, ""),
        (F::AskAnother, 403, page),
        (F::AskAnother, 401, "{\"message\":\"Invalid API key\"}"),
        (F::AskAnother, 404, page),
        (F::Slower, 403, "Rate limit exceeded"),
        (F::Overloaded, 408, ""),
        (F::Overloaded, 500, page),
        (F::Overloaded, 502, page),
        (F::Overloaded, 503, ""),
        (F::Overloaded, 504, page),
        (F::Overloaded, 524, page),
    ] {
        for method in [CALL, LOGS, OFFER] {
            let failure = TransportErrorKind::http_error(status, body.to_owned());
            assert_eq!(Failure::of(method, &failure), meaning, "{method}: {status} {body}");
        }
    }
    assert_eq!(Failure::of(LOGS, &TransportErrorKind::http_error(413, page.to_owned())), F::Narrow);
    for text in [page, "null", "{}"] {
        let error = serde_json::from_str::<u8>(text).expect_err("no number");
        assert_eq!(Failure::of(CALL, &TransportError::deser_err(error, text)), F::AskAnother, "{text}");
    }
    assert_eq!(Failure::of(BLOCK, &TransportErrorKind::custom_str("connection reset")), F::Overloaded);
}
