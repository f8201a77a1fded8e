//! Rotary positions in a configuration, which the fourth and the fifth generation of transformers write under different keys.
//!
//! Where both are there they must agree: each generation reads another one, and a wrong base is a wrong model without any complaint.

use evaluator::Scaling;
use serde_json::{Map, Value};

use super::{CONFIG, Config};

/// Base where none is written.
const BASE: f64 = 10_000.0;
/// Keys that belong to a stretching of angles.
const SCALING: [&str; 4] = ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"];

/// Base and stretching of the angles.
pub(super) struct Rope {
    pub(super) base: u32,
    pub(super) scaling: Option<Scaling>,
}

/// What one of the keys holds.
type Keys = Map<String, Value>;

/// Reads them; what is wrong is added to the reasons.
pub(super) fn read(config: &mut Config) -> Rope {
    let (old, new) = (object(config, "rope_scaling"), object(config, "rope_parameters"));
    if let (Some(old), Some(new)) = (&old, &new) {
        agree(config, old, new);
    }
    let base = base(config, old.as_ref(), new.as_ref());
    let scaling = old.or(new).and_then(|keys| scaling(config, &keys));
    Rope { base, scaling }
}

/// A key that holds something.
fn object(config: &mut Config, key: &str) -> Option<Keys> {
    let value = config.value(key)?;
    let keys = value.as_object().cloned();
    if keys.is_none() {
        config.wrong(key, "an object or null");
    }
    keys.filter(|keys| !keys.is_empty())
}

/// The kind of stretching, under its new or its old name.
fn kind(keys: &Keys) -> Option<&str> {
    keys.get("rope_type").or_else(|| keys.get("type")).and_then(Value::as_str)
}

/// Both generations must read one model.
fn agree(config: &mut Config, old: &Keys, new: &Keys) {
    let plain = |keys: &Keys| kind(keys).unwrap_or("default").to_owned();
    let differs = |key: &str| old.get(key).and_then(Value::as_f64) != new.get(key).and_then(Value::as_f64);
    if plain(old) != plain(new) || SCALING.iter().any(|key| differs(key)) {
        config
            .reasons
            .add(format_args!("{CONFIG}: rope_scaling and rope_parameters say different things: remove the one that is not meant"));
    }
}

/// The base, which must be the same wherever it is written; beside `rope_scaling` the fifth generation reads only that and the outer one.
fn base(config: &mut Config, old: Option<&Keys>, new: Option<&Keys>) -> u32 {
    let outer = config.value("rope_theta").and_then(Value::as_f64);
    let inner = |keys: Option<&Keys>| keys.and_then(|keys| keys.get("rope_theta")).and_then(Value::as_f64);
    let (in_old, in_new) = (inner(old), inner(new));
    let mut bases: Vec<f64> = [outer, in_old, in_new].into_iter().flatten().collect();
    if old.is_some() && outer.or(in_old).is_none() {
        bases.push(BASE);
    }
    let base = bases.first().copied().unwrap_or(BASE);
    if bases.iter().any(|other| *other != base) {
        config.reasons.add(format_args!(
            "{CONFIG}: rope_theta has different values within and outside rope_parameters: versions of transformers differ in which they read, write the right one alone"
        ));
    }
    let is_whole = base.fract() == 0.0 && (2.0..=f64::from(u32::MAX)).contains(&base);
    if !is_whole {
        config.reasons.add(format_args!("{CONFIG}: rope_theta is {base}, it must be a whole number from 2 to 4,294,967,295"));
    }
    base as u32
}

/// The stretching of one of the keys.
fn scaling(config: &mut Config, keys: &Keys) -> Option<Scaling> {
    if let (Some(one), Some(other)) = (keys.get("rope_type"), keys.get("type"))
        && one != other
    {
        config.reasons.add(format_args!("{CONFIG}: rope_type and type of the rotary positions differ: remove type"));
    }
    if keys.get("partial_rotary_factor").and_then(Value::as_f64).is_some_and(|share| share != 1.0) {
        config.reasons.add(format_args!("{CONFIG}: partial_rotary_factor is not 1: the evaluator turns whole heads"));
    }
    match kind(keys) {
        Some("llama3") => Some(llama3(config, keys)),
        Some("default") => None,
        None if keys.contains_key("rope_type") || keys.contains_key("type") || keys.values().any(Value::is_object) => {
            config.reasons.add(format_args!("{CONFIG}: the rotary positions have no kind that can be read: bring default or llama3"));
            None
        }
        None => {
            if SCALING.iter().any(|key| keys.contains_key(*key)) {
                config.notes.push("the rotary positions have factors but no rope_type: they are not stretched, as in transformers".into());
            }
            None
        }
        Some(_) => {
            config.reasons.add(format_args!(
                "{CONFIG}: the evaluator stretches rotary positions as llama3 or not at all: bring rope_type default or llama3"
            ));
            None
        }
    }
}

fn llama3(config: &mut Config, keys: &Keys) -> Scaling {
    let mut whole = |key: &str| {
        let number = keys.get(key).and_then(Value::as_f64).unwrap_or_default();
        if number.fract() != 0.0 || !(1.0..=f64::from(u32::MAX)).contains(&number) {
            config.reasons.add(format_args!("{CONFIG}: {key} of the rotary positions must be a whole number"));
        }
        number as u32
    };
    Scaling {
        factor: whole("factor"),
        low: whole("low_freq_factor"),
        high: whole("high_freq_factor"),
        original: whole("original_max_position_embeddings"),
    }
}
