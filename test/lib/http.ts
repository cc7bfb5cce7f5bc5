// SPDX-License-Identifier: Apache-2.0
// HTTP as a client sees it: JSON calls, and raw bytes for what fetch would refuse.
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { recordAnswer } from "./openapi.ts";
import { rememberSecrets } from "./secrets.ts";
import type { Stack } from "./stack.ts";

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  text: string;
  body: T;
}

export interface Problem extends Record<string, unknown> {
  type: string;
  title: string;
  status: number;
  code: string;
}

export class Http {
  constructor(
    private readonly stack: Stack,
    private readonly entry: "API" | "GATEWAY" | "API_ADMIN" = "API",
    private readonly headers: Record<string, string> = {},
  ) {}

  /** The same with an access token in each request. */
  as(accessToken: string): Http {
    return new Http(this.stack, this.entry, { ...this.headers, Authorization: `Bearer ${accessToken}` });
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    options: {
      json?: unknown;
      body?: string | Buffer;
      headers?: Record<string, string>;
      timeoutMs?: number;
    } = {},
  ): Promise<Answer<T>> {
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const init: RequestInit = {
      method,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...this.headers,
        ...options.headers,
      },
      redirect: "manual",
      signal: AbortSignal.timeout(options.timeoutMs ?? 30_000),
    };
    if (body !== undefined) {
      init.body = typeof body === "string" ? body : new Uint8Array(body);
    }
    const response = await fetch(this.stack.url(this.entry) + path, init);
    const text = await response.text();
    let parsed: unknown = null;
    if (text !== "" && /json/.test(response.headers.get("content-type") ?? "")) {
      parsed = JSON.parse(text);
    }
    rememberSecrets(this.stack.dir, typeof body === "string" ? body : undefined, new Headers(init.headers), response.headers, text);
    if (this.entry === "API") {
      recordAnswer(this.stack.dir, { method, path, status: response.status, headers: response.headers, text });
    }
    return { status: response.status, headers: response.headers, text, body: parsed as T };
  }

  get<T = Record<string, unknown>>(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    return this.call<T>("GET", path, { headers });
  }

  /** POST of a pledge; a fresh Idempotency-Key unless one is given. */
  pledge<T = CreatedPledge>(
    campaign: string,
    body: Record<string, unknown> = pledgeBody(),
    key: string = randomUUID(),
  ): Promise<Answer<T>> {
    return this.call<T>("POST", `/api/v1/campaigns/${campaign}/pledges`, {
      json: body,
      headers: { "Idempotency-Key": key },
    });
  }
}

export interface CreatedPledge {
  id: string;
  state: string;
  token: string;
  version: number;
  amount: { amount: number; currency: string };
}

export function pledgeBody(amount = 1000, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    amount: { amount, currency: "EUR" },
    donor: { name: "Ada Tester", email: "ada@example.org" },
    ...more,
  };
}

/** Sends raw bytes and gives all that comes back until the peer closes or is silent. */
export function rawExchange(
  port: number,
  bytes: string | Buffer,
  options: { silenceMs?: number; abortAfterSend?: boolean } = {},
): Promise<string> {
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(bytes, () => {
        if (options.abortAfterSend) socket.resetAndDestroy();
      });
    });
    const end = (): void => {
      socket.destroy();
      done(Buffer.concat(chunks).toString("latin1"));
    };
    socket.setTimeout(options.silenceMs ?? 3_000, end);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", end);
    socket.on("error", (error) => {
      if (chunks.length > 0 || options.abortAfterSend) end();
      else fail(error);
    });
  });
}
