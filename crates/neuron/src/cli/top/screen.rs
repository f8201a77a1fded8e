//! The terminal: taken while something is shown, and given back whatever happens.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::DefaultTerminal;
use tokio::task::JoinHandle;

use super::{
    draw::draw,
    state::{Action, Key, Seen, Top},
};

/// How long a key is waited for before it is drawn anew.
const WAIT: Duration = Duration::from_millis(100);
/// How long a moment of a recording is shown when it plays.
const MOMENT: Duration = Duration::from_millis(200);

/// What is drawn, on a thread of its own. Dropped, it ends and gives the terminal back.
pub struct Screen {
    thread: JoinHandle<Result<()>>,
    is_over: Arc<AtomicBool>,
}

impl Screen {
    /// Takes the terminal.
    pub fn open(top: Top, looks: mpsc::Receiver<Result<Seen, String>>) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let told = is_over.clone();
        let thread = tokio::task::spawn_blocking(move || show(top, &looks, &told));
        Self { thread, is_over }
    }

    /// Waits until somebody has seen enough.
    pub async fn ended(&mut self) -> Result<()> {
        (&mut self.thread).await.context("drawing broke off; the terminal is as it was")?
    }

    /// Gives the terminal back.
    pub async fn close(mut self) -> Result<()> {
        self.is_over.store(true, Ordering::Relaxed);
        self.ended().await
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// The terminal in raw mode; a panic gives it back by the hook that comes with it.
struct Taken(DefaultTerminal);

impl Taken {
    fn new() -> io::Result<Self> {
        ratatui::try_init().map(Self)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        _ = ratatui::try_restore();
    }
}

fn show(mut top: Top, looks: &mpsc::Receiver<Result<Seen, String>>, is_over: &AtomicBool) -> Result<()> {
    let mut terminal = Taken::new().context("the terminal cannot be used: run this in another one")?;
    let mut played = Instant::now();
    while !is_over.load(Ordering::Relaxed) {
        terminal.0.draw(|frame| draw(frame, &top)).context("the terminal cannot be drawn on")?;
        if pressed()?.is_some_and(|key| top.press(key) == Action::Quit) {
            break;
        }
        for look in looks.try_iter() {
            match look {
                Ok(seen) => top.see(seen),
                Err(why) => top.miss(why),
            }
        }
        if played.elapsed() >= MOMENT {
            played = Instant::now();
            top.tick();
        }
    }
    Ok(())
}

/// The next key that means something, if one comes soon.
fn pressed() -> Result<Option<Key>> {
    if !event::poll(WAIT).context("the terminal says nothing any more")? {
        return Ok(None);
    }
    match event::read().context("the terminal says nothing any more")? {
        Event::Key(key) if key.kind != KeyEventKind::Release => Ok(meant(key)),
        _ => Ok(None),
    }
}

/// What a key means.
fn meant(key: KeyEvent) -> Option<Key> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c' | 'd') if is_control => Key::Quit,
        KeyCode::Char('q') | KeyCode::Esc => Key::Quit,
        KeyCode::Tab => Key::NextGroup,
        KeyCode::BackTab => Key::LastGroup,
        KeyCode::Left => Key::Back,
        KeyCode::Right => Key::Forward,
        KeyCode::PageUp => Key::LeapBack,
        KeyCode::PageDown => Key::LeapForward,
        KeyCode::Home => Key::First,
        KeyCode::End => Key::Last,
        KeyCode::Char(' ') => Key::Play,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_foot_of_the_screen_says() {
        let (none, control) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
        for (code, modifiers, wanted) in [
            (KeyCode::Char('q'), none, Some(Key::Quit)),
            (KeyCode::Char('c'), control, Some(Key::Quit)),
            (KeyCode::Char('c'), none, None),
            (KeyCode::Tab, none, Some(Key::NextGroup)),
            (KeyCode::BackTab, KeyModifiers::SHIFT, Some(Key::LastGroup)),
            (KeyCode::Left, none, Some(Key::Back)),
            (KeyCode::End, none, Some(Key::Last)),
            (KeyCode::Char(' '), none, Some(Key::Play)),
            (KeyCode::F(1), none, None),
        ] {
            assert_eq!(meant(KeyEvent::new(code, modifiers)), wanted, "{code:?}");
        }
    }
}
