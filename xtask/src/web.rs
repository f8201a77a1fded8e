//! The page: its packages, its types, its tests without a browser, its build, and its tests in a browser.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::tools;

/// What is done with the page.
#[derive(Clone, Copy)]
pub struct Wishes {
    /// Say how long each file is when compressed.
    pub size: bool,
    /// Write the files into `page/dist` instead of comparing.
    pub write: bool,
    /// Also try it in Chromium against a devnet.
    pub browser: bool,
}

/// Installs the page's packages, builds it and checks it.
pub fn run(wishes: Wishes) -> Result<()> {
    npm(&["ci", "--no-fund", "--no-audit", "--loglevel=error"]).context("npm is needed for the page: install Node 20 or newer")?;
    if wishes.write {
        npm(&["run", "--silent", "generate"])?;
        npm(&["run", "--silent", "build"])?;
    }
    npm(&["run", "--silent", "check"])?;
    if wishes.browser {
        tools::install_npm()?;
        tools::run(tools::cargo(), &["build", "--workspace", "--locked"])?;
        npm(&["run", "--silent", "evaluator"])?;
        npm(&["run", "--silent", "browser"]).context("the page's tests need the package `chromium`, or CHROMIUM set to one")?;
    }
    if wishes.size {
        npm(&["run", "--silent", "size"])?;
    }
    Ok(())
}

fn npm(arguments: &[&str]) -> Result<()> {
    tools::run_in(Command::new("npm").args(arguments), &folder())
}

fn folder() -> PathBuf {
    tools::root().join("page")
}
