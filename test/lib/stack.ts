// SPDX-License-Identifier: Apache-2.0
// A real stack, run by ops/run/stack.sh in a folder and on ports of its own.
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { appendFile, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { until } from "./until.ts";

const run = promisify(execFile);

export const root = path.resolve(import.meta.dirname, "../..");
const script = path.join(root, "ops/run/stack.sh");

export type Part =
  | "pg"
  | "redis"
  | "nats"
  | "mockpay"
  | "api"
  | "relay"
  | "projector"
  | "payments"
  | "gateway"
  | "prometheus";

/** All parts that the tests need. */
export const allParts: Part[] = [
  "pg",
  "redis",
  "nats",
  "mockpay",
  "api",
  "relay",
  "projector",
  "payments",
  "gateway",
];

/** A process of the stack as `stack.sh status` shows it. */
export interface PartStatus {
  part: Part;
  state: string;
  pid: number | null;
}

export class Stack {
  settings = new Map<string, string>();

  constructor(readonly dir: string) {}

  private async call(...args: string[]): Promise<string> {
    const [command, ...rest] = args as [string, ...string[]];
    try {
      const { stdout } = await run(
        script,
        [command, "--dir", this.dir, ...rest],
        { maxBuffer: 64 * 1024 * 1024 },
      );
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      if (command === "status" && stdout) return stdout;
      throw new Error(
        `stack.sh ${args.join(" ")} failed:\n${stdout ?? ""}${stderr ?? String(error)}`,
        { cause: error },
      );
    }
  }

  /** Starts the parts (all by default) and waits until they are ready. */
  async start(parts: Part[] = allParts, ...more: string[]): Promise<void> {
    await this.call("start", "--only", parts.join(","), ...more);
    await this.load();
  }

  async stop(parts: Part[] = allParts): Promise<void> {
    await this.call("stop", "--only", parts.join(","));
  }

  async reset(): Promise<void> {
    if (existsSync(path.join(this.dir, "careforall.env"))) {
      await this.call("reset");
    }
  }

  async status(): Promise<PartStatus[]> {
    const lines = (await this.call("status")).trim().split("\n");
    return lines.map((line) => {
      const match = /^(\S+)\s+(\S+)\s+pid (\S+)/.exec(line);
      if (!match) throw new Error(`unexpected status line: ${line}`);
      const pid = Number(match[3]);
      return {
        part: match[1] as Part,
        state: match[2] ?? "",
        pid: Number.isInteger(pid) ? pid : null,
      };
    });
  }

  /** The process id of a part; it must be running. */
  async pid(part: Part): Promise<number> {
    const found = (await this.status()).find((row) => row.part === part);
    if (!found?.pid) throw new Error(`${part} is not running`);
    return found.pid;
  }

  /** Kills a part's process, once there is one; its keeper starts it again. */
  async kill(part: Part, signal: NodeJS.Signals = "SIGKILL"): Promise<number> {
    return until(`${part} to be killed`, async () => {
      const pid = await this.pid(part);
      process.kill(pid, signal);
      return pid;
    });
  }

  /** The workers of the API: the children of its process. */
  async workers(): Promise<number[]> {
    const parent = await this.pid("api");
    const children = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8");
    return children.split(/\s+/).filter(Boolean).map(Number).sort((a, b) => a - b);
  }

  /** Kills all workers of the API, which their parent starts anew. */
  async killWorkers(): Promise<void> {
    for (const worker of await this.workers()) signalIfThere(worker, "SIGKILL");
  }

  /** Adds lines to careforall.env; they count from the next start. */
  async configure(lines: Record<string, string | number>): Promise<void> {
    const text = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
    await appendFile(path.join(this.dir, "careforall.env"), text.join(""));
    await this.load();
  }

  async load(): Promise<this> {
    const text = await readFile(path.join(this.dir, "careforall.env"), "utf8");
    for (const line of text.split("\n")) {
      const match = /^([A-Z_0-9]+)=(.*)$/.exec(line);
      if (match?.[1]) this.settings.set(match[1], match[2] ?? "");
    }
    return this;
  }

  get(name: string): string {
    const value = this.settings.get(name);
    if (value === undefined) throw new Error(`careforall.env has no ${name}`);
    return value;
  }

  /** The files of NATS' own certificate, if its lines are encrypted. */
  natsTls(): { caFile: string; certFile: string; keyFile: string } | undefined {
    if (!this.settings.get("STACK_NATS_TLS")) return undefined;
    const file = path.join(this.dir, "nats-tls");
    return { caFile: `${file}.crt`, certFile: `${file}.crt`, keyFile: `${file}.key` };
  }

  port(name: string): number {
    return Number(this.get(`STACK_PORT_${name}`));
  }

  /** Where a part listens; here all are on one machine. */
  host: (name: string) => string = () => "127.0.0.1";

  url(name: "GATEWAY" | "API" | "API_ADMIN" | "MOCKPAY" | "RELAY" | "PROJECTOR" | "PAYMENTS"): string {
    return `http://${this.host(name)}:${this.port(name)}`;
  }

  async log(part: Part): Promise<string> {
    return readFile(path.join(this.dir, "log", `${part}.log`), "utf8");
  }
}

/** Sends a signal to a process, which may have ended by itself. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => {
      done(false);
    });
    server.listen(port, "127.0.0.1", () => {
      server.close(() => {
        done(true);
      });
    });
  });
}

/**
 * Sixteen free ports below the ones that the system hands out. Each process begins
 * its search elsewhere, so that runs side by side do not meet.
 */
export async function freePortBase(): Promise<number> {
  const first = 28_000 + 16 * (process.pid % 250);
  for (const base of [...range(first, 32_000), ...range(28_000, first)]) {
    const ports = Array.from({ length: 16 }, (_, i) => base + i);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error("no sixteen free ports between 28000 and 32000");
}

function range(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / 16 }, (_, i) => from + 16 * i);
}
