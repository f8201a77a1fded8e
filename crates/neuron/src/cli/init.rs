//! `neuron init`: a folder from which a node starts, and is kept running.

mod answers;
mod secret;
mod text;
mod unit;

use std::{
    env, fs,
    io::{self, ErrorKind, IsTerminal as _, Write as _},
    path::{Path, PathBuf, absolute},
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use node::{
    Groups,
    config::{self, NetworkFile},
    lock, output,
};

use super::{
    context::{Context, NETWORK_FILE},
    program::Program,
};
use answers::{Answers, Desk, Given, Room, is_plain};
use secret::Holder;
use unit::Service;

/// Folder of what a node keeps, below that of its settings.
const DATA: &str = "data";

#[derive(Args)]
pub struct Options {
    /// What to set up.
    program: Program,
    /// Folder of settings, key and data; made if missing.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Which groups: 1, or 1,4, or "all I have stake in".
    #[arg(long)]
    group: Option<Groups>,
    /// Port for other nodes, TCP and UDP; 0: free ones.
    #[arg(long)]
    port: Option<u16>,
    /// Address of its HTTP room, like 127.0.0.1:9464, or none.
    #[arg(long, value_name = "ADDRESS")]
    http: Option<Room>,
    /// Who the service runs as; left out: you.
    #[arg(long)]
    user: Option<String>,
    /// Folder of the programs; left out: where this one is.
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Ask nothing: what no flag says is as usual, and a new key gets a random password.
    #[arg(long)]
    yes: bool,
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    ensure!(is_terminal || options.yes, "there is no terminal to ask at: say --yes, and by flags what shall be otherwise than usual");
    let program = options.program;
    let answers = ask(context, &options)?;
    config::read::<NetworkFile>(&answers.network).context("a node needs the network file of its network")?;
    let runs_as = user(&options)?;
    let service = Service { program, answers: &answers, executable: executable(&options)?, user: &runs_as };
    make_folder(&answers.folder)?;
    let mut report = Report::default();
    let holder = Holder::prepare(context, program, &answers.folder, options.yes, &mut report).await?;
    let file = answers.folder.join(format!("{}.toml", program.word()));
    report.write(&file, &text::settings(program, &answers, &holder.lines()))?;
    let unit = answers.folder.join(format!("{}.service", service.name()));
    report.write(&unit, &service.unit())?;
    report.lines.extend(next(&service, &holder, &file, &unit));
    output::show((report.lines.join("\n") + "\n").as_bytes())
}

fn ask(context: &Context, options: &Options) -> Result<Answers> {
    let network = (options.yes || context.network != Path::new(NETWORK_FILE)).then(|| context.network.clone());
    let Options { folder, group, port, http, .. } = options;
    let given = Given { network, group: group.clone(), folder: folder.clone(), port: *port, http: *http };
    let (mut input, mut output) = (io::stdin().lock(), io::stderr());
    let person = if options.yes { None } else { Some((&mut input as &mut dyn io::BufRead, &mut output as &mut dyn io::Write)) };
    Answers::ask(options.program, given, &mut Desk { person })
}

/// The settings' folder and that of the data, where there is none; a folder in use by a node is left alone.
fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    lock::lock(&folder.join(DATA)).map(drop)
}

/// Where the program that the unit starts lies.
fn executable(options: &Options) -> Result<PathBuf> {
    let folder = match &options.programs {
        Some(folder) => absolute(folder)?,
        None => {
            env::current_exe()?.parent().context("this program lies in no folder: name that of the programs with --programs")?.to_owned()
        }
    };
    let path = folder.join(options.program.file());
    ensure!(path.is_file(), "{} is missing: name the folder of the programs with --programs", path.display());
    ensure!(is_plain(&path), "{} cannot stand in a unit of systemd: put the programs elsewhere", path.display());
    Ok(path)
}

/// Who the unit runs as.
fn user(options: &Options) -> Result<String> {
    let user = options.user.clone().or_else(|| env::var("USER").ok()).filter(|user| !user.is_empty()).unwrap_or_else(|| "neuron".into());
    let is_name = user.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter)) && !user.starts_with('-');
    ensure!(is_name, "{user:?} is no user of a system: name one with --user");
    Ok(user)
}

/// What was made and what was there.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
}

impl Report {
    fn made(&mut self, path: &Path, what: &str) {
        self.lines.push(format!("made   {}  {what}", path.display()));
    }

    fn kept(&mut self, path: &Path, what: &str) {
        self.lines.push(format!("there  {}  {what}", path.display()));
    }

    /// Writes a text where no file is; what is there stays.
    fn write(&mut self, path: &Path, text: &str) -> Result<()> {
        match fs::OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())
                    .and_then(|()| file.sync_all())
                    .with_context(|| format!("cannot write {}", path.display()))?;
                self.made(path, "");
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let is_same = fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes());
                self.kept(path, if is_same { "left as it is" } else { "left as it is, which is not what was answered now" });
            }
            Err(error) => return Err(error).with_context(|| format!("cannot write {}", path.display())),
        }
        Ok(())
    }
}

/// What is to be done now.
fn next(service: &Service<'_>, holder: &Holder, file: &Path, unit: &Path) -> Vec<String> {
    let (name, network, groups) = (service.name(), word(&service.answers.network), unit::numbers(service.answers));
    let file = word(file);
    let account = holder.account().map(|account| account.to_string()).unwrap_or_default();
    let neuron = format!("  neuron --network {network}");
    let start = match service.program {
        Program::Trainer => vec![
            format!("{neuron} token balance {account}   # it needs NRN for deposits, and the chain's coin for gas"),
            format!("  {} --config {file}", word(&service.executable)),
        ],
        Program::Validator => {
            let group = first(&groups);
            vec![
                format!("{neuron} {} stake consent OWNER --group {group}   # OWNER: the address that will own the stake", holder.flags()),
                format!("{neuron} --key OWNER.json stake bond 100 --group {group} --signer {account} --consent CONSENT"),
                format!("{neuron} --key OWNER.json stake wake --group {group}"),
                format!("  {} --config {file}", word(&service.executable)),
            ]
        }
        Program::Seed => vec![format!("  {} --network {network} serve --group {groups} --config {file}", word(&service.executable))],
    };
    let mut lines = vec![String::new(), "next:".into()];
    lines.extend(start);
    lines.extend([
        String::new(),
        "kept running by systemd, from the next command on and after each start of this machine:".into(),
        format!("  sudo cp {} /etc/systemd/system/ && sudo systemctl daemon-reload && sudo systemctl enable --now {name}", word(unit)),
    ]);
    lines
}

/// The first of the groups, to bond in.
fn first(groups: &str) -> &str {
    groups.split(',').next().filter(|first| first.parse::<u64>().is_ok()).unwrap_or("1")
}

/// As a shell reads one word.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|letter| letter.is_alphanumeric() || "/._-+@%,:".contains(letter));
    if is_plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
