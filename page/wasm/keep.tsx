// A group kept in this browser, and given to another one that is invited.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Invitation, invite, join } from "./log/direct";
import type { Keeper } from "./log/keeper";
import type { Wire } from "./log/line";
import type { Store } from "./log/store";

/** How often logs of connected browsers are brought together. */
const TURN_MS = 5_000;

export interface Kept {
  keeper: Keeper;
  store: Store;
}

interface Props {
  /** Opens what this browser keeps of the group. */
  open: () => Promise<Kept>;
  /** Fetches the group's files that are not kept yet, from wherever they are; tried again with every browser that is met. */
  copy?: (kept: Kept) => Promise<void>;
}

export function Keep({ open, copy }: Props) {
  const [kept, setKept] = useState<Kept | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [held, setHeld] = useState({ messages: 0, bytes: 0 });
  const [lines, setLines] = useState(0);
  const alive = useRef(true);
  const current = useRef<Kept | null>(null);
  useEffect(
    () => () => {
      alive.current = false;
      current.current?.keeper.close();
      current.current?.store.close();
    },
    [],
  );
  const trying = async (work: () => Promise<void>) => {
    setWrong(null);
    try {
      await work();
    } catch (error) {
      if (alive.current) setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  const count = async ({ keeper, store }: Kept) => setHeld({ messages: keeper.peer.log.count(), bytes: await store.blockBytes() });
  const turn = async (one: Kept) => {
    await one.keeper.turn();
    if (!alive.current) return;
    setLines(one.keeper.lines);
    await count(one);
  };
  const fetchFiles = async (one: Kept) => {
    await copy?.(one);
    if (alive.current) await count(one);
  };
  const start = () =>
    trying(async () => {
      const opened = await open();
      current.current = opened;
      setKept(opened);
      await count(opened);
      await fetchFiles(opened);
    });
  useEffect(() => {
    if (kept === null) return undefined;
    const timer = setInterval(() => void turn(kept).catch(() => setLines(kept.keeper.lines)), TURN_MS);
    return () => clearInterval(timer);
  }, [kept]);
  const met = (one: Kept) => async (wire: Wire) => {
    one.keeper.connect(wire);
    await turn(one);
    await fetchFiles(one);
  };
  const clear = (one: Kept) =>
    trying(async () => {
      one.keeper.close();
      await one.store.clear();
      one.store.close();
      current.current = null;
      setKept(null);
      setLines(0);
    });
  return (
    <div class="keep">
      {kept === null ? (
        <>
          <p>This browser can keep the group's messages and files: they are there without a connection, and can be given to another browser.</p>
          <button type="button" onClick={() => void start()}>
            Keep this group here
          </button>
        </>
      ) : (
        <>
          <p role="status">
            {held.messages} messages and {(held.bytes / 1e6).toFixed(1)} MB of files are kept here; {lines} other {lines === 1 ? "browser is" : "browsers are"} connected.
          </p>
          <div class="predict-pair">
            <Invite met={met(kept)} trying={trying} />
            <Answer met={met(kept)} trying={trying} />
          </div>
          <button type="button" class="link" onClick={() => void clear(kept)}>
            Clear all that is kept here
          </button>
        </>
      )}
      {wrong && <p role="alert">{wrong}</p>}
    </div>
  );
}

interface Side {
  met: (wire: Wire) => Promise<void>;
  trying: (work: () => Promise<void>) => Promise<void>;
}

/** This browser asks another one. */
function Invite({ met, trying }: Side) {
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const [answer, setAnswer] = useState("");
  const connect = () =>
    trying(async () => {
      if (invitation !== null) await met(await invitation.answered(answer));
      setInvitation(null);
      setAnswer("");
    });
  if (invitation === null) {
    return (
      <Block title="Give it to another browser">
        <button type="button" onClick={() => void trying(async () => setInvitation(await invite()))}>
          Make an invitation
        </button>
      </Block>
    );
  }
  return (
    <Block title="Give it to another browser">
      <Text label="Send this invitation to the other browser" value={invitation.text} />
      <Text label="Its answer" value={answer} changed={setAnswer} />
      <button type="button" disabled={answer.trim() === ""} onClick={() => void connect()}>
        Connect
      </button>
    </Block>
  );
}

/** Another browser asked this one. */
function Answer({ met, trying }: Side) {
  const [invitation, setInvitation] = useState("");
  const [answer, setAnswer] = useState<string | null>(null);
  const make = () =>
    trying(async () => {
      const { text, wire } = await join(invitation);
      setAnswer(text);
      void wire.then((there) =>
        trying(async () => {
          setAnswer(null);
          setInvitation("");
          await met(there);
        }),
      );
    });
  return (
    <Block title="Get it from another browser">
      <Text label="The invitation that it made" value={invitation} changed={setInvitation} />
      {answer === null ? (
        <button type="button" disabled={invitation.trim() === ""} onClick={() => void make()}>
          Answer it
        </button>
      ) : (
        <Text label="Send this answer back; both connect once it is there" value={answer} />
      )}
    </Block>
  );
}

function Block({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

/** A text that travels from page to page. */
function Text({ label, value, changed }: { label: string; value: string; changed?: (value: string) => void }) {
  return (
    <label class="predict-label">
      {label}
      <textarea class="predict-text mono" rows={3} value={value} readOnly={changed === undefined} onFocus={(event) => changed === undefined && event.currentTarget.select()} onInput={(event) => changed?.(event.currentTarget.value)} />
    </label>
  );
}
