//! What a person does between two lines of a page.

use std::time::{SystemTime, UNIX_EPOCH};

use super::*;

/// So many seconds of a period are enough to propose and to vote.
const ROOM_S: u64 = 22;
/// Examples that are in no set.
const HELD_OUT: &str = "data/digits/heldout.csv";

/// The values of an example, without its label.
pub fn row() -> Result<String> {
    Ok(examples(1)?.trim_end().rsplit_once(',').context("a label")?.0.to_owned())
}

fn examples(count: usize) -> Result<String> {
    let text = fs::read_to_string(crate::root().join(HELD_OUT))?;
    Ok(text.split_inclusive('\n').take(count).collect())
}

impl Desk<'_> {
    /// What has to be there before a line.
    pub fn before(&mut self, line: &Line) -> Result<()> {
        let begins = |text: &str| line.text.starts_with(text);
        match self.page {
            // From here on others would disturb the votes and the bounties of the devnet itself.
            README if begins("neuron --network NET --key KEY delta new --group 1 --out") => self.kept.until(KEPT),
            README if begins("neuron --network NET --key KEY delta new --group 1 --from") => self.edit("my-set"),
            README if begins("neuron --network NET --key KEY delta propose") => self.wait_for_period(),
            README if begins("neuron --network NET bounty seal") => Ok(fs::write(self.folder.join("new.csv"), examples(40)?)?),
            README if begins("neuron --network NET --key KEY measure enact") => self.propose_measure(),
            README if begins("neuron --key KEY deploy") => self.write_network_to_deploy(),
            README if begins("neuron --network NET why") => self.find_won_round(),
            README if begins("neuron --network NET --key KEY bounty retire") => self.wait_for_period(),
            OPERATING if begins("neuron signing export") => {
                self.kept.until("verdicts counted")?;
                self.write_old_and_new()
            }
            OPERATING if begins("curl 'http") => self.keep_trainer(),
            OPERATING if begins("neuron verify FILE") => self.write_patch(),
            OPERATING if begins("neuron why") => {
                self.kept.until(KEPT)?;
                self.find_won_round()
            }
            _ => Ok(()),
        }
    }

    /// What a line has said that later ones need.
    pub fn after(&mut self, line: &Line, said: &str) -> Result<()> {
        let mut note = |name, value: Option<&str>| {
            if let Some(value) = value {
                self.names.insert(name, value.to_owned());
            }
        };
        if line.text.contains(" delta propose ") {
            note("delta", said.split_once("proposed as delta ").and_then(|(_, rest)| rest.split(' ').next()));
        } else if line.text.contains("new.json key new") {
            note("signer", said.split_whitespace().find(|word| word.starts_with("0x")));
        } else if line.text.contains(" stake consent ") {
            note("consent", Some(said.trim()));
        } else if line.text.starts_with("neuron --network NET replay") {
            self.check_replay()?;
        } else if line.text.starts_with("neuron --offline predict") {
            self.check_offline()?;
        } else if line.text.starts_with("curl -o") {
            let car = fs::read(self.folder.join("file.car"))?;
            ensure!(
                car.get(1..).is_some_and(|rest| rest.starts_with(b"\xa2\x65roots")),
                "that is no CAR: {}",
                String::from_utf8_lossy(&car)
            );
        }
        Ok(())
    }

    /// What the same tells programs, with all that can be asked for.
    fn check_replay(&self) -> Result<()> {
        let won = self.names.get("won").context("a won round")?;
        let told = self.told(&format!("neuron --network network.toml --json replay --round {won} --examples --training"))?;
        let replayed = crate::schema::check("neuron replay", &told)?;
        let is_right =
            |claim: &&serde_json::Value| claim["found"] == "right" && claim["training"].as_str().is_some_and(|told| !told.is_empty());
        let right = replayed["claims"].as_array().into_iter().flatten().find(is_right).context("no claim is right")?;
        ensure!(right["examples"].as_array().map(Vec::len) == replayed["drawn"].as_u64().map(|drawn| drawn as usize), "{replayed}");
        Ok(())
    }

    /// What a copy answers to programs, in the same form as the chain.
    fn check_offline(&self) -> Result<()> {
        let row = self.names.get("row").context("an example")?;
        for (command, arguments) in [("group show", ""), ("delta show", ""), ("predict", &format!(" --line {row}"))] {
            let told = self.told(&format!("neuron --offline --json {command}{arguments}"))?;
            let answer = crate::schema::check(&format!("neuron {command}"), &told)?;
            ensure!(command == "predict" || answer["as_of"]["block"].as_u64().is_some(), "{command} does not say as of when: {answer}");
        }
        Ok(())
    }

    /// One more example in a set.
    fn edit(&self, set: &str) -> Result<()> {
        let path = self.folder.join(set).join("examples.csv");
        let text = fs::read_to_string(&path)?;
        Ok(fs::write(&path, text + &examples(2)?)?)
    }

    fn json(&self, command: &str) -> Result<serde_json::Value> {
        Ok(serde_json::from_str(&self.told(&format!("neuron --network network.toml --json {command}"))?)?)
    }

    /// Until a period has room for a proposal and a vote.
    fn wait_for_period(&self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let group = self.json("group show")?;
            let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
            let end_s = group["period_end_s"].as_u64().context("its end")?;
            // One that is over is followed by a whole one with the proposal.
            if end_s < now_s || end_s >= now_s + ROOM_S {
                return Ok(());
            }
            sleep(Duration::from_secs(1));
        }
        bail!("no period began")
    }

    fn propose_measure(&mut self) -> Result<()> {
        let said = self.told("neuron --network network.toml --key devnet/keys/guest.json measure propose least 500 --reason finer")?;
        let name = said.split_whitespace().find(|word| word.starts_with("0x")).context("a measure")?;
        self.names.insert("measure", name.trim_end_matches(',').to_owned());
        Ok(())
    }

    /// The file that is shipped for this, on the chain that is here.
    fn write_network_to_deploy(&self) -> Result<()> {
        let network: toml::Table = toml::from_str(&fs::read_to_string(self.folder.join("network.toml"))?)?;
        let shipped = fs::read_to_string(crate::root().join("configs/networks/devnet.toml"))?;
        Ok(fs::write(self.folder.join("devnet.toml"), format!("rpc = {}\n{shipped}", network["rpc"]))?)
    }

    fn find_won_round(&mut self) -> Result<()> {
        let progress = self.json("group progress")?;
        let won = progress["rounds"].as_array().and_then(|rounds| rounds.last()).context("no round was won")?;
        self.names.insert("won", won["round"].to_string());
        Ok(())
    }

    /// A validator's folder with what it has signed, and another one without.
    fn write_old_and_new(&self) -> Result<()> {
        for name in ["old", "new"] {
            fs::create_dir_all(self.folder.join(name).join("data"))?;
            let node = "[node]\nnetwork = \"../network.toml\"\ndata = \"data\"\nkeystore = \"../srv/validator/account.json\"\n";
            let text = format!("{node}password_file = \"../srv/validator/password\"\nlisten = [\"/ip4/127.0.0.1/tcp/0\"]\n");
            fs::write(self.folder.join(name).join("validator.toml"), text)?;
        }
        let signed = |name: &str| self.folder.join("devnet/validator-4/data").join(name);
        fs::copy(signed("signing.log"), self.folder.join("old/data/signing.log")).map(drop)?;
        Ok(())
    }

    /// A trainer whose HTTP room answers, and a file that it holds.
    fn keep_trainer(&mut self) -> Result<()> {
        let (mut child, path) = self.start("trainer-node --config trainer/trainer.toml")?;
        said_within(&path, "trainer started", &mut child)?;
        self.node = Some(child);
        let manifest = self.json("group show")?["manifest"].as_str().context("its manifest")?.parse()?;
        let cid = swarm::cid_of(manifest, 1);
        self.names.insert("cid", cid.to_string());
        Ok(())
    }

    fn write_patch(&self) -> Result<()> {
        self.told("neuron delta new --out set")?;
        self.edit("set")?;
        self.told("neuron delta new --from set > new.patch").map(drop)
    }
}
