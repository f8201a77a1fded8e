//! A network file: one chain, the contracts on it, and with what they are deployed.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
pub use chain::words::moment;
use governance::Terms;
use protocol::{Address, GroupId, money::Wei, pace::Tempo};
use serde::{Deserialize, Serialize};
use token::SaleTerms;
use toml::value::Datetime;

/// A network. `configs/networks/*.toml`; a file says only what differs from the defaults, a local development chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkFile {
    /// A name for people.
    pub name: String,
    /// HTTP address of an Ethereum JSON-RPC endpoint; a table with `url`, `headers` and `requests_per_second`; or a list of such, the
    /// best first.
    pub rpc: chain::Endpoints,
    /// EIP-155 chain id; another one at `rpc` is refused.
    pub chain_id: u64,
    /// How many blocks deep an event must lie before a node acts on it; 1 = the newest block.
    pub confirmations: u64,
    /// Seconds from block to block; without it each node measures them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_s: Option<u64>,
    /// Block in which the contracts were deployed; nothing older is read.
    pub deployed_block: u64,
    /// Milliseconds between two looks at the chain.
    pub poll_ms: u64,
    /// Pay plain gas prices even if the chain tells a base fee: for chains that take no transactions of type 2.
    pub legacy_gas: bool,
    /// Most gwei per gas that are paid; none = what a call is worth, where a node knows it, else a multiple of what is usual.
    pub max_fee_gwei: Option<u64>,
    /// That multiple of the usual base fee for what can wait; for what cannot sixteen times as much.
    pub max_fee_times: u64,
    /// Most blocks that one query for logs spans; fewer are asked for where the endpoint refuses so many.
    pub log_blocks: u64,
    /// Where to find the first peers, as multiaddrs with `/p2p/…`.
    pub peers: Vec<String>,
    /// Address of the contract `Network`, `0x…`; the six others are found through it. Empty until `neuron deploy` writes it.
    pub contract: String,
    /// What people call accounts and groups; commands show these names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, Named>,
    /// With what `neuron deploy` makes the network; members need it no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy: Option<Deploy>,
}

impl Default for NetworkFile {
    fn default() -> Self {
        let chain = chain::Settings::default();
        Self {
            name: "local".into(),
            rpc: chain.rpc,
            chain_id: chain.chain_id,
            confirmations: chain.confirmations,
            block_s: None,
            deployed_block: 0,
            poll_ms: chain.poll_ms,
            legacy_gas: chain.legacy_gas,
            max_fee_gwei: chain.max_fee_gwei,
            max_fee_times: chain.max_fee_times,
            log_blocks: chain.log_blocks,
            peers: Vec::new(),
            contract: String::new(),
            names: BTreeMap::new(),
            deploy: None,
        }
    }
}

impl NetworkFile {
    /// What machines are told of its time.
    pub fn tempo(&self) -> Tempo {
        Tempo { confirmations: self.confirmations, block_s: self.block_s, ..Tempo::default() }
    }

    /// How to talk to its chain.
    pub fn settings(&self) -> chain::Settings {
        chain::Settings {
            rpc: self.rpc.clone(),
            chain_id: self.chain_id,
            confirmations: self.confirmations,
            poll_ms: self.poll_ms,
            legacy_gas: self.legacy_gas,
            max_fee_gwei: self.max_fee_gwei,
            max_fee_times: self.max_fee_times,
            log_blocks: self.log_blocks,
            ..chain::Settings::default()
        }
    }
}

/// What a name is for: an account by its address, or a group by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a name is for an account, \"0x…\" with its 40 digits, or for the number of a group")]
pub enum Named {
    Group(GroupId),
    Account(Address),
}

/// What is fixed for good at deployment. Coins and NRN as decimal numbers in quotes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deploy {
    /// Coins of the chain for one NRN.
    pub price: String,
    /// NRN below which everybody is paid back.
    pub minimum: String,
    /// End of the sale, like `2027-03-31T12:00:00Z`. Without it `neuron deploy` writes one here, `sale_s` from then.
    pub deadline: Option<Datetime>,
    pub sale_s: u64,
    /// Changes of stake count from the next epoch on.
    pub epoch_s: u64,
    /// Seconds that unbonded stake stays slashable.
    pub exit_s: u64,
    /// Seconds from the end of a round until its reward can be collected.
    pub maturity_s: u64,
    /// NRN that a commit and a proposal cost at least.
    pub min_deposit: String,
    /// Gwei that the purse pays back for a unit of gas on top of the base fee.
    pub tip_gwei: u64,
}

impl Default for Deploy {
    fn default() -> Self {
        Self {
            price: "0.001".into(),
            minimum: "1".into(),
            deadline: None,
            sale_s: 30 * 86_400,
            epoch_s: 86_400,
            exit_s: 28 * 86_400,
            maturity_s: 7 * 86_400,
            min_deposit: "0.01".into(),
            tip_gwei: 1,
        }
    }
}

impl Deploy {
    /// The end of the sale in seconds since 1970, if it is written down.
    ///
    /// # Errors
    /// When it is no moment: a date, a time and `Z`.
    pub fn deadline_s(&self) -> Result<Option<u64>> {
        self.deadline.as_ref().map(seconds_of).transpose()
    }

    /// What the contracts are told.
    ///
    /// # Errors
    /// Names the amount that is none.
    pub fn terms(&self, deadline_s: u64) -> Result<Terms> {
        let amount = |name: &str, text: &str| Wei::from_nrn(text).with_context(|| format!("`{name} = {text:?}` in [deploy]"));
        let sale = SaleTerms { price: amount("price", &self.price)?, deadline_s, minimum: amount("minimum", &self.minimum)? };
        let min_deposit = amount("min_deposit", &self.min_deposit)?;
        let tip = Wei(u128::from(self.tip_gwei) * protocol::rules::WEI_PER_GWEI);
        ensure!(!sale.price.is_zero() && !min_deposit.is_zero(), "`price` and `min_deposit` in [deploy] must be above 0");
        ensure!(
            (1..=SALE_MAX).contains(&sale.minimum.0),
            "`minimum` in [deploy] must be above 0, and at most {} NRN",
            Wei(SALE_MAX).to_nrn()
        );
        self.check_times()?;
        Ok(Terms { sale, epoch_s: self.epoch_s, exit_s: self.exit_s, maturity_s: self.maturity_s, min_deposit, tip })
    }
}

/// Limits of the contracts: of an epoch, of the epochs of an exit, and of what is sold.
const EPOCH_S_MAX: u64 = 60 * 86_400;
const EXIT_EPOCHS_MAX: u64 = 29;
const SALE_MAX: u128 = 1 << 92;

impl Deploy {
    /// As the contracts will look at them, so that nothing is paid for before they refuse.
    fn check_times(&self) -> Result<()> {
        let Self { epoch_s, exit_s, maturity_s, .. } = *self;
        ensure!((1..=EPOCH_S_MAX).contains(&epoch_s), "`epoch_s = {epoch_s}` in [deploy] must be 1 to {EPOCH_S_MAX}");
        ensure!(exit_s > 0 && maturity_s > 0, "`exit_s` and `maturity_s` in [deploy] must be above 0");
        let epochs = exit_s / epoch_s;
        ensure!(
            epochs <= EXIT_EPOCHS_MAX,
            "`exit_s = {exit_s}` in [deploy] are {epochs} epochs of {epoch_s} s, and an exit holds at most {EXIT_EPOCHS_MAX}: set `exit_s` to {} \
             or less, or `epoch_s` to {} or more",
            (EXIT_EPOCHS_MAX + 1).saturating_mul(epoch_s) - 1,
            exit_s / (EXIT_EPOCHS_MAX + 1) + 1
        );
        Ok(())
    }
}

const DAY_S: i64 = 86_400;

/// Seconds since 1970 of a moment with a date, a time and an offset.
fn seconds_of(moment: &Datetime) -> Result<u64> {
    let (Some(date), Some(time), Some(offset)) = (moment.date, moment.time, moment.offset) else {
        bail!("`deadline = {moment}` in [deploy] is no moment: write it like 2027-03-31T12:00:00Z");
    };
    let offset_minutes = match offset {
        toml::value::Offset::Z => 0,
        toml::value::Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_of(date.year.into(), date.month.into(), date.day.into());
    let of_day = i64::from(time.hour) * 3_600 + i64::from(time.minute) * 60 + i64::from(time.second);
    let seconds = days * DAY_S + of_day - offset_minutes * 60;
    u64::try_from(seconds).with_context(|| format!("`deadline = {moment}` in [deploy] lies before 1970"))
}

/// Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that a leap day is a year's last.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deploy(text: &str) -> Deploy {
        toml::from_str(text).expect(text)
    }

    #[test]
    fn deadlines_are_moments() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-21T12:00:00Z", 1_795_262_400),
            ("2027-03-31T12:00:00+02:00", 1_806_487_200),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            let read = deploy(&format!("deadline = {text}")).deadline_s().expect(text);
            assert_eq!(read, Some(seconds), "{text}");
            if text.ends_with('Z') {
                assert_eq!(moment(seconds), text);
            }
        }
        assert_eq!(deploy("").deadline_s().expect("none"), None);
        for text in ["2027-03-31", "12:00:00", "2027-03-31T12:00:00", "1969-12-31T23:59:59Z"] {
            deploy(&format!("deadline = {text}")).deadline_s().expect_err(text);
        }
    }

    #[test]
    fn every_second_that_is_written_is_read_again() {
        for time_s in (0..40_000_000_000).step_by(7_777_777) {
            assert_eq!(deploy(&format!("deadline = {}", moment(time_s))).deadline_s().expect("a moment"), Some(time_s));
        }
    }

    #[test]
    fn terms_are_what_the_file_says_and_bad_amounts_are_named() {
        let terms = deploy("price = \"0.5\"\ntip_gwei = 3\nmin_deposit = \"2\"").terms(9).expect("terms");
        assert_eq!((terms.sale.price, terms.sale.deadline_s, terms.sale.minimum), (Wei::nrn(1).mul_div(1, 2), 9, Wei::nrn(1)));
        assert_eq!((terms.tip, terms.min_deposit, terms.epoch_s), (Wei(3_000_000_000), Wei::nrn(2), 86_400));
        for (text, named) in [
            ("price = \"x\"", "price"),
            ("price = \"0\"", "price"),
            ("minimum = \"-1\"", "minimum"),
            ("minimum = \"0\"", "minimum"),
            ("minimum = \"5000000000\"", "minimum"),
            ("min_deposit = \"\"", "min_deposit"),
            ("epoch_s = 0", "epoch_s"),
            ("epoch_s = 5184001", "epoch_s"),
            ("exit_s = 0", "exit_s"),
            ("maturity_s = 0", "maturity_s"),
            (
                "epoch_s = 3600",
                "are 672 epochs of 3600 s, and an exit holds at most 29: set `exit_s` to 107999 or less, or `epoch_s` to 80641",
            ),
        ] {
            let error = format!("{:#}", deploy(text).terms(9).expect_err(text));
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn the_longest_exit_and_the_shortest_epoch_that_are_advised_are_taken() {
        for text in ["epoch_s = 3600\nexit_s = 107999", "epoch_s = 80641", "", "epoch_s = 5184000\nexit_s = 1"] {
            assert!(deploy(text).terms(9).is_ok(), "{text}");
        }
    }

    #[test]
    fn several_endpoints_with_keys_and_limits_are_read_and_written_again() {
        let text = "rpc = ['http://127.0.0.1:8545', { url = 'https://a.example/v2', headers = { authorization = 'Bearer secret' } }, \
                    { url = 'https://b.example', requests_per_second = 5 }]";
        let file: NetworkFile = toml::from_str(text).expect("a list");
        let shown = format!("{:?}", file.settings().rpc);
        assert_eq!(shown, "[http://127.0.0.1:8545, https://a.example, https://b.example]");
        let again: NetworkFile = toml::from_str(&toml::to_string(&file).expect("TOML")).expect("the same");
        assert_eq!(again, file);
        for (text, named) in
            [("rpc = []", "at least one"), ("rpc = { url = 'http://a', header = 1 }", "header"), ("rpc = 8545", "an address")]
        {
            let error = toml::from_str::<NetworkFile>(text).expect_err(text).to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn names_are_of_accounts_and_groups_and_whatever_else_they_are_given_to_is_named() {
        let account = "0x4a62316623ad457F02cDC5D997deD67a383EC569";
        let file: NetworkFile = toml::from_str(&format!("[names]\nalice = \"{account}\"\ndigits = 1")).expect("names");
        let wanted = [("alice", Named::Account(account.parse().expect("an address"))), ("digits", Named::Group(GroupId(1)))];
        assert_eq!(file.names, wanted.map(|(name, named)| (name.to_owned(), named)).into());
        let again: NetworkFile = toml::from_str(&toml::to_string(&file).expect("TOML")).expect("the same");
        assert_eq!(again, file);
        for text in ["alice = \"0x12\"", "alice = true", "alice = -1", "alice = [1]"] {
            let error = toml::from_str::<NetworkFile>(&format!("[names]\n{text}")).expect_err(text).to_string();
            assert!(error.contains("alice") && error.contains("40 digits"), "{error}");
        }
    }

    #[test]
    fn a_file_without_a_line_is_a_local_chain() {
        let file: NetworkFile = toml::from_str("").expect("nothing is said");
        assert_eq!((file.settings(), file.deploy.is_none()), (chain::Settings::default(), true));
        let written = toml::to_string(&NetworkFile { deploy: Some(Deploy::default()), ..file.clone() }).expect("TOML");
        let read: NetworkFile = toml::from_str(&written).expect("the same");
        assert_eq!(read, NetworkFile { deploy: Some(Deploy::default()), ..file });
    }
}
