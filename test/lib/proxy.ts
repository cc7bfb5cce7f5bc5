// SPDX-License-Identifier: Apache-2.0
// A TCP proxy on loopback that can misbehave like a network or a broker. What it
// holds back is gone, as on a cut line; connections stay open unless cut.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { sleep } from "./until.ts";

/**
 * pass: as if it were not there. hang: nothing goes either way. mute: nothing comes
 * back from the server. deaf: nothing gets to the server. refuse: new connections are reset. silent: a NATS server's messages are swallowed while its pings
 * are answered, so that it looks healthy. withheld: only what a stream delivers is swallowed, which has headers, as answers have none.
 */
export type ProxyMode = "pass" | "hang" | "mute" | "deaf" | "refuse" | "silent" | "withheld";

/** Removes messages of some kinds, with their payloads, from what a NATS server sends. */
class MessageFilter {
  private rest = Buffer.alloc(0);
  private skip = 0;

  constructor(private readonly kinds: () => readonly string[]) {}

  take(chunk: Buffer): Buffer {
    const kept: Buffer[] = [];
    this.rest = Buffer.concat([this.rest, chunk]);
    for (;;) {
      const dropped = Math.min(this.skip, this.rest.length);
      this.rest = this.rest.subarray(dropped);
      this.skip -= dropped;
      const end = this.rest.indexOf("\r\n");
      if (this.skip > 0 || end < 0) return Buffer.concat(kept);
      const line = this.rest.subarray(0, end + 2);
      const words = line.toString("latin1").trim().split(" ");
      if (this.kinds().includes(words[0] ?? "")) this.skip = Number(words.at(-1)) + 2;
      else kept.push(line);
      this.rest = this.rest.subarray(end + 2);
    }
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
      const filter = new MessageFilter(() => (this.mode === "withheld" ? ["HMSG"] : ["MSG", "HMSG"]));
      this.join(client, server, (chunk) => (["hang", "deaf"].includes(this.mode) ? null : chunk));
      this.join(server, client, (chunk) => {
        const told = readsNats ? filter.take(chunk) : chunk;
        if (["silent", "withheld"].includes(this.mode)) return told;
        return ["pass", "deaf"].includes(this.mode) ? chunk : null;
      });
    });
  }

  /** silent and withheld need to know that the server speaks NATS. */
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
