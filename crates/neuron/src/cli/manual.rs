//! `neuron completions` and `neuron man`: what a shell and `man` want to know of this command.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use node::output;

use super::Arguments;

#[derive(Args)]
pub struct Completions {
    /// The shell that is to complete `neuron …`.
    shell: Shell,
}

#[derive(Args)]
pub struct Manual {
    /// Write a page for each command there, in the place of older ones; left out: the page of `neuron` goes to standard output.
    folder: Option<PathBuf>,
}

pub fn completions(options: &Completions) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "neuron", &mut script);
    output::show(&script)
}

pub fn pages(options: &Manual) -> Result<()> {
    match &options.folder {
        Some(folder) => write(folder),
        None => {
            let mut page = Vec::new();
            Man::new(Arguments::command()).render(&mut page).context("the page cannot be written")?;
            output::show(&page)
        }
    }
}

fn write(folder: &Path) -> Result<()> {
    let advice = || format!("cannot write pages to {}: name a folder that can be written", folder.display());
    std::fs::create_dir_all(folder).with_context(advice)?;
    clap_mangen::generate_to(Arguments::command(), folder).with_context(advice)?;
    let lines = format!("pages in {0}; read the first with `man {0}/neuron.1`\n", folder.display());
    output::show(lines.as_bytes())
}
