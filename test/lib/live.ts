// SPDX-License-Identifier: Apache-2.0
// The live feed as its readers see it: the projector's messages on cfa:live, and a
// WebSocket client that keeps what it was told.
import { WebSocket } from "ws";

/** One line of a message of the projector; see relay/README.md. */
export interface LiveLine {
  kind: string;
  id: string;
  number: number;
  frame: Record<string, unknown>;
}

/** The lines of a message that hold a frame. */
export function liveLines(message: string): LiveLine[] {
  return message.split("\n").flatMap((line) => {
    const match = /^([crp]) (\S+) (\d+) (.*)$/.exec(line);
    if (!match) return [];
    const [, kind = "", id = "", number = "", frame = "{}"] = match;
    return [{ kind, id, number: Number(number), frame: JSON.parse(frame) as Record<string, unknown> }];
  });
}

export interface LiveFrame extends Record<string, unknown> {
  type: string;
  campaign_id?: string;
  pledge_id?: string;
  all?: boolean;
  epoch?: number | null;
  sequence?: number | null;
}

/** A WebSocket on /api/v1/live and every frame that came over it. */
export class LiveSocket {
  readonly frames: LiveFrame[] = [];
  closed: { code: number; reason: string } | null = null;
  private readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as LiveFrame));
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    socket.on("error", () => undefined);
  }

  /** Opens one; a refusal rejects with an error that has the status. */
  static open(httpUrl: string, options: { origin?: string; headers?: Record<string, string> } = {}): Promise<LiveSocket> {
    const socket = new WebSocket(`${httpUrl.replace("http", "ws")}/api/v1/live`, {
      perMessageDeflate: false,
      ...(options.origin === undefined ? {} : { origin: options.origin }),
      headers: options.headers ?? {},
    });
    const live = new LiveSocket(socket);
    return new Promise((done, fail) => {
      socket.once("open", () => {
        done(live);
      });
      socket.once("unexpected-response", (_request, response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as { code?: string };
          fail(Object.assign(new Error(`refused with ${response.statusCode ?? 0}`), { status: response.statusCode, code: body.code, body, headers: response.headers }));
        });
      });
      socket.once("error", fail);
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  subscribe(topic: Record<string, unknown>): void {
    this.send({ subscribe: topic });
  }

  of(type: string): LiveFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  ping(): void {
    this.socket.ping();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.close();
  }

  /** Ends the connection without a word, as a lost network would. */
  cut(): void {
    this.socket.terminate();
  }
}
