// A person: positions, what waits, receipts in words, points and badges.

import type { PersonAnswer } from "../index/answers";
import type { Receipt } from "../fold/state";
import { Digest, Fact, Nrn, Tag, Time, Until } from "../parts/bits";
import { useAnswer, useHere, useMined, useNow } from "../parts/context";
import { useSignal } from "../parts/signal";
import { Table } from "../parts/table";
import { brief, dated, nrn } from "../parts/words";
import { Act } from "../wallet/act";
import { onNetwork } from "../wallet/send";
import { connected } from "../wallet/wallet";
import { Balances } from "./balances";
import { Positions } from "./position";
import { aboutOf, wordsOfReceipt } from "./receipts";
import { Waiting } from "./waiting";

export function PersonView({ account }: { account: `0x${string}` }) {
  const answer = useAnswer<"person">({ kind: "person", account });
  const is = useSignal(connected);
  if (!answer) return <Waiting />;
  const mine = is?.account.toLowerCase() === account;
  return (
    <main id="main">
      <h1>
        <span class="mono">{brief(account)}</span> {mine && <Tag kind="good">you</Tag>}
      </h1>
      <p>
        <Digest of={account} label="address" />
      </p>
      <Balances account={account} contracts={answer.contracts} />
      <Due answer={answer} mine={mine} />
      <Positions answer={answer} mine={mine} />
      <Deeds answer={answer} />
      <Receipts answer={answer} />
    </main>
  );
}

/** What can be brought home, and by whom. */
function Due({ answer, mine }: { answer: PersonAnswer; mine: boolean }) {
  const { site, links } = useHere();
  const [now, mined] = [useNow(), useMined()];
  const { wins, deposits, deltas, account } = answer.belongings;
  if (wins.length + deposits.length + deltas.length === 0) return null;
  const ripe = wins.filter((win) => win.at <= mined);
  const byGroup = new Map<number, bigint[]>();
  for (const { group, round } of ripe) byGroup.set(group, [...(byGroup.get(group) ?? []), BigInt(round)]);
  return (
    <section>
      <h2>What waits</h2>
      {mine &&
        [...byGroup].map(([group, rounds]) => (
          <p class="acts" key={group}>
            <Act
              label={`Collect ${rounds.length} rounds of group ${group}`}
              build={() => onNetwork(site, "collect", [BigInt(group), rounds, account])}
            >
              Collect {rounds.length === 1 ? `round ${rounds[0]}` : `${rounds.length} rounds`} of group {group}
            </Act>
          </p>
        ))}
      <ul class="plain rows">
        {wins.map((win) => (
          <li key={`w${win.group}-${win.round}`}>
            <span>
              Won{" "}
              <a href={links.round(win.group, win.round)}>
                round {win.round} of group {win.group}
              </a>
              : <Nrn of={win.reward} />
            </span>
            <span class="quiet">
              {win.at > mined ? (
                <>
                  can be collected <Until at={win.at} now={Math.min(now, win.at)} />
                </>
              ) : mine ? (
                "can be collected"
              ) : (
                "waits for its winner to collect it"
              )}
            </span>
          </li>
        ))}
        {deposits.map((deposit) => (
          <li key={`d${deposit.group}-${deposit.round}`}>
            <span>
              Deposit of{" "}
              <a href={links.round(deposit.group, deposit.round)}>
                round {deposit.round} of group {deposit.group}
              </a>
            </span>
            {deposit.at > mined ? (
              <span class="quiet">
                settled <Until at={deposit.at} now={Math.min(now, deposit.at)} />
              </span>
            ) : (
              <Act
                label={`Settle round ${deposit.round}`}
                build={() => onNetwork(site, "settle", [BigInt(deposit.group), BigInt(deposit.round), [account]])}
                quiet
              >
                Settle
              </Act>
            )}
          </li>
        ))}
        {deltas.map((delta) => (
          <li key={`p${delta.group}-${delta.delta}`}>
            <span>
              Bond of{" "}
              <a href={links.delta(delta.group, delta.delta)}>
                delta {delta.delta} of group {delta.group}
              </a>
              : <Nrn of={delta.bond + delta.reward} />
            </span>
            {delta.at > mined ? (
              <span class="quiet">
                comes back <Until at={delta.at} now={Math.min(now, delta.at)} />
              </span>
            ) : (
              <Act
                label={`Pay back delta ${delta.delta}`}
                build={() => onNetwork(site, "refund", [BigInt(delta.group), [BigInt(delta.delta)]])}
                quiet
              >
                Pay back
              </Act>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Deeds({ answer: { deeds } }: { answer: PersonAnswer }) {
  const { links } = useHere();
  if (!deeds) return null;
  return (
    <section>
      <h2>Points</h2>
      <dl class="facts">
        <Fact name="Points">
          {deeds.points} <a href={links.leaders}>all people</a>
        </Fact>
        <Fact name="Rounds won">{deeds.wins}</Fact>
        <Fact name="Longest row of wins">{deeds.streak}</Fact>
        <Fact name="Rounds verified">{deeds.verified}</Fact>
        <Fact name="Deltas that stood">{deeds.stood}</Fact>
        <Fact name="Liars caught">{deeds.caught}</Fact>
      </dl>
      <p class="badges">
        {deeds.badges.map((badge) => (
          <span class="badge" key={badge}>
            {badge}
          </span>
        ))}
      </p>
    </section>
  );
}

function Receipts({ answer }: { answer: PersonAnswer }) {
  const { links } = useHere();
  const link = (receipt: Receipt) => {
    const { about, group } = receipt;
    if (about && "round" in about) return <a href={links.round(group, about.round)}>{aboutOf(receipt)}</a>;
    if (about && "delta" in about) return <a href={links.delta(group, about.delta)}>{aboutOf(receipt)}</a>;
    return aboutOf(receipt);
  };
  return (
    <section>
      <h2>Receipts</h2>
      <Table
        caption="Receipts, the newest first"
        file={`receipts-${answer.belongings.account}`}
        empty="This account has neither paid nor got anything here."
        rows={answer.receipts.map((receipt, at) => ({ receipt, at }))}
        keyOf={({ at }) => answer.receipts.length - at}
        columns={[
          { name: "When", cell: ({ receipt }) => <Time at={receipt.at.time} />, plain: ({ receipt }) => dated(receipt.at.time) },
          { name: "About", cell: ({ receipt }) => link(receipt), plain: ({ receipt }) => aboutOf(receipt) },
          { name: "What happened", cell: ({ receipt }) => wordsOfReceipt(receipt), plain: ({ receipt }) => wordsOfReceipt(receipt) },
          {
            name: "Got",
            right: true,
            cell: ({ receipt }) => (receipt.got > 0n && receipt.what !== "saleRefunded" ? <Nrn of={receipt.got} /> : ""),
            plain: ({ receipt }) => nrn(receipt.got, 18),
          },
          {
            name: "Put down",
            right: true,
            cell: ({ receipt }) => (receipt.gave > 0n && receipt.what !== "bought" ? <Nrn of={receipt.gave} /> : ""),
            plain: ({ receipt }) => nrn(receipt.gave, 18),
          },
          {
            name: "Lost",
            right: true,
            cell: ({ receipt }) => (receipt.lost > 0n ? <Nrn of={receipt.lost} /> : ""),
            plain: ({ receipt }) => nrn(receipt.lost, 18),
          },
          {
            name: "Transaction",
            cell: ({ receipt }) => <Digest of={receipt.at.transaction} label="transaction" />,
            plain: ({ receipt }) => receipt.at.transaction,
          },
        ]}
      />
    </section>
  );
}
