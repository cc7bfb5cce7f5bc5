// SPDX-License-Identifier: Apache-2.0
// A careforall-mockpay of its own, and a receiver for its webhooks: for tests that
// need neither a database nor the API.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import Stripe from "stripe";
import { root } from "./stack.ts";
import { until } from "./until.ts";

// CAREFORALL_TEST_MOCKPAY: another build, for example an instrumented one.
const binary = process.env.CAREFORALL_TEST_MOCKPAY ?? path.join(root, "kore-app/build/careforall-mockpay");

/** One delivery as it came in: raw, as a signature needs it. */
export interface Delivery {
  body: string;
  headers: IncomingHttpHeaders;
  event: Stripe.Event;
  answered: number;
}

/** Answers webhooks with what `answer` says, and keeps them. */
export class Receiver {
  deliveries: Delivery[] = [];
  answer: (event: Stripe.Event, nth: number) => number = () => 200;
  private server: Server | undefined;
  private port = 0;

  /** Listens; after a stop, on the same port again. */
  async start(): Promise<this> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        const event = JSON.parse(body) as Stripe.Event;
        const nth = this.of(event.id).length;
        const answered = this.answer(event, nth);
        this.deliveries.push({ body, headers: request.headers, event, answered });
        response.writeHead(answered, { "Content-Type": "application/json" });
        response.end("{}");
      });
    });
    this.server = server;
    await new Promise<void>((done, fail) => {
      server.once("error", fail);
      server.listen(this.port, "127.0.0.1", done);
    });
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/webhooks`;
  }

  /** Deliveries of one event. */
  of(eventId: string): Delivery[] {
    return this.deliveries.filter((one) => one.event.id === eventId);
  }

  /** Deliveries about one object, in the order they came. */
  about(objectId: string): Delivery[] {
    return this.deliveries.filter((one) => (one.event.data.object as { id?: string }).id === objectId);
  }

  types(objectId: string): string[] {
    return this.about(objectId).map((one) => one.event.type);
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket();
  await new Promise<void>((done) => socket.listen(0, "127.0.0.1", done));
  const { port } = socket.address() as AddressInfo;
  await new Promise((done) => socket.close(done));
  return port;
}

export class Mockpay {
  readonly key = `sk_test_${randomBytes(8).toString("hex")}`;
  readonly secret = `whsec_${randomBytes(16).toString("hex")}`;
  private process: ChildProcess | undefined;
  private log = "";
  private constructor(
    private readonly dir: string,
    readonly port: number,
    private readonly webhookUrl: string,
    private readonly settings: Record<string, string>,
  ) {}

  /** Starts one with settings named without CAREFORALL_MOCKPAY_. */
  static async start(webhookUrl: string, settings: Record<string, string> = {}): Promise<Mockpay> {
    const dir = await mkdtemp(path.join(tmpdir(), "cfa-mockpay-"));
    const mock = new Mockpay(dir, await freePort(), webhookUrl, settings);
    await mock.run();
    return mock;
  }

  /** Starts the process and waits until it is ready. */
  async run(): Promise<void> {
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      CAREFORALL_MOCKPAY_LISTEN: `127.0.0.1:${this.port}`,
      CAREFORALL_MOCKPAY_KEY: this.key,
      CAREFORALL_MOCKPAY_WEBHOOK_SECRET: this.secret,
      CAREFORALL_MOCKPAY_WEBHOOK_URL: this.webhookUrl,
      CAREFORALL_MOCKPAY_STATE: this.journal,
      CAREFORALL_MOCKPAY_LATENCY_DISTRIBUTION: "fixed",
      CAREFORALL_MOCKPAY_LATENCY_MS: "20",
      CAREFORALL_MOCKPAY_WEBHOOK_RETRY_MS: "50",
    };
    for (const [name, value] of Object.entries(this.settings)) env[`CAREFORALL_MOCKPAY_${name}`] = value;
    const child = spawn(binary, [], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (this.log += data.toString()));
    await until("mockpay to be ready", async () => {
      if (child.exitCode !== null) throw new Error(`mockpay exited with ${child.exitCode}: ${this.log}`);
      return (await fetch(`${this.url}/readyz`)).ok;
    });
  }

  /** Kills the parent and its worker, or asks them to end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    process.kill(signal === "SIGKILL" ? -child.pid : child.pid, signal);
    await gone;
    await until("the port to be free", async () => {
      try {
        await fetch(`${this.url}/healthz`);
        return false;
      } catch {
        return true;
      }
    });
  }

  async crash(): Promise<void> {
    await this.end("SIGKILL");
    await this.run();
  }

  async remove(): Promise<void> {
    await this.end("SIGTERM");
    await rm(this.dir, { recursive: true, force: true });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get journal(): string {
    return path.join(this.dir, "journal");
  }

  journalText(): Promise<string> {
    return readFile(this.journal, "utf8");
  }

  /** The real client of the real service, pointed at the mock. */
  client(options: { maxNetworkRetries?: number; timeout?: number } = {}): Stripe {
    return new Stripe(this.key, {
      host: "127.0.0.1",
      port: this.port,
      protocol: "http",
      maxNetworkRetries: options.maxNetworkRetries ?? 0,
      timeout: options.timeout ?? 10_000,
      telemetry: false,
    });
  }

  /** A call of the mock's own interface. */
  async admin<T>(method: string, where: string, json?: unknown): Promise<T> {
    const init: RequestInit = {
      method,
      headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
    };
    if (json !== undefined) init.body = JSON.stringify(json);
    const response = await fetch(this.url + where, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  async configure(settings: Record<string, unknown>): Promise<void> {
    await this.admin("PUT", "/mock/config", settings);
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split("\n").find((one) => one.startsWith(`${name} `));
    if (line === undefined) throw new Error(`no metric ${name}`);
    return Number(line.slice(name.length + 1));
  }
}
