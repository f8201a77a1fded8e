// Two browsers without a server: one invites, the other answers, and both texts travel as people like. WebRTC carries the rest, encrypted.

import type { Wire } from "./line";

const LABEL = "neuron";
/** Bytes that may wait in the channel before more is given to it. */
const HIGH = 1024 * 1024;
const LOW = 256 * 1024;
const GATHER_MS = 3_000;

/** Addresses of this machine only: nobody else learns that two browsers meet. */
const SETTINGS: RTCConfiguration = { iceServers: [] };

const encode = (description: RTCSessionDescription | null): string => btoa(JSON.stringify({ type: description?.type, sdp: description?.sdp }));

const decode = (text: string, type: RTCSdpType): RTCSessionDescriptionInit => {
  try {
    const { type: found, sdp } = JSON.parse(atob(text.trim())) as { type: unknown; sdp: unknown };
    if (found === type && typeof sdp === "string") return { type, sdp };
  } catch {
    // Said below.
  }
  throw new Error(type === "offer" ? "that is no invitation: copy the whole text that the other page shows" : "that is no answer to an invitation: copy the whole text that the other page shows");
};

/** All ways on which the other side may try this one. */
const gathered = (connection: RTCPeerConnection): Promise<void> =>
  new Promise((resolve) => {
    const look = () => connection.iceGatheringState === "complete" && resolve();
    connection.addEventListener("icegatheringstatechange", look);
    setTimeout(resolve, GATHER_MS);
    look();
  });

const wireOf = (connection: RTCPeerConnection, channel: RTCDataChannel): Wire => {
  channel.binaryType = "arraybuffer";
  channel.bufferedAmountLowThreshold = LOW;
  // What comes before somebody listens is not lost.
  const early: Uint8Array[] = [];
  let listener: Wire["onpiece"] = null;
  const wire: Wire = {
    send: (piece) => channel.readyState === "open" && channel.send(piece),
    drained: () =>
      channel.bufferedAmount < HIGH || channel.readyState !== "open"
        ? Promise.resolve()
        : new Promise((resolve) => channel.addEventListener("bufferedamountlow", () => resolve(), { once: true })),
    get onpiece() {
      return listener;
    },
    set onpiece(heard) {
      listener = heard;
      if (heard !== null) early.splice(0).forEach(heard);
    },
    onclose: null,
    close: () => connection.close(),
  };
  channel.onmessage = ({ data }) => {
    const piece = new Uint8Array(data as ArrayBuffer);
    if (listener === null) early.push(piece);
    else listener(piece);
  };
  channel.onclose = () => wire.onclose?.();
  connection.addEventListener("connectionstatechange", () => ["failed", "closed"].includes(connection.connectionState) && wire.onclose?.());
  return wire;
};

const opened = (channel: RTCDataChannel): Promise<void> =>
  new Promise((resolve, reject) => {
    if (channel.readyState === "open") return resolve();
    channel.addEventListener("open", () => resolve(), { once: true });
    channel.addEventListener("close", () => reject(new Error("the other page did not come: invite it anew")), { once: true });
  });

/** An invitation, and the wire once it was answered. */
export interface Invitation {
  text: string;
  answered(text: string): Promise<Wire>;
}

export const invite = async (): Promise<Invitation> => {
  const connection = new RTCPeerConnection(SETTINGS);
  const channel = connection.createDataChannel(LABEL, { ordered: true });
  await connection.setLocalDescription();
  await gathered(connection);
  const answered = async (text: string) => {
    await connection.setRemoteDescription(decode(text, "answer"));
    await opened(channel);
    return wireOf(connection, channel);
  };
  return { text: encode(connection.localDescription), answered };
};

/** Answers an invitation; the wire is there once the other side has the answer. */
export const join = async (invitation: string): Promise<{ text: string; wire: Promise<Wire> }> => {
  const connection = new RTCPeerConnection(SETTINGS);
  const wire = new Promise<Wire>((resolve) => {
    // Handlers stand before the first piece comes.
    connection.addEventListener("datachannel", ({ channel }) => resolve(wireOf(connection, channel)), { once: true });
  });
  await connection.setRemoteDescription(decode(invitation, "offer"));
  await connection.setLocalDescription();
  await gathered(connection);
  return { text: encode(connection.localDescription), wire };
};
