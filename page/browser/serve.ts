// The built page from a plain server of files, as any static host gives it.

import { createServer, type Server } from "node:http";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  json: "application/json",
};

export interface Served {
  url: string;
  close: () => void;
}

/** Serves a folder, and in place of `networks.json` what is given. */
export async function serve(folder: string, networks: unknown): Promise<Served> {
  const server: Server = createServer((asked, answer) => {
    const name = (asked.url ?? "/").split(/[?#]/)[0]?.replace(/^\/+/, "") || "index.html";
    try {
      const bytes = name === "networks.json" ? Buffer.from(JSON.stringify(networks)) : readFileSync(`${folder}/${name.replaceAll("..", "")}`);
      answer.writeHead(200, { "content-type": TYPES[name.split(".").pop() ?? ""] ?? "application/octet-stream" }).end(bytes);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => void server.close() };
}
