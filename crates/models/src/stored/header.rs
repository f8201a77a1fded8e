//! The header of a safetensors file, read as if an enemy had written it.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::{Entry, Kind};
use crate::refusal::shown;

/// Longest header in bytes.
const HEADER_MAX: u64 = 32 << 20;
/// Most tensors of a file.
const TENSORS_MAX: usize = 1 << 16;
/// Most sides of a tensor.
const SIDES_MAX: usize = 8;
/// Bytes before the header: its length, u64 little-endian.
const LENGTH_BYTES: usize = 8;
/// The key that is no tensor.
const METADATA: &str = "__metadata__";

/// What a header says of one tensor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// All of them, in the order of the text.
struct Header(Vec<(String, Described)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

/// Reads the keys one by one: a map would keep the last of two.
struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Header;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let (mut tensors, mut names) = (Vec::new(), BTreeSet::new());
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("{} is named twice", shown(&name))));
            }
            if name == METADATA {
                map.next_value::<IgnoredAny>()?;
            } else if tensors.len() < TENSORS_MAX {
                tensors.push((name, map.next_value()?));
            } else {
                return Err(A::Error::custom(format_args!("more than {TENSORS_MAX} tensors")));
            }
        }
        Ok(Header(tensors))
    }
}

/// The tensors of a file, which together take all bytes behind the header, each once.
///
/// # Errors
/// A sentence that says what is wrong with the file.
pub(crate) fn entries(file: &[u8]) -> Result<Vec<Entry>, String> {
    let again = "bring the file again";
    let (length, rest) = file.split_first_chunk::<LENGTH_BYTES>().ok_or_else(|| format!("too short for a safetensors file: {again}"))?;
    let length = u64::from_le_bytes(*length);
    if length > HEADER_MAX {
        return Err(format!("its header would have {length} bytes, more than {HEADER_MAX}: this is no safetensors file"));
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let (text, values) = rest.split_at_checked(length).ok_or_else(|| format!("it ends within its header: {again}"))?;
    let header: Header =
        serde_json::from_slice(text).map_err(|error| format!("its header cannot be read ({}): {again}", shown(&error.to_string())))?;
    let first = LENGTH_BYTES + length;
    let tensors: Result<Vec<Entry>, String> = header.0.into_iter().map(|(name, described)| entry(name, described, first)).collect();
    let tensors = tensors?;
    covers(&tensors, first, first + values.len())?;
    Ok(tensors)
}

fn entry(name: String, Described { dtype, shape, data_offsets: (begin, end) }: Described, first: usize) -> Result<Entry, String> {
    let place = |offset: u64| usize::try_from(offset).ok().and_then(|offset| offset.checked_add(first));
    let (Some(start), Some(stop)) = (place(begin), place(end)) else {
        return Err(format!("{} lies at an absurd place: this is no safetensors file", shown(&name)));
    };
    if stop < start || shape.len() > SIDES_MAX {
        return Err(format!("{} has no shape or place that could be: this is no safetensors file", shown(&name)));
    }
    let elements = shape.iter().try_fold(1_u64, |product, side| product.checked_mul(*side));
    let wanted = Kind::of(&dtype).map(|kind| elements.and_then(|elements| elements.checked_mul(kind.bytes() as u64)));
    if wanted.is_some_and(|wanted| wanted != Some(end - begin)) {
        return Err(format!("{} has other bytes than its shape says: bring the file again", shown(&name)));
    }
    Ok(Entry { name, kind: dtype, shape, place: (start, stop) })
}

/// Whether the places follow one another from `first` to `end`, without a hole and without two that share bytes.
fn covers(tensors: &[Entry], first: usize, end: usize) -> Result<(), String> {
    let mut places: Vec<(usize, usize, &str)> = tensors.iter().map(|entry| (entry.place.0, entry.place.1, entry.name.as_str())).collect();
    places.sort_unstable();
    let mut next = first;
    for (start, stop, name) in places {
        if start != next {
            let what = if start < next { "shares bytes with another tensor" } else { "leaves a hole before it" };
            return Err(format!("{} {what}: this is no safetensors file", shown(name)));
        }
        next = stop;
    }
    if next == end { Ok(()) } else { Err("it ends elsewhere than its header says: bring the file again".into()) }
}
