//! An example that is a picture, drawn in a terminal: by kitty's graphics protocol or as sixels where the terminal knows these, else two
//! points of it in each letter, one above the other.

use std::{env, fmt};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::ValueEnum;

/// Points of a side at most and at least; smaller rows are tables, larger ones do not fit.
const SIDES: std::ops::RangeInclusive<usize> = 5..=96;
/// The first of 24 greys among the 256 colours of terminals, and how many follow it.
const BLACK: u32 = 232;
const GREYS: u32 = 23;
/// Before each picture.
const INDENT: &str = "    ";

/// Bytes of a picture in one command of kitty's protocol.
const PIECE: usize = 4_096;
/// Columns and lines of sixels for a point.
const SIXELS: usize = 6;

/// How pictures are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Half blocks in 24 greys, by any terminal of 256 colours.
    Blocks,
    /// Kitty's graphics protocol: kitty, Ghostty, WezTerm.
    Kitty,
    /// Sixels: foot, contour, mlterm, xterm as a VT340, iTerm.
    Sixel,
}

impl Way {
    /// What the terminal says that it can.
    pub fn of_terminal() -> Self {
        let variable = |name| env::var(name).unwrap_or_default();
        Self::told(&variable("TERM"), &variable("TERM_PROGRAM"))
    }

    /// What a terminal of that name can. Within tmux or screen, which name themselves, nothing but letters is sure to arrive.
    fn told(term: &str, program: &str) -> Self {
        let is_wrapped = ["tmux", "screen"].iter().any(|name| term.starts_with(name));
        match (term, program) {
            _ if is_wrapped => Self::Blocks,
            ("xterm-kitty" | "xterm-ghostty", _) | (_, "ghostty" | "WezTerm") => Self::Kitty,
            _ if term.contains("sixel") || term.starts_with("foot") || term.starts_with("mlterm") => Self::Sixel,
            (_, "iTerm.app" | "contour") => Self::Sixel,
            _ => Self::Blocks,
        }
    }
}

/// Width and height in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    width: usize,
    height: usize,
}

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        match sides {
            Some((width, height)) if (1..=*SIDES.end()).contains(&width) && (1..=*SIDES.end()).contains(&height) => {
                Ok(Self { width, height })
            }
            _ => Err(format!("write width and height, like 28x28, each at most {}", SIDES.end())),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}x{}", self.width, self.height)
    }
}

impl Size {
    /// The square that so many features make, if they make one.
    pub fn square(features: usize) -> Option<Self> {
        let side = features.isqrt();
        (side * side == features && SIDES.contains(&side)).then_some(Self { width: side, height: side })
    }
}

/// The lines that show a row's features as grey points, the darkest for the least of them; nothing for a row of another length.
pub fn drawn(row: &str, size: Size, way: Way) -> Option<Vec<String>> {
    let greys = greys(row, size)?;
    let points: Vec<&[u32]> = greys.chunks(size.width).collect();
    Some(match way {
        Way::Blocks => points.chunks(2).map(line).collect(),
        Way::Kitty => vec![kitty(&greys, size)],
        Way::Sixel => vec![sixel(&points, size)],
    })
}

/// 0 to 23 for each feature.
fn greys(row: &str, size: Size) -> Option<Vec<u32>> {
    let (features, _) = row.rsplit_once(',')?;
    let values: Vec<i64> = features.split(',').map(|value| value.parse().ok()).collect::<Option<_>>()?;
    if values.len() != size.width * size.height {
        return None;
    }
    let (least, most) = (values.iter().copied().min()?, values.iter().copied().max()?);
    let grey = |value: i64| {
        let (above, span) = (value.abs_diff(least), most.abs_diff(least).max(1));
        u32::try_from(u128::from(above) * u128::from(GREYS) / u128::from(span)).unwrap_or(GREYS)
    };
    Some(values.into_iter().map(grey).collect())
}

/// Two lines of points as one of letters.
fn line(points: &[&[u32]]) -> String {
    let (Some(upper), lower) = (points.first(), points.get(1)) else { return String::new() };
    let mut text = String::from(INDENT);
    for (column, above) in upper.iter().enumerate() {
        let below = lower.and_then(|lower| lower.get(column)).copied().unwrap_or(0);
        text.push_str(&format!("\u{1b}[38;5;{};48;5;{}m▀", BLACK + above, BLACK + below));
    }
    text.push_str("\u{1b}[0m");
    text
}

/// As red, green and blue over as many letters as half blocks would take. Source: kitty's terminal graphics protocol; `q=2` keeps the
/// terminal from answering.
fn kitty(greys: &[u32], size: Size) -> String {
    let bytes: Vec<u8> = greys.iter().flat_map(|grey| [shade(*grey, 255) as u8; 3]).collect();
    let text = BASE64_STANDARD.encode(bytes);
    let mut head = format!("a=T,q=2,f=24,s={},v={},c={},r={},", size.width, size.height, size.width, size.height.div_ceil(2));
    let mut out = String::from(INDENT);
    let mut rest = text.as_str();
    while let Some((piece, after)) = rest.split_at_checked(PIECE.min(rest.len())).filter(|(piece, _)| !piece.is_empty()) {
        out.push_str(&format!("\u{1b}_G{head}m={};{piece}\u{1b}\\", u8::from(!after.is_empty())));
        head.clear();
        rest = after;
    }
    out
}

/// A band of sixels for each line of points, so that a point is a square of six. Source: VT3xx graphics programming, chapter 14.
fn sixel(points: &[&[u32]], size: Size) -> String {
    let mut out = format!("{INDENT}\u{1b}Pq\"1;1;{};{}", size.width * SIXELS, size.height * SIXELS);
    out.extend((0..=GREYS).map(|grey| format!("#{grey};2;{0};{0};{0}", shade(grey, 100))));
    for line in points {
        for grey in 0..=GREYS {
            if line.contains(&grey) {
                out.push_str(&format!("#{grey}"));
                out.extend(line.iter().map(|point| format!("!{SIXELS}{}", if *point == grey { '~' } else { '?' })));
                out.push('$');
            }
        }
        out.push('-');
    }
    out.push_str("\u{1b}\\");
    out
}

/// A grey of a scale that ends at `white`.
fn shade(grey: u32, white: u32) -> u32 {
    grey * white / GREYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_become_greys_two_points_in_each_letter() {
        let size: Size = "2x3".parse().expect("a size");
        let lines = drawn("0,16,8,0,16,16,7", size, Way::Blocks).expect("a picture");
        assert_eq!(
            lines,
            [
                "    \u{1b}[38;5;232;48;5;243m▀\u{1b}[38;5;255;48;5;232m▀\u{1b}[0m",
                "    \u{1b}[38;5;255;48;5;232m▀\u{1b}[38;5;255;48;5;232m▀\u{1b}[0m",
            ]
        );
        assert_eq!(drawn("0,16,8,0,16,7", size, Way::Kitty), None);
        assert_eq!(drawn("a,16,8,0,16,16,7", size, Way::Sixel), None);
        assert!(drawn(&format!("{},{},0,0,0,0,7", i64::MIN, i64::MAX), size, Way::Blocks).is_some());
    }

    #[test]
    fn a_size_is_written_as_width_and_height_or_is_that_of_a_square() {
        for (text, is_one) in [("28x28", true), ("1x96", true), ("0x1", false), ("97x1", false), ("28", false), ("x", false)] {
            assert_eq!(text.parse::<Size>().is_ok(), is_one, "{text}");
        }
        for (features, wanted) in [(64, Some("8x8")), (784, Some("28x28")), (4, None), (65, None), (97 * 97, None), (0, None)] {
            assert_eq!(Size::square(features).map(|size| size.to_string()).as_deref(), wanted);
        }
    }

    #[test]
    fn kitty_is_given_colours_of_points_in_pieces_of_four_kilobytes() {
        let size: Size = "2x1".parse().expect("a size");
        let lines = drawn("0,1,7", size, Way::Kitty).expect("a picture");
        assert_eq!(lines, ["    \u{1b}_Ga=T,q=2,f=24,s=2,v=1,c=2,r=1,m=0;AAAA////\u{1b}\\"]);
        let row = "0,".repeat(96 * 96) + "7";
        let whole = drawn(&row, "96x96".parse().expect("a size"), Way::Kitty).expect("a picture").concat();
        let pieces: Vec<&str> = whole.split("\u{1b}_G").skip(1).collect();
        assert_eq!(pieces.len(), (96_usize * 96 * 4).div_ceil(PIECE));
        assert!(pieces[1].starts_with("m=1;A") && pieces[pieces.len() - 1].starts_with("m=0;A"));
        let text: String = pieces.iter().filter_map(|piece| piece.split_once(';')?.1.strip_suffix("\u{1b}\\")).collect();
        assert_eq!(BASE64_STANDARD.decode(text).expect("base64"), vec![0; 96 * 96 * 3]);
    }

    #[test]
    fn sixels_draw_a_band_for_each_line_of_points() {
        let whole = drawn("0,1,1,1,7", "2x2".parse().expect("a size"), Way::Sixel).expect("a picture").concat();
        assert!(whole.starts_with("    \u{1b}Pq\"1;1;12;12#0;2;0;0;0#1;2;4;4;4"), "{whole:?}");
        assert!(whole.ends_with("#23;2;100;100;100#0!6~!6?$#23!6?!6~$-#23!6~!6~$-\u{1b}\\"), "{whole:?}");
    }

    #[test]
    fn a_terminal_is_given_what_its_name_says_that_it_can() {
        for (term, program, way) in [
            ("xterm-256color", "", Way::Blocks),
            ("xterm-kitty", "", Way::Kitty),
            ("xterm-256color", "WezTerm", Way::Kitty),
            ("foot", "", Way::Sixel),
            ("xterm-256color", "iTerm.app", Way::Sixel),
            ("tmux-256color", "WezTerm", Way::Blocks),
            ("screen", "iTerm.app", Way::Blocks),
            ("", "", Way::Blocks),
        ] {
            assert_eq!(Way::told(term, program), way, "{term} {program}");
        }
    }
}
