//! Where what stands on the screen, however large that is.

use node::vitals::state::{Group, Point, State};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    symbols::Marker,
    text::Line,
    widgets::{Axis, Block, Chart, Dataset, GraphType, LineGauge, Paragraph, Tabs},
};

use super::{
    state::{Reel, Top},
    told,
};
use crate::cli::{names::Names, units::plain};

/// On a smaller screen there is one column.
const WIDE: (u16, u16) = (72, 20);
/// Rows of the boxes in the middle, borders included.
const BOX: u16 = 7;
/// Rows that troubles have at most.
const TROUBLES_MAX: u16 = 4;

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const RED: Style = Style::new().fg(Color::Red);

/// Draws all of it.
pub fn draw(frame: &mut Frame<'_>, top: &Top) {
    let [head, body, foot] = Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(frame.area());
    match top.state() {
        None => frame.render_widget(Paragraph::new("nothing is seen yet"), body),
        Some(state) => {
            frame.render_widget(Paragraph::new(told::title(top.names(), state)).style(BOLD), head);
            of_node(frame, body, top, state);
        }
    }
    foot_of(frame, foot, top);
}

fn of_node(frame: &mut Frame<'_>, area: Rect, top: &Top, state: &State) {
    let tabs = u16::from(top.groups().len() > 1);
    let [names, rest] = Layout::vertical([Constraint::Length(tabs), Constraint::Min(0)]).areas(area);
    if tabs > 0 {
        let titles = top.groups().iter().map(|group| top.names().shown(&format!("group {}", group.group)));
        frame.render_widget(Tabs::new(titles).select(top.chosen()).highlight_style(BOLD.add_modifier(Modifier::REVERSED)), names);
    }
    let troubles = told::troubles(state, top.trouble());
    match top.group() {
        Some(group) if frame.area().width >= WIDE.0 && frame.area().height >= WIDE.1 => {
            wide(frame, rest, (top, state, group), &troubles);
        }
        Some(group) => narrow(frame, rest, top, &[troubles, told::short_of(top.names(), state, group)].concat()),
        None => narrow(frame, rest, top, &[vec!["it serves no group".to_owned()], troubles].concat()),
    }
}

fn wide(frame: &mut Frame<'_>, area: Rect, (top, state, group): (&Top, &State, &Group), troubles: &[String]) {
    let rows = (troubles.len() as u16).min(TROUBLES_MAX);
    let heights = [Constraint::Length(BOX), Constraint::Length(BOX), Constraint::Length(rows), Constraint::Min(0)];
    let [upper, lower, wrong, log] = Layout::vertical(heights).areas(area);
    let [running, curve] = Layout::horizontal([Constraint::Percentage(44), Constraint::Min(0)]).areas(upper);
    let [leads, account, machine] =
        Layout::horizontal([Constraint::Percentage(44), Constraint::Percentage(29), Constraint::Min(0)]).areas(lower);
    round(frame, running, top.names(), group);
    losses(frame, curve, &group.curve);
    boxed(frame, leads, "who leads", told::leaders(top.names(), group));
    boxed(frame, account, "account", told::account(state, group));
    boxed(frame, machine, "node", told::machine(state, group));
    frame.render_widget(paragraph(troubles.to_vec()).style(RED), wrong);
    let count = usize::from(log.height.saturating_sub(2));
    boxed(frame, log, "log", top.newest(count).map(|line| told::line(top.names(), line)).collect());
}

/// In one column: what is important, and of the log what is left over.
fn narrow(frame: &mut Frame<'_>, area: Rect, top: &Top, lines: &[String]) {
    let [upper, log] = Layout::vertical([Constraint::Length(lines.len() as u16), Constraint::Min(0)]).areas(area);
    frame.render_widget(paragraph(lines.to_vec()), upper);
    frame.render_widget(paragraph(top.newest(log.height.into()).map(|line| told::line(top.names(), line)).collect()), log);
}

fn round(frame: &mut Frame<'_>, area: Rect, names: &Names, group: &Group) {
    let block = Block::bordered().title(format!(" {} ", told::heading(names, group)));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [gauge, lines] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(inner);
    frame.render_widget(bar(told::phase_done(group), told::phase(group)), gauge);
    frame.render_widget(paragraph(told::round(names, group)), lines);
}

fn bar<'a>(ratio: f64, label: String) -> LineGauge<'a> {
    LineGauge::default().ratio(ratio).label(label).filled_symbol("█").unfilled_symbol("░")
}

/// The losses of those who won, over the rounds.
fn losses(frame: &mut Frame<'_>, area: Rect, curve: &[Point]) {
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else {
        return boxed(frame, area, "losses of winners", vec!["none is known yet".into()]);
    };
    let points: Vec<(f64, f64)> = curve.iter().map(|point| (point.round.0 as f64, nats(point))).collect();
    let (low, high) = points.iter().fold((f64::MAX, f64::MIN), |(low, high), (_, loss)| (low.min(*loss), high.max(*loss)));
    let rounds = [first.round.0 as f64, last.round.0.max(first.round.0.saturating_add(1)) as f64];
    let data = Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line).data(&points);
    let ends = [format!("round {}", first.round), format!("{}", last.round)];
    let chart = Chart::new(vec![data])
        .block(Block::bordered().title(" losses of winners, nats "))
        .x_axis(Axis::default().bounds(rounds).labels(ends))
        .y_axis(
            Axis::default().bounds([low, if high > low { high } else { low + 1.0 }]).labels([format!("{low:.4}"), format!("{high:.4}")]),
        );
    frame.render_widget(chart, area);
}

fn nats(point: &Point) -> f64 {
    f64::from(point.loss.0) / 1_000_000.0
}

fn boxed(frame: &mut Frame<'_>, area: Rect, title: &str, lines: Vec<String>) {
    frame.render_widget(paragraph(lines).block(Block::bordered().title(format!(" {title} "))), area);
}

fn paragraph<'a>(lines: Vec<String>) -> Paragraph<'a> {
    Paragraph::new(lines.into_iter().map(Line::from).collect::<Vec<_>>())
}

/// What can be pressed; of a recording, where it stands.
fn foot_of(frame: &mut Frame<'_>, area: Rect, top: &Top) {
    let groups = if top.groups().len() > 1 { "  Tab group" } else { "" };
    let Some(reel) = top.reel() else {
        let from = plain(top.from());
        return frame.render_widget(Paragraph::new(format!("q quit{groups}  {from}")), area);
    };
    let state = if reel.is_playing() { "▶" } else { "‖" };
    let keys = if area.width < WIDE.0 { "q  space  ←→".to_owned() } else { format!("q quit{groups}  space ←→ Home End") };
    let widths = [Constraint::Min(0), Constraint::Length(keys.chars().count() as u16 + 1)];
    let [scrubber, help] = Layout::horizontal(widths).spacing(1).areas(area);
    frame.render_widget(bar(played(reel), format!("{state} {} of {}", reel.place(), reel.length())), scrubber);
    frame.render_widget(Paragraph::new(keys), help);
}

/// How much of a recording is over.
fn played(reel: &Reel) -> f64 {
    let steps = reel.length().saturating_sub(1).max(1);
    (reel.place().saturating_sub(1) as f64 / steps as f64).clamp(0.0, 1.0)
}
