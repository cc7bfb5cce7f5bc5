// SPDX-License-Identifier: Apache-2.0
// Further API processes beside the stack's own, on the same database and Redis, with
// settings of their own; and requests from a chosen address.
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import path from "node:path";
import { root, type Stack } from "./stack.ts";
import { until } from "./until.ts";

export const program = path.join(root, "kore-app/build/careforall-api");

export interface Api {
  url: string;
  admin: string;
  output: () => string;
  stop: () => Promise<void>;
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") done(address.port);
        else fail(new Error("no port"));
      });
    });
  });
}

/** The environment that the stack gives to its API. */
export async function apiEnvironment(stack: Stack): Promise<Record<string, string>> {
  const text = await readFile(path.join(stack.dir, "run/api.env"), "utf8");
  return Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

/** Starts an API process; settings are without CAREFORALL_. */
export async function startApi(stack: Stack, settings: Record<string, string> = {}): Promise<Api> {
  const listen = `127.0.0.1:${await freePort()}`;
  const admin = `127.0.0.1:${await freePort()}`;
  const own = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`CAREFORALL_${name}`, value]));
  const child: ChildProcess = spawn(program, [], {
    env: {
      PATH: process.env.PATH ?? "",
      ...(await apiEnvironment(stack)),
      CAREFORALL_API_LISTEN: listen,
      CAREFORALL_API_ADMIN_LISTEN: admin,
      ...own,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<void>((done) => child.once("exit", () => { done(); }));
  await until(
    "the API process to answer",
    async () => {
      if (child.exitCode !== null) return "ended";
      return (await fetch(`http://${admin}/readyz`)).ok;
    },
  );
  if (child.exitCode !== null) throw new Error(`careforall-api ended: ${output}`);
  return {
    url: `http://${listen}`,
    admin: `http://${admin}`,
    output: () => output,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

export interface Sent {
  status: number;
  headers: Headers;
  text: string;
  body: Record<string, unknown>;
}

/** A request from an address of this machine, with headers that fetch would refuse. */
export function send(
  url: string,
  options: { method?: string; headers?: Record<string, string | string[]>; body?: string; from?: string } = {},
): Promise<Sent> {
  return new Promise((done, fail) => {
    const call = request(
      url,
      {
        method: options.method ?? "GET",
        headers: options.headers ?? {},
        agent: false,
        ...(options.from === undefined ? {} : { localAddress: options.from }),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const headers = new Headers();
          for (let i = 0; i < answer.rawHeaders.length; i += 2) {
            headers.append(answer.rawHeaders[i] ?? "", answer.rawHeaders[i + 1] ?? "");
          }
          const text = Buffer.concat(chunks).toString();
          const isJson = /json/.test(headers.get("content-type") ?? "") && text !== "";
          done({
            status: answer.statusCode ?? 0,
            headers,
            text,
            body: (isJson ? JSON.parse(text) : {}) as Record<string, unknown>,
          });
        });
        answer.on("error", fail);
      },
    );
    call.on("error", fail);
    call.end(options.body);
  });
}
