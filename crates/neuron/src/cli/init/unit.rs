//! A unit of systemd that keeps a program running, and lets it reach what it needs and no more.

use std::path::{Path, PathBuf};

use super::{DATA, answers::Answers};
use crate::cli::program::Program;

/// What the unit starts, and as whom.
pub struct Service<'a> {
    pub program: Program,
    pub answers: &'a Answers,
    /// Absolute.
    pub executable: PathBuf,
    pub user: &'a str,
}

impl Service<'_> {
    /// Its name, as `systemctl` calls it.
    pub fn name(&self) -> String {
        format!("neuron-{}", self.program.word())
    }

    /// The unit's text.
    pub fn unit(&self) -> String {
        let (name, folder) = (self.name(), &self.answers.folder);
        let lines = [
            format!("# Kept running by systemd: copy it to /etc/systemd/system, then `systemctl enable --now {name}`."),
            "[Unit]".into(),
            format!("Description=Neuron {}", self.program.word()),
            "Wants=network-online.target".into(),
            "After=network-online.target".into(),
            String::new(),
            "[Service]".into(),
            "Type=exec".into(),
            format!("User={}", self.user),
            format!("ExecStart={}", self.command()),
            format!("WorkingDirectory={}", bare(folder)),
            format!("StateDirectory={name}"),
            "# Compilers for GPUs and the like keep things at home.".into(),
            format!("Environment=HOME=%S/{name}"),
            "# It goes on where it stopped. One that ends by itself, as after SIGUSR1, has done what it was asked for.".into(),
            "Restart=on-failure".into(),
            "RestartSec=10".into(),
            self.stop().into(),
            "KillSignal=SIGTERM".into(),
            "TimeoutStopSec=15".into(),
            "LimitNOFILE=65536".into(),
            String::new(),
            "UMask=0077".into(),
            format!("ReadWritePaths={}", quoted(&folder.join(DATA))),
        ];
        let hardened = HARDENED.iter().chain(self.alone()).map(ToString::to_string);
        let end = ["", "[Install]", "WantedBy=multi-user.target", ""].map(str::to_owned);
        lines.into_iter().chain(hardened).chain(end).collect::<Vec<_>>().join("\n")
    }

    fn command(&self) -> String {
        let settings = quoted(&self.answers.folder.join(format!("{}.toml", self.program.word())));
        let program = quoted(&self.executable);
        let arguments = match self.program {
            Program::Seed => {
                format!("--network {} serve --group {} --config {settings}", quoted(&self.answers.network), numbers(self.answers))
            }
            Program::Trainer | Program::Validator => format!("--config {settings}"),
        };
        format!("{program} {}", arguments.replace('$', "$$"))
    }

    /// What ends it.
    fn stop(&self) -> &'static str {
        match self.program {
            Program::Trainer => {
                "# SIGTERM ends it within five seconds. To let it finish its round and get its deposit back first: systemctl kill --signal=SIGUSR1"
            }
            Program::Validator | Program::Seed => "# SIGTERM ends it within five seconds.",
        }
    }

    /// A trainer may use GPUs, whose drivers need devices, which a protected clock would forbid too, and compile on the fly.
    fn alone(&self) -> &'static [&'static str] {
        match self.program {
            Program::Trainer => &[],
            Program::Validator | Program::Seed => &["PrivateDevices=yes", "ProtectClock=yes", "MemoryDenyWriteExecute=yes"],
        }
    }
}

/// What none of the programs needs is taken from them.
const HARDENED: [&str; 21] = [
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "LockPersonality=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RemoveIPC=yes",
    "# Peers and chain; which addresses this machine has comes from netlink.",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
];

/// Groups as flags name them.
pub fn numbers(answers: &Answers) -> String {
    match &answers.groups {
        node::Groups::These(groups) => groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        node::Groups::Staked => node::groups::STAKED.to_owned(),
    }
}

/// As systemd reads one word of a command or a list.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy().replace('%', "%%");
    if text.chars().all(|letter| letter.is_alphanumeric() || "/._-+@%".contains(letter)) {
        return text;
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// As systemd reads what is one path to the end of the line.
fn bare(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_would_read_otherwise_is_quoted() {
        for (path, wanted) in [
            ("/srv/neuron/a-b_1.toml", "/srv/neuron/a-b_1.toml"),
            ("/srv/my node", "\"/srv/my node\""),
            ("/srv/100%", "/srv/100%%"),
            ("/srv/$HOME", "\"/srv/$HOME\""),
            ("/srv/\"a\\", "\"/srv/\\\"a\\\\\""),
            ("/srv/a;b", "\"/srv/a;b\""),
        ] {
            assert_eq!(quoted(Path::new(path)), wanted);
        }
    }
}
