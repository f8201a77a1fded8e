//! What is asked of the gateway: path, query and `Accept` of a request, read as the specification of trustless gateways says.

use axum::http::StatusCode;
use swarm::{Cid, NAMES_MAX, Scope, Span, digest_in};

/// Media type of a block.
pub const RAW: &str = "application/vnd.ipld.raw";
/// Media type of a CAR.
pub const CAR: &str = "application/vnd.ipld.car";
/// Media types and names of formats in which content is read for the asker, which only he can do without trust.
const READ_ELSEWHERE: [&str; 6] = ["tar", "json", "cbor", "dag-json", "dag-cbor", "html"];
/// Codecs of raw bytes and of dag-pb, whose links are followed.
const FOLLOWED: [u64; 2] = [0x55, 0x70];

/// Why a request is refused, and what to ask instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub StatusCode, pub String);

impl Refusal {
    fn bad(text: &str) -> Self {
        Self(StatusCode::BAD_REQUEST, text.to_owned())
    }
}

/// How the answer is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The block itself.
    Raw,
    /// The blocks of a scope; `repeats`: as often as they occur.
    Car { scope: Scope, repeats: bool },
}

/// A request that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub cid: Cid,
    /// Behind the CID, none for a block.
    pub names: Vec<String>,
    pub format: Format,
    /// The format stood in a header only, or in another way there: caches are told the address that says it.
    pub is_negotiated: bool,
}

impl Ask {
    /// Reads a request for what stands behind `/ipfs/`.
    ///
    /// # Errors
    /// What is not asked rightly, or never answered here, with the status that says so.
    pub fn read(path: &str, query: &str, accept: Option<&str>) -> Result<Self, Refusal> {
        let (cid, names) = content(path)?;
        let query = Query::read(query)?;
        let accepted = match (accept.map(Accepted::read).transpose(), &query.format) {
            // What the header cannot accept does not matter where the address says what to answer with.
            (Err(_), Some(_)) => None,
            (accepted, _) => accepted?.flatten(),
        };
        let (format, parameters) = match (query.format.as_deref(), &accepted) {
            (Some(named), _) => (named.to_owned(), accepted.as_ref().filter(|accepted| accepted.format == named)),
            (None, Some(accepted)) => (accepted.format.to_owned(), Some(accepted)),
            (None, None) => {
                return Err(Refusal::bad("say what to answer with: ?format=raw for a block, ?format=car for all that is below it"));
            }
        };
        let is_negotiated = accepted.as_ref().is_some_and(|accepted| query.format.as_deref() != Some(accepted.format));
        let format = match format.as_str() {
            "raw" if names.is_empty() => Format::Raw,
            "raw" => {
                return Err(Refusal::bad("a block is asked for by its CID alone: leave out the names behind it, or ask with ?format=car"));
            }
            "car" => car(&cid, &query, parameters)?,
            "ipns-record" => return Err(Refusal::bad("records of names belong to /ipns/: ask for ?format=raw or ?format=car")),
            other => return Err(not_acceptable(other)),
        };
        Ok(Self { cid, names, format, is_negotiated })
    }
}

fn not_acceptable(format: &str) -> Refusal {
    let known = if READ_ELSEWHERE.contains(&format) { "this format" } else { "that" };
    let text = format!("{known} is not served: ask for ?format=raw or ?format=car, and read the blocks yourself");
    Refusal(StatusCode::NOT_ACCEPTABLE, text)
}

/// The CID and the names behind it.
fn content(path: &str) -> Result<(Cid, Vec<String>), Refusal> {
    let mut parts = path.split('/');
    let cid = parts.next().unwrap_or_default();
    let cid: Cid = cid.parse().map_err(|_| Refusal::bad("this is no CID: one looks like bafkrei… or bafybei…"))?;
    let names: Option<Vec<String>> = parts.filter(|part| !part.is_empty()).map(decoded).collect();
    let names = names.filter(|names| names.len() <= NAMES_MAX);
    names.map(|names| (cid, names)).ok_or_else(|| Refusal::bad("the names behind the CID are too many or no UTF-8"))
}

/// What `%xx` stands for.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The parameters that count; others are let pass.
#[derive(Default)]
struct Query {
    format: Option<String>,
    scope: Option<String>,
    bytes: Option<String>,
    version: Option<String>,
    order: Option<String>,
    dups: Option<String>,
}

impl Query {
    fn read(query: &str) -> Result<Self, Refusal> {
        let mut found = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "format" => &mut found.format,
                "dag-scope" => &mut found.scope,
                "entity-bytes" => &mut found.bytes,
                "car-version" => &mut found.version,
                "car-order" => &mut found.order,
                "car-dups" => &mut found.dups,
                _ => continue,
            };
            *place = Some(decoded(value).ok_or_else(|| Refusal::bad("a parameter is no UTF-8"))?);
        }
        Ok(found)
    }
}

/// What a header asks for.
struct Accepted {
    format: &'static str,
    version: Option<String>,
    order: Option<String>,
    dups: Option<String>,
}

impl Accepted {
    /// The first of the known media types that is not ruled out; none if whatever there is will do.
    fn read(header: &str) -> Result<Option<Self>, Refusal> {
        let mut is_open = false;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
            let of =
                |wanted: &str| parameters.iter().find(|(name, _)| name.trim() == wanted).map(|(_, value)| value.trim().trim_matches('"'));
            let is_ruled_out = of("q").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
            let format = match media.as_str() {
                RAW => "raw",
                CAR => "car",
                "" | "*/*" | "application/*" => {
                    is_open = true;
                    continue;
                }
                _ => continue,
            };
            if !is_ruled_out {
                let text = |name| of(name).map(str::to_owned);
                return Ok(Some(Self { format, version: text("version"), order: text("order"), dups: text("dups") }));
            }
        }
        if is_open { Ok(None) } else { Err(not_acceptable("")) }
    }
}

/// A CAR as query and header ask for it, the query first.
fn car(cid: &Cid, query: &Query, accepted: Option<&Accepted>) -> Result<Format, Refusal> {
    let of = |named: &Option<String>, header: fn(&Accepted) -> &Option<String>| {
        named.clone().or_else(|| accepted.and_then(|accepted| header(accepted).clone()))
    };
    if of(&query.version, |accepted| &accepted.version).is_some_and(|version| version != "1") {
        return Err(Refusal::bad("only CARs of version 1 are written"));
    }
    if of(&query.order, |accepted| &accepted.order).is_some_and(|order| !["dfs", "unk", ""].contains(&order.as_str())) {
        return Err(Refusal::bad("blocks are written depth first: leave out the order, or ask for order=dfs"));
    }
    let repeats = match of(&query.dups, |accepted| &accepted.dups).as_deref() {
        None | Some("n" | "") => false,
        Some("y") => true,
        Some(_) => return Err(Refusal::bad("equal blocks are written once with dups=n, and each time with dups=y")),
    };
    let scope = scope(query)?;
    if scope == Scope::All && digest_in(cid).is_some() && !FOLLOWED.contains(&cid.codec()) {
        return Err(Refusal::bad("links of this codec are not followed: ask for ?format=raw, or with dag-scope=block"));
    }
    Ok(Format::Car { scope, repeats })
}

fn scope(query: &Query) -> Result<Scope, Refusal> {
    let span = query.bytes.as_deref().map(span).transpose()?;
    match (query.scope.as_deref(), span) {
        (Some("block"), _) => Ok(Scope::Block),
        (Some("entity"), span) => Ok(Scope::Entity(span)),
        (Some("all") | None, Some(span)) => Ok(Scope::Entity(Some(span))),
        (Some("all") | None, None) => Ok(Scope::All),
        (Some(_), _) => Err(Refusal::bad("dag-scope is block, entity or all")),
    }
}

/// `from:to`, both included.
fn span(text: &str) -> Result<Span, Refusal> {
    let bad = || Refusal::bad("entity-bytes is from:to in whole numbers, both included, or from:* to the end");
    let (from, to) = text.split_once(':').ok_or_else(bad)?;
    let number = |text: &str| text.parse::<i64>().map_err(|_| bad());
    let span = Span { from: number(from)?, to: if to == "*" { None } else { Some(number(to)?) } };
    match span.to {
        Some(to) if (to < 0) == (span.from < 0) && to < span.from => Err(bad()),
        _ => Ok(span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

    fn read(target: &str, accept: Option<&str>) -> Result<Ask, Refusal> {
        let target = target.replace("CID", BLOCK);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        Ask::read(path, query, accept)
    }

    fn check(cases: &[(&str, Option<&str>, Format)]) {
        for (target, accept, format) in cases {
            let ask = read(target, *accept).unwrap_or_else(|refusal| panic!("{target} {accept:?}: {refusal:?}"));
            assert_eq!(ask.format, *format, "{target} {accept:?}");
        }
    }

    const fn car(scope: Scope) -> Format {
        Format::Car { scope, repeats: false }
    }

    fn bytes(from: i64, to: Option<i64>) -> Format {
        car(Scope::Entity(Some(Span { from, to })))
    }

    #[test]
    fn the_format_is_that_of_the_address_and_else_of_the_header() {
        let both = format!("text/html;q=1, {CAR};q=0, {RAW}");
        check(&[
            ("CID?format=raw", None, Format::Raw),
            ("CID?x=1&format=raw", Some("text/html"), Format::Raw),
            ("CID", Some(RAW), Format::Raw),
            ("CID/", Some(RAW), Format::Raw),
            ("CID", Some(CAR), car(Scope::All)),
            ("CID?format=car", Some(RAW), car(Scope::All)),
            ("CID", Some(&both), Format::Raw),
            ("CID?format=car", Some("*/*"), car(Scope::All)),
        ]);
        let is_negotiated = |target, accept| read(target, accept).map(|ask| ask.is_negotiated);
        assert_eq!(is_negotiated("CID?format=raw", Some(RAW)), Ok(false));
        assert_eq!(is_negotiated("CID", Some(RAW)), Ok(true));
        assert_eq!(is_negotiated("CID?format=car", Some(RAW)), Ok(true));
        assert_eq!(is_negotiated("CID?format=car", Some("*/*")), Ok(false));
    }

    #[test]
    fn a_car_is_cut_and_ordered_as_asked() {
        let twice = Format::Car { scope: Scope::All, repeats: true };
        let repeating = format!("{CAR}; version=1; order=dfs; dups=y");
        check(&[
            ("CID?format=car&dag-scope=block", None, car(Scope::Block)),
            ("CID?format=car&dag-scope=entity", None, car(Scope::Entity(None))),
            ("CID?format=car&dag-scope=all", None, car(Scope::All)),
            ("CID?format=car&entity-bytes=0:*", None, bytes(0, None)),
            ("CID?format=car&dag-scope=entity&entity-bytes=5:9", None, bytes(5, Some(9))),
            ("CID?format=car&entity-bytes=-1024:*", None, bytes(-1024, None)),
            ("CID?format=car&entity-bytes=499:-1000", None, bytes(499, Some(-1000))),
            ("CID", Some(&repeating), twice),
            ("CID?format=car&car-version=1&car-order=unk&car-dups=y", None, twice),
            ("CID?car-dups=n", Some(&repeating), car(Scope::All)),
        ]);
        assert_eq!(read("CID/a/b%20c//%C3%BC?format=car", None).expect("names").names, ["a", "b c", "ü"]);
    }

    #[test]
    fn what_is_asked_wrongly_is_refused_with_what_to_ask_instead() {
        let (bad, none) = (StatusCode::BAD_REQUEST, StatusCode::NOT_ACCEPTABLE);
        let cbor = "bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
        for (target, accept, status, named) in [
            ("CID", None, bad, "?format=raw"),
            ("CID", Some("*/*"), bad, "?format=raw"),
            ("CID", Some("text/html"), none, "?format=raw"),
            ("CID?format=tar", None, none, "?format=raw"),
            ("CID?format=nothing", None, none, "?format=raw"),
            ("CID?format=ipns-record", None, bad, "/ipns/"),
            ("CID/name?format=raw", None, bad, "CID alone"),
            ("CID/%ff?format=car", None, bad, "UTF-8"),
            ("CID/%4?format=car", None, bad, "UTF-8"),
            ("nothing?format=raw", None, bad, "no CID"),
            ("?format=raw", None, bad, "no CID"),
            ("CID?format=car&dag-scope=some", None, bad, "dag-scope"),
            ("CID?format=car&entity-bytes=1", None, bad, "entity-bytes"),
            ("CID?format=car&entity-bytes=9:5", None, bad, "entity-bytes"),
            ("CID?format=car&entity-bytes=-5:-9", None, bad, "entity-bytes"),
            ("CID?format=car&entity-bytes=a:b", None, bad, "entity-bytes"),
            ("CID?format=car&entity-bytes=99999999999999999999:*", None, bad, "entity-bytes"),
            ("CID?format=car&car-version=2", None, bad, "version 1"),
            ("CID?format=car&car-order=bfs", None, bad, "order"),
            ("CID?format=car&car-dups=maybe", None, bad, "dups"),
            (&format!("{cbor}?format=car"), None, bad, "codec"),
        ] {
            let refusal = read(target, accept).expect_err(target);
            assert!(refusal.0 == status && refusal.1.contains(named), "{target}: {refusal:?}");
        }
        let many = format!("CID{}?format=car", "/a".repeat(NAMES_MAX + 1));
        assert_eq!(read(&many, None).map_err(|refusal| refusal.0), Err(bad));
        read(&format!("{cbor}?format=raw"), None).expect("a block of any codec");
    }
}
