//! Members of a key file's JSON, in the ways in which programs write them.

use serde_json::Value;

use super::refusal::Refusal;

/// The member of that name, whatever the case of its letters; itself empty where there is none.
pub(super) fn member<'a>(object: &'a Value, name: &str) -> &'a Value {
    let folded = || object.as_object()?.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    object.get(name).or_else(folded).unwrap_or(&Value::Null)
}

/// A text in small letters.
pub(super) fn text(object: &Value, name: &str) -> Result<String, Refusal> {
    member(object, name).as_str().map(str::to_ascii_lowercase).ok_or_else(|| Refusal::Malformed(format!("its `{name}` is missing")))
}

/// A number; some programs put it in quotation marks.
pub(super) fn number(object: &Value, name: &str) -> Result<u64, Refusal> {
    let value = member(object, name);
    let found = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    found.ok_or_else(|| Refusal::Malformed(format!("its `{name}` is missing or no number")))
}

/// Bytes in hexadecimal, with or without `0x`. Of an odd number of digits the first has lost a zero in front.
pub(super) fn bytes(object: &Value, name: &str) -> Result<Vec<u8>, Refusal> {
    let text = text(object, name)?;
    let digits = text.strip_prefix("0x").unwrap_or(&text);
    let padding = if digits.len() % 2 == 1 { "0" } else { "" };
    let bytes = hex::decode(format!("0x{padding}{digits}"));
    bytes.map_err(|_| Refusal::Malformed(format!("its `{name}` is not hexadecimal")))
}
