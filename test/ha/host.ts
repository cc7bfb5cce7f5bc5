// SPDX-License-Identifier: Apache-2.0
// One host: a network namespace with a cable to the switch, and processes that an
// init starts again when they end. It can lose its power and its cable.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { openSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { root } from "../lib/stack.ts";
import { sleep } from "../lib/until.ts";

const run = promisify(execFile);

export interface Service {
  command: string[];
  env?: Record<string, string>;
}

export class Host {
  private readonly services = new Map<string, Service>();
  private readonly running = new Map<string, ChildProcess>();
  private hasPower = true;

  private constructor(readonly name: string, private readonly number: number) {}

  get address(): string {
    return `10.77.0.${this.number}`;
  }

  static async make(name: string, number: number): Promise<Host> {
    await run("ip", ["netns", "add", name]);
    await run(path.join(root, "test/ha/wire.sh"), [name, String(number)]);
    return new Host(name, number);
  }

  /** A service that runs from now on, whenever the host has power. */
  start(name: string, service: Service): void {
    this.services.set(name, service);
    this.spawn(name);
  }

  private spawn(name: string): void {
    const service = this.services.get(name);
    if (!service || !this.hasPower) return;
    const log = openSync(path.join(root, `.run-ha/log/${this.name}-${name}.log`), "a");
    const child = spawn(
      "nsenter",
      [`--net=/run/netns/${this.name}`, "--", "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
        "--inh-caps=-all", "--", ...service.command],
      {
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", TZ: "UTC", HOME: "/nonexistent", ...service.env },
        cwd: "/mnt",
        stdio: ["ignore", log, log],
      },
    );
    this.running.set(name, child);
    child.once("exit", () => {
      if (this.running.get(name) === child) this.running.delete(name);
      setTimeout(() => { if (!this.running.has(name)) this.spawn(name); }, 300);
    });
  }

  /** kill -9 of one service; it is started again. */
  kill(name: string): void {
    this.running.get(name)?.kill("SIGKILL");
  }

  /** Every process dies at once, and nothing starts again. */
  async powerOff(): Promise<void> {
    this.hasPower = false;
    for (;;) {
      const { stdout } = await run("ip", ["netns", "pids", this.name]);
      const pids = stdout.split("\n").filter((line) => line !== "");
      if (pids.length === 0) return;
      for (const pid of pids) {
        try {
          process.kill(Number(pid), "SIGKILL");
        } catch {
          // It was gone already.
        }
      }
      await sleep(20);
    }
  }

  powerOn(): void {
    this.hasPower = true;
    for (const name of this.services.keys()) if (!this.running.has(name)) this.spawn(name);
  }

  async pullCable(): Promise<void> {
    await run("ip", ["-n", "switch", "link", "set", this.name, "down"]);
  }

  async plugCable(): Promise<void> {
    await run("ip", ["-n", "switch", "link", "set", this.name, "up"]);
  }
}
