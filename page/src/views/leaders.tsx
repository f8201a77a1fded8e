// Who did most, without money in it.

import { Account } from "../parts/bits";
import { useAnswer } from "../parts/context";
import { isAddress } from "../parts/route";
import { useHere } from "../parts/context";
import { Table } from "../parts/table";
import { useState } from "preact/hooks";
import { Search } from "./home";
import { Waiting } from "./waiting";

export function LeadersView() {
  const answer = useAnswer<"leaders">({ kind: "leaders" });
  const { links } = useHere();
  const [search, setSearch] = useState("");
  if (!answer) return <Waiting />;
  const wanted = search.trim().toLowerCase();
  const rows = answer.leaders.map((deeds, at) => ({ ...deeds, place: at + 1 })).filter(({ account }) => account.includes(wanted));
  return (
    <main id="main">
      <div class="heading">
        <h1>People</h1>
        <Search value={search} changed={setSearch} label="Search accounts" />
      </div>
      <p class="lead">
        Ten points for a round won, twenty for a delta that stood, one for a round verified, twenty-five for a liar caught. Points are counted from
        the chain alone, and buy nothing.
      </p>
      {rows.length === 0 && isAddress(wanted) && (
        <p>
          <a href={links.person(wanted)}>Look at {wanted}</a>
        </p>
      )}
      <Table
        caption="People by points"
        file="people"
        empty="Nobody has done anything that counts yet."
        rows={rows}
        keyOf={(row) => row.account}
        columns={[
          { name: "Place", right: true, cell: (row) => row.place, plain: (row) => row.place },
          { name: "Account", cell: (row) => <Account of={row.account} />, plain: (row) => row.account },
          { name: "Points", right: true, cell: (row) => <strong>{row.points}</strong>, plain: (row) => row.points },
          { name: "Won", right: true, cell: (row) => row.wins, plain: (row) => row.wins },
          { name: "In a row", right: true, cell: (row) => row.streak, plain: (row) => row.streak },
          { name: "Verified", right: true, cell: (row) => row.verified, plain: (row) => row.verified },
          { name: "Stood", right: true, cell: (row) => row.stood, plain: (row) => row.stood },
          {
            name: "Badges",
            cell: (row) =>
              row.badges.map((badge) => (
                <span class="badge" key={badge}>
                  {badge}
                </span>
              )),
            plain: (row) => row.badges.join("; "),
          },
        ]}
      />
    </main>
  );
}
