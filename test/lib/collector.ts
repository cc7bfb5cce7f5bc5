// SPDX-License-Identifier: Apache-2.0
// A collector of traces: takes OTLP over HTTP and reads it by the official protobuf
// definitions, as @opentelemetry/otlp-transformer carries them. What these do not
// know, or what does not survive being written again, is refused.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";

interface Value {
  stringValue?: string;
  intValue?: string;
  doubleValue?: number;
  boolValue?: boolean;
}

interface Attribute {
  key: string;
  value: Value;
}

interface RawSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId?: Uint8Array;
  traceState?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: Attribute[];
  links?: { traceId: Uint8Array; spanId: Uint8Array; flags?: number }[];
  status?: { code?: number };
  flags?: number;
}

interface Request {
  resourceSpans?: { resource: { attributes?: Attribute[] }; scopeSpans: { scope: { name: string; version: string }; spans: RawSpan[] }[] }[];
}

interface Message<T> {
  decode: (bytes: Uint8Array) => unknown;
  encode: (message: unknown) => { finish: () => Uint8Array };
  toObject: (message: unknown, options: object) => T;
}

interface Root {
  opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: Message<Request> } } } } };
}

const require = createRequire(import.meta.url);
const generated = require("@opentelemetry/otlp-transformer/build/src/generated/root.js") as Root;
const ExportRequest = generated.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

export type Attributes = Record<string, string | number | boolean>;

export const kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

export interface Span {
  service: string;
  resource: Attributes;
  traceId: string;
  spanId: string;
  /** "" for a root. */
  parentId: string;
  traceState: string;
  name: string;
  kind: (typeof kinds)[number];
  startMs: number;
  endMs: number;
  attributes: Attributes;
  links: { traceId: string; spanId: string }[];
  failed: boolean;
  flags: number;
}

/** What the collector answers: a status, with headers; "silent" is no answer at all. */
export type Behaviour = { status: number; headers?: Record<string, string> } | "silent";

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}

function plain(attributes: Attribute[] = []): Attributes {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? (value.intValue !== undefined ? Number(value.intValue) : (value.doubleValue ?? value.boolValue ?? "")),
    ]),
  );
}

/** The spans of a body; throws if it is not exactly what the definitions say. */
export function readSpans(body: Uint8Array): Span[] {
  const message = ExportRequest.decode(body);
  const again = ExportRequest.encode(message).finish();
  if (Buffer.compare(again, body) !== 0) throw new Error("the body holds more than the definitions know");
  const request = ExportRequest.toObject(message, { longs: String });
  return (request.resourceSpans ?? []).flatMap(({ resource, scopeSpans }) => {
    const about = plain(resource.attributes);
    return scopeSpans.flatMap(({ spans }) => spans.map((raw) => readSpan(raw, about)));
  });
}

function readSpan(raw: RawSpan, resource: Attributes): Span {
  const span: Span = {
    service: String(resource["service.name"]),
    resource,
    traceId: hex(raw.traceId),
    spanId: hex(raw.spanId),
    parentId: hex(raw.parentSpanId),
    traceState: raw.traceState ?? "",
    name: raw.name,
    kind: kinds[raw.kind] ?? "unspecified",
    startMs: Number(BigInt(raw.startTimeUnixNano) / 1000n) / 1000,
    endMs: Number(BigInt(raw.endTimeUnixNano) / 1000n) / 1000,
    attributes: plain(raw.attributes),
    links: (raw.links ?? []).map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
    failed: raw.status?.code === 2,
    flags: raw.flags ?? 0,
  };
  if (!/^[0-9a-f]{32}$/.test(span.traceId) || !/^[0-9a-f]{16}$/.test(span.spanId)) throw new Error(`bad ids: ${span.name}`);
  if (span.name === "" || span.kind === "unspecified" || span.endMs < span.startMs) throw new Error(`bad span: ${span.name}`);
  return span;
}

export class Collector {
  readonly spans: Span[] = [];
  /** Bodies that were not what they should be. */
  readonly faults: string[] = [];
  requests = 0;
  behaviour: Behaviour = { status: 200 };
  private server: Server | undefined;
  private readonly stuck = new Set<ServerResponse>();

  async listen(port: number, host = "127.0.0.1"): Promise<void> {
    this.server = createServer((request, response) => void this.take(request, response));
    await new Promise<void>((resolve, reject) => {
      this.server?.once("error", reject).listen(port, host, resolve);
    });
  }

  async close(): Promise<void> {
    this.release();
    this.server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()));
    this.server = undefined;
  }

  /** Ends the requests that were left without an answer. */
  release(): void {
    for (const response of this.stuck) response.destroy();
    this.stuck.clear();
  }

  /** The spans of one trace. */
  trace(id: string): Span[] {
    return this.spans.filter((span) => span.traceId === id);
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.requests++;
    const behaviour = this.behaviour;
    if (behaviour === "silent") {
      this.stuck.add(response);
      return;
    }
    if (behaviour.status === 200) this.read(request, Buffer.concat(chunks));
    response.writeHead(behaviour.status, { "Content-Type": "application/x-protobuf", ...behaviour.headers });
    response.end();
  }

  private read(request: IncomingMessage, body: Buffer): void {
    try {
      if (request.method !== "POST" || request.url !== "/v1/traces") throw new Error(`${request.method} ${request.url}`);
      if (request.headers["content-type"] !== "application/x-protobuf") throw new Error("content type");
      this.spans.push(...readSpans(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body));
    } catch (error) {
      this.faults.push(String(error));
    }
  }
}
