// SPDX-License-Identifier: Apache-2.0
// A TCP proxy on loopback that can misbehave like a network or a broker. What it
// holds back is gone, as on a cut line; connections stay open unless cut.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { sleep } from "./until.ts";

/**
 * pass: as if it were not there. hang: nothing goes either way. mute: nothing comes
 * back from the server. deaf: nothing gets to the server. refuse: new connections are
 * reset. silent: a NATS server's messages are swallowed while its pings are answered, so
 * that it looks healthy. lagging: its copy of the stream stands still: consumers are
 * delivered nothing, and their heartbeats say that there is nothing.
 */
export type ProxyMode = "pass" | "hang" | "mute" | "deaf" | "refuse" | "silent" | "lagging";

/** What a NATS server sends, without what the mode takes away. */
class NatsFilter {
  private rest = Buffer.alloc(0);
  /** By subscription: the last number of a consumer's delivery that went through. */
  private readonly delivered = new Map<string, number>();

  constructor(private readonly mode: () => ProxyMode) {}

  take(chunk: Buffer): Buffer {
    const kept: Buffer[] = [];
    this.rest = Buffer.concat([this.rest, chunk]);
    for (;;) {
      const end = this.rest.indexOf("\r\n") + 2;
      if (end < 2) return Buffer.concat(kept);
      const words = this.rest.subarray(0, end).toString("latin1").trim().split(" ");
      const isMessage = ["MSG", "HMSG"].includes(words[0] ?? "");
      const length = isMessage ? end + Number(words.at(-1)) + 2 : end;
      if (this.rest.length < length) return Buffer.concat(kept);
      const whole = this.rest.subarray(0, length);
      this.rest = this.rest.subarray(length);
      const told = isMessage ? this.message(words, whole) : whole;
      if (told) kept.push(told);
    }
  }

  /** MSG subject subscription [reply] size, HMSG with the size of the headers before it. */
  private message(words: string[], whole: Buffer): Buffer | null {
    if (this.mode() === "silent") return null;
    const subscription = words[2] ?? "";
    const reply = words.length === (words[0] === "MSG" ? 5 : 6) ? (words[3] ?? "") : "";
    if (reply.startsWith("$JS.ACK.")) {
      if (this.mode() === "lagging") return null;
      this.delivered.set(subscription, Number(reply.split(".")[6]));
      return whole;
    }
    if (this.mode() !== "lagging") return whole;
    const last = String(this.delivered.get(subscription) ?? 0);
    return Buffer.from(
      whole.toString("latin1").replace(/(?<=Nats-Last-Consumer: )\d+/, (number) => last.padStart(number.length, "0")), "latin1");
  }
}

export class Proxy {
  mode: ProxyMode = "pass";
  /** Each chunk comes that much later, either way. */
  delayMs = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(target: number, readsNats: boolean) {
    this.server = createServer((client) => {
      if (this.mode === "refuse") {
        client.resetAndDestroy();
        return;
      }
      const server = connect(target, "127.0.0.1");
      const filter = new NatsFilter(() => this.mode);
      this.join(client, server, (chunk) => (["hang", "deaf"].includes(this.mode) ? null : chunk));
      this.join(server, client, (chunk) => {
        const told = readsNats ? filter.take(chunk) : chunk;
        return ["pass", "deaf", "silent", "lagging"].includes(this.mode) ? told : null;
      });
    });
  }

  /** silent and lagging need to know that the server speaks NATS. */
  static async to(target: number, readsNats = false): Promise<Proxy> {
    const proxy = new Proxy(target, readsNats);
    await new Promise<void>((done) => proxy.server.listen(0, "127.0.0.1", done));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private join(from: Socket, to: Socket, filter: (chunk: Buffer) => Buffer | null): void {
    let queue: Promise<void> = Promise.resolve();
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (chunk: Buffer) => {
      const kept = filter(chunk);
      if (!kept || kept.length === 0) return;
      const due = performance.now() + this.delayMs;
      queue = queue.then(async () => {
        if (due > performance.now()) await sleep(due - performance.now());
        if (!to.destroyed) to.write(kept);
      });
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      this.sockets.delete(from);
      // The other side of a hanging line does not notice.
      if (this.mode === "pass") void queue.then(() => to.destroy());
    });
  }

  /** Ends all connections, as a reset does. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
    this.sockets.clear();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((done) => this.server.close(() => { done(); }));
  }
}
