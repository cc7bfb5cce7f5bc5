// SPDX-License-Identifier: Apache-2.0
// A whole stack whose every line runs through a proxy of its own, so that each can be
// cut, one way or both, without the others; and a second relay that stands by.
import { spawn, type ChildProcess } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { makePerson } from "../lib/account.ts";
import type { Context } from "../lib/context.ts";
import { Http } from "../lib/http.ts";
import { Provider } from "../lib/provider.ts";
import { Proxy } from "../lib/proxy.ts";
import { openRedis } from "../lib/redis.ts";
import { Sql } from "../lib/sql.ts";
import { freePortBase, root, Stack, type Part } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";

const dsn = (login: string, port: number): string =>
  `host=127.0.0.1 port=${port} dbname=careforall user=cfa_${login} application_name=careforall-${login}`;

/** Which servers each process talks to. */
const wanted = {
  relay: ["PG", "NATS"],
  projector: ["PG", "NATS", "REDIS"],
  payments: ["PG", "NATS", "MOCKPAY"],
  api: ["PG", "REDIS"],
} as const satisfies Partial<Record<Part, readonly string[]>>;

export type Client = keyof typeof wanted;

export interface Line {
  client: Client;
  server: string;
  proxy: Proxy;
}

export class LinedStack implements Context {
  readonly stack = new Stack(path.join(root, ".run-lines"));
  readonly sql = new Sql(this.stack);
  readonly http = new Http(this.stack);
  readonly provider = new Provider(this.stack);
  readonly stream = new Stream(this.stack);
  readonly lines: Line[] = [];
  redis!: Context["redis"];
  private second: ChildProcess | undefined;
  private isClosing = false;

  login: Context["login"] = (role) => makePerson(this.stack, this.sql, this.http, role);

  async open(settings: Record<string, string | number>): Promise<void> {
    await this.stack.reset();
    await rm(path.join(this.stack.dir, "careforall.env"), { force: true });
    const base = Number(process.env.CHAOS_PORT_BASE ?? 0) || (await freePortBase());
    await this.stack.start(["redis"], "--port-base", String(base));
    await this.stack.configure(settings);
    await this.stack.start(["pg", "redis", "nats", "mockpay"]);
    this.redis = openRedis(this.stack);
    for (const client of Object.keys(wanted) as Client[]) await this.startBehind(client);
    await this.startSecond();
  }

  /** The last value of a setting counts, and each process keeps what it was started with. */
  private async startBehind(client: Client): Promise<void> {
    const ports = new Map<string, number>();
    for (const server of wanted[client]) {
      const proxy = await Proxy.to(this.stack.port(server));
      this.lines.push({ client, server, proxy });
      ports.set(server, proxy.port);
    }
    const settings: Record<string, string> = { CAREFORALL_PG_DSN: dsn(client, ports.get("PG") ?? 0) };
    const nats = ports.get("NATS");
    const redis = ports.get("REDIS");
    const provider = ports.get("MOCKPAY");
    if (nats) settings["CAREFORALL_NATS_URL"] = `nats://127.0.0.1:${nats}`;
    if (redis) settings["CAREFORALL_REDIS_URL"] = `redis://127.0.0.1:${redis}/0`;
    if (provider) settings["CAREFORALL_PROVIDER_URL"] = `http://127.0.0.1:${provider}`;
    await this.stack.configure(settings);
    await this.stack.start([client]);
  }

  /** A relay beside the stack's own, on lines without proxies, started again when it ends. */
  private async startSecond(): Promise<void> {
    const text = await readFile(path.join(this.stack.dir, "run/relay.env"), "utf8");
    const env = Object.fromEntries(text.split("\n").filter((line) => line.includes("=")).map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }));
    const start = (): void => {
      this.second = spawn(path.join(root, "relay/build/careforall-relay"), [], {
        env: {
          ...env,
          CAREFORALL_PG_DSN: dsn("relay", this.stack.port("PG")),
          CAREFORALL_NATS_URL: `nats://127.0.0.1:${this.stack.port("NATS")}`,
          CAREFORALL_HTTP_LISTEN: `127.0.0.1:${this.stack.port("PROMETHEUS")}`,
        },
        stdio: "ignore",
      });
      this.second.once("exit", () => {
        if (!this.isClosing) setTimeout(start, 200);
      });
    };
    start();
  }

  killSecond(): void {
    this.second?.kill("SIGKILL");
  }

  line(client: Client, server: string): Proxy {
    const found = this.lines.find((line) => line.client === client && line.server === server);
    if (!found) throw new Error(`no line from ${client} to ${server}`);
    return found.proxy;
  }

  /** All lines as they were; what hung on them is reset. */
  mend(): void {
    for (const { proxy } of this.lines) {
      if (proxy.mode !== "pass") proxy.cut();
      proxy.mode = "pass";
      proxy.delayMs = 0;
    }
  }

  async close(): Promise<void> {
    this.isClosing = true;
    this.mend();
    this.second?.kill("SIGKILL");
    this.redis.disconnect();
    await this.stream.close();
    await this.sql.close();
    await this.stack.stop();
    for (const { proxy } of this.lines) await proxy.close();
  }
}
