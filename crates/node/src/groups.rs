//! Which groups a node serves: `1`, `[1, 4]`, or `"all I have stake in"`.

use std::{collections::BTreeSet, fmt, str::FromStr};

use anyhow::{Context, Result, ensure};
use chain::ChainError;
use governance::Network;
use protocol::{Address, GroupId};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};

/// The word for [`Groups::Staked`].
pub const STAKED: &str = "all I have stake in";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// At least one.
    These(BTreeSet<GroupId>),
    /// Those in which the account owns a position or signs for one when the node starts.
    Staked,
}

impl Groups {
    fn these(numbers: impl IntoIterator<Item = u64>) -> Result<Self> {
        let groups: BTreeSet<GroupId> = numbers.into_iter().map(GroupId).collect();
        ensure!(!groups.is_empty() && !groups.contains(&GroupId(0)), "name at least one group; they are numbered from 1");
        Ok(Self::These(groups))
    }

    /// The numbers, ascending.
    ///
    /// # Errors
    /// When the chain does not answer, or the account has stake in no group.
    pub async fn of(&self, network: &Network, account: Address) -> Result<BTreeSet<GroupId>> {
        let groups = match self {
            Self::These(groups) => groups.clone(),
            Self::Staked => staked(network, account).await?,
        };
        ensure!(!groups.is_empty(), "account {account} has stake in no group: bond some (`neuron stake bond`), or name groups");
        Ok(groups)
    }
}

async fn staked(network: &Network, account: Address) -> Result<BTreeSet<GroupId>, ChainError> {
    let mut groups = BTreeSet::new();
    for group in (1..=network.groups().await?).map(GroupId) {
        let stake = network.stake();
        let has_stake = stake.position_of(group, account).await?.is_some() || !stake.positions_of(group, account).await?.is_empty();
        groups.extend(has_stake.then_some(group));
    }
    Ok(groups)
}

impl From<u64> for Groups {
    fn from(number: u64) -> Self {
        Self::These(BTreeSet::from([GroupId(number)]))
    }
}

/// As a flag: numbers with commas between them, or the words.
impl FromStr for Groups {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == STAKED {
            return Ok(Self::Staked);
        }
        let number = |word: &str| word.trim().parse().with_context(|| format!("{text:?} names no groups: write 1, or 1,4, or {STAKED:?}"));
        Self::these(text.split(',').map(number).collect::<Result<Vec<u64>>>()?)
    }
}

impl Serialize for Groups {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::These(groups) => match groups.iter().collect::<Vec<_>>()[..] {
                [one] => one.serialize(serializer),
                _ => groups.serialize(serializer),
            },
            Self::Staked => serializer.serialize_str(STAKED),
        }
    }
}

impl<'de> Deserialize<'de> for Groups {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Groups;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a group like 1, groups like [1, 4], or {STAKED:?}")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Groups, E> {
        Groups::these(u64::try_from(number)).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Groups, E> {
        Groups::these([number]).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Groups, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = sequence.next_element()? {
            numbers.push(number);
        }
        Groups::these(numbers).map_err(A::Error::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Groups, E> {
        match text {
            STAKED => Ok(Groups::Staked),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    struct Settings {
        group: Groups,
    }

    fn these(numbers: &[u64]) -> Groups {
        Groups::These(numbers.iter().copied().map(GroupId).collect())
    }

    #[test]
    fn groups_are_a_number_a_list_or_the_words() {
        for (written, flag, groups) in [
            ("1", "1", these(&[1])),
            ("[4, 1, 4]", "4,1", these(&[1, 4])),
            ("\"all I have stake in\"", "all I have stake in", Groups::Staked),
        ] {
            let settings: Settings = toml::from_str(&format!("group = {written}\n")).expect(written);
            assert_eq!((&settings.group, flag.parse::<Groups>().expect(flag)), (&groups, groups.clone()));
            let again: Settings = toml::from_str(&toml::to_string(&settings).expect("written")).expect("read");
            assert_eq!(again.group, groups);
        }
    }

    #[test]
    fn what_names_no_group_is_refused_with_what_does() {
        for (written, wanted) in [
            ("0", "numbered from 1"),
            ("[]", "at least one"),
            ("-1", "at least one"),
            ("\"all\"", "\"all I have stake in\""),
            ("true", "groups like [1, 4]"),
        ] {
            let error = toml::from_str::<Settings>(&format!("group = {written}\n")).expect_err(written).to_string();
            assert!(error.contains(wanted), "{error}");
        }
        assert!("1,x".parse::<Groups>().expect_err("a letter").to_string().contains("names no groups"));
    }
}
