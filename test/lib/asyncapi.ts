// SPDX-License-Identifier: Apache-2.0
// The contract of the stream: relay/asyncapi.yaml as a judge of real messages.
import { readFileSync } from "node:fs";
import path from "node:path";
import addFormats from "ajv-formats";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { escapePointer } from "./openapi.ts";
import { root } from "./stack.ts";
import type { StreamEvent } from "./stream.ts";

interface Document {
  channels: { events: { messages: Record<string, unknown> } };
  components: {
    messages: Record<string, { payload: { $ref: string } }>;
    schemas: { Headers: { properties: Record<string, unknown> } };
  };
}

export class EventContract {
  readonly document: Document;
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(file = path.join(root, "relay/asyncapi.yaml")) {
    this.document = parse(readFileSync(file, "utf8")) as Document;
    addFormats.default(this.ajv);
    this.ajv.addSchema(this.document, "asyncapi");
  }

  /** The events there are, as `pledge.created`. */
  get names(): string[] {
    return Object.keys(this.document.channels.events.messages).sort();
  }

  /** Everything about a message that the document does not say. */
  judge(event: StreamEvent): string[] {
    const name = /^careforall\.(.+)\.v1$/.exec(event.type)?.[1] ?? "";
    const message = this.document.components.messages[name];
    if (message === undefined) return [`type ${event.type} is not documented`];
    const known = Object.keys(this.document.components.schemas.Headers.properties);
    const unknown = [...event.headers.keys()].filter((key) => !known.some((one) => one.toLowerCase() === key));
    const headers = Object.fromEntries(
      known.flatMap((one) => (event.headers.has(one.toLowerCase()) ? [[one, event.headers.get(one.toLowerCase())]] : [])),
    );
    const campaign = String(event.headers.get("ce-campaignid"));
    const bucket = Number.parseInt(campaign.slice(-2), 16) & 63;
    return [
      ...(event.subject === `careforall.${name}.${bucket}` ? [] : [`subject ${event.subject}`]),
      ...unknown.map((key) => `header ${key} is not documented`),
      ...this.validate("#/components/schemas/Headers", headers),
      ...this.validate(message.payload.$ref, JSON.parse(event.data)),
    ];
  }

  /** No member may be there that the document does not name. */
  private validate(reference: string, value: unknown): string[] {
    let check = this.compiled.get(reference);
    if (check === undefined) {
      const $ref = `asyncapi#${reference.slice(1).split("/").map(escapePointer).join("/")}`;
      check = this.ajv.compile({ $ref, unevaluatedProperties: false });
      this.compiled.set(reference, check);
    }
    if (check(value)) return [];
    return (check.errors ?? []).map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  }
}
