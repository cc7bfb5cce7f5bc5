// SPDX-License-Identifier: Apache-2.0
// A client below HTTP: it sends bytes as they are, at its own pace, and keeps what
// comes back.
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Cuts what came over a socket into the whole answers in it, and what is left. */
function cut(raw: Buffer, isHead: boolean): { answers: RawAnswer[]; rest: Buffer } {
  const answers: RawAnswer[] = [];
  let rest = raw;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return { answers, rest };
    const [first = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
    const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
    const length = isHead ? 0 : Number(headers.get("content-length") ?? 0);
    if (rest.length < end + 4 + length) return { answers, rest };
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    answers.push({ status, headers, body: rest.subarray(end + 4, end + 4 + length).toString() });
    rest = rest.subarray(end + 4 + length);
  }
}

export class RawClient {
  readonly socket: Socket;
  private readonly got: Buffer[] = [];
  // Whole answers are cut once: a client of thousands of requests stays fast.
  private readonly whole: RawAnswer[] = [];
  private rest: Buffer = Buffer.alloc(0);
  private seen = 0;
  private changed: (() => void)[] = [];
  isClosed = false;
  /** All requests are HEAD: answers have no body, whatever their length says. */
  isHead = false;
  /** The server has ended its half. */
  isEnded = false;

  constructor(port: number, from?: string) {
    this.socket = connect({
      port,
      host: "127.0.0.1",
      allowHalfOpen: true,
      noDelay: true,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    const wake = () => {
      for (const call of this.changed.splice(0)) call();
    };
    this.socket.on("error", () => undefined);
    this.socket.on("data", (piece: Buffer) => {
      this.got.push(piece);
      wake();
    });
    this.socket.on("end", () => {
      this.isEnded = true;
      wake();
    });
    this.socket.on("close", () => {
      this.isClosed = true;
      wake();
    });
    this.socket.on("connect", wake);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.got);
  }

  /** The answers that are there in whole. */
  get answers(): RawAnswer[] {
    if (this.seen < this.got.length) {
      const { answers, rest } = cut(Buffer.concat([this.rest, ...this.got.slice(this.seen)]), this.isHead);
      this.whole.push(...answers);
      this.rest = rest;
      this.seen = this.got.length;
    }
    return this.whole;
  }

  /** The same; throws if there is more than whole answers. */
  get allAnswers(): RawAnswer[] {
    const answers = this.answers;
    if (this.rest.length > 0) throw new Error(`not an answer: ${JSON.stringify(this.rest.toString("latin1").slice(0, 200))}`);
    return answers;
  }

  async until(holds: () => boolean, limitMs = 20_000): Promise<void> {
    const end = Date.now() + limitMs;
    while (!holds()) {
      const left = end - Date.now();
      if (left <= 0) throw new Error(`not in time; came: ${this.bytes.toString("latin1").slice(0, 300)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.changed.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  connected(): Promise<void> {
    return this.until(() => !this.socket.connecting || this.isClosed);
  }

  send(piece: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(piece);
  }

  /** Until the server has ended its half or the connection is gone. */
  ended(limitMs?: number): Promise<void> {
    return this.until(() => this.isEnded || this.isClosed, limitMs);
  }

  close(): void {
    this.socket.destroy();
  }
}

export interface ExchangeOptions {
  port: number;
  /** Answers to wait for; without it until the server ends the connection. */
  want?: number;
  /** Local address. */
  from?: string;
  /** Between two pieces. */
  gapMs?: number;
  limitMs?: number;
}

/** Sends the pieces, each in a segment of its own, and gives the answers. */
export async function exchange(pieces: (string | Buffer)[], options: ExchangeOptions): Promise<RawAnswer[]> {
  const client = new RawClient(options.port, options.from);
  client.isHead = pieces[0]?.toString().startsWith("HEAD ") ?? false;
  try {
    await client.connected();
    for (const piece of pieces) {
      if (client.isEnded || client.isClosed) break;
      client.send(piece);
      await new Promise((resolve) => setTimeout(resolve, options.gapMs ?? 5));
    }
    await client.until(
      () => client.isEnded || client.isClosed || (options.want !== undefined && client.answers.length >= options.want),
      options.limitMs,
    );
    return client.allAnswers;
  } finally {
    client.close();
  }
}
