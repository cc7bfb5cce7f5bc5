// SPDX-License-Identifier: Apache-2.0
// One load of HTTP by wrk, and what it cost: the processor time of every process of the
// stack before and after, from /proc.
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import type { Part, Stack } from "../lib/stack.ts";

export interface Measured {
  /** Requests a second, and how many there were. */
  rate: number;
  requests: number;
  p99_ms: number;
  /** Processor seconds for a thousand requests, of each part and of the loader. */
  cpu: Map<string, number>;
  loader: number;
}

interface Process {
  parent: number;
  cpu_s: number;
}

const ticks = 100; // CLK_TCK, the same on every Linux that Debian ships

async function processes(): Promise<Map<number, Process>> {
  const found = new Map<number, Process>();
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields.length < 15) continue;
    // With the children that have ended: PostgreSQL's come and go.
    const used = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    found.set(Number(entry), { parent: Number(fields[1]), cpu_s: used / ticks });
  }
  return found;
}

/** Processor seconds so far of each part that runs, its children included. */
async function cpuOf(stack: Stack): Promise<Map<string, number>> {
  const parts = (await stack.status()).filter((row) => row.pid !== null);
  const all = await processes();
  const used = new Map<string, number>();
  for (const { part, pid } of parts) {
    const family = [pid ?? 0];
    for (const one of family) for (const [child, { parent }] of all) if (parent === one) family.push(child);
    used.set(part, family.reduce((sum, one) => sum + (all.get(one)?.cpu_s ?? 0), 0));
  }
  return used;
}

/** Processor seconds of our own children that have ended: wrk. */
async function cpuOfChildren(): Promise<number> {
  const stat = await readFile("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / ticks;
}

/** The workers of the API and their resident memory in MiB. */
export async function memoryOfWorkers(stack: Stack): Promise<number[]> {
  const parent = await stack.pid("api" satisfies Part);
  const workers = [...(await processes())].filter(([, process]) => process.parent === parent).map(([pid]) => pid);
  const sizes = await Promise.all(
    workers.sort((a, b) => a - b).map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    }),
  );
  return sizes;
}

export interface Load {
  path: string;
  script?: string;
  seconds: number;
  connections?: number;
}

/** Runs wrk against the API; any answer that is not 2xx is an error. */
export async function measure(stack: Stack, load: Load): Promise<Measured> {
  const before = await cpuOf(stack);
  const loaderBefore = await cpuOfChildren();
  const text = await wrk(stack, load);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1];
  if (bad) throw new Error(`${load.path}: ${bad} of ${requests} answers were not 2xx`);
  const after = await cpuOf(stack);
  const cpu = new Map([...after].map(([part, used]) => [part, ((used - (before.get(part) ?? 0)) * 1000) / requests]));
  const [, amount = "0", unit = "ms"] = /99%\s+([\d.]+)(us|ms|s)\b/.exec(text) ?? [];
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0),
    requests,
    p99_ms: Number(amount) * { us: 0.001, ms: 1, s: 1000 }[unit as "us" | "ms" | "s"],
    cpu,
    loader: (((await cpuOfChildren()) - loaderBefore) * 1000) / requests,
  };
}

function wrk(stack: Stack, load: Load): Promise<string> {
  const args = ["-t", "1", "-c", String(load.connections ?? 64), "-d", `${load.seconds}s`, "--latency", "--timeout", "10s"];
  if (load.script !== undefined) args.push("-s", load.script);
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    const child = spawn("wrk", [...args, stack.url("API") + load.path], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", fail);
    child.once("close", (code) => {
      const text = Buffer.concat(chunks).toString();
      if (code === 0) done(text);
      else fail(new Error(`wrk ended with ${code ?? "a signal"}: ${text}`));
    });
  });
}
