// SPDX-License-Identifier: Apache-2.0
// The tables of docs/reference/events.md from relay/asyncapi.yaml, which test/system/event-contract.test.ts
// compares with the code and with every message.
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { oneLine, Schemas, table, type Json, type Schema } from "./reference-markdown.ts";
import { root } from "./stack.ts";

interface Message extends Json {
  summary: string;
  payload: Schema;
  "x-state-after": string;
}

interface Document extends Json {
  components: { messages: Record<string, Message>; schemas: Record<string, Schema> };
}

const document = parse(readFileSync(path.join(root, "relay/asyncapi.yaml"), "utf8")) as Document;
// Objects that a page shows in a table of their own.
const shown = ["Delta", "CampaignDocument"];
const schemas = new Schemas(document, (name) => (shown.includes(name) ? "object" : ""));

const named = (name: string): Schema => {
  const found = document.components.schemas[name];
  if (found === undefined) throw new Error(`asyncapi.yaml has no schema ${name}`);
  return found;
};

export function headers(): string {
  const { properties = {}, required = [] } = named("Headers");
  return table(
    ["header", "value"],
    Object.entries(properties).map(([name, value]) => [`\`${name}\`${required.includes(name) ? "" : " (not always)"}`, oneLine(value.description)]),
  );
}

export function events(aggregate: string): string {
  const found = Object.entries(document.components.messages).filter(([name]) => name.startsWith(`${aggregate}.`));
  const base = named(`${aggregate.charAt(0).toUpperCase()}${aggregate.slice(1)}`);
  const common = Object.keys(base.properties ?? {});
  return table(
    ["event", "meaning", "state after it", "further members"],
    found.map(([name, message]) => {
      const further = schemas.members(message.payload).filter(([member = ""]) => /^`[a-z_]+`/.test(member) && !common.includes(member.split("`")[1] ?? ""));
      return [`\`${name.slice(aggregate.length + 1)}\``, message.summary, message["x-state-after"], further.map(([member]) => member).join(", ")];
    }),
  );
}

export const members = (name: string): string => table(["member", "type", "meaning"], schemas.members(named(name)));

/** Members that some events of pledges have beside those of all. */
export function further(): string {
  const common = Object.keys(named("Pledge").properties ?? {});
  const rows = new Map<string, string[]>();
  for (const name of Object.keys(document.components.schemas).filter((one) => one.startsWith("PledgeWith"))) {
    for (const row of schemas.members(named(name))) {
      const member = row[0]?.split("`")[1] ?? "";
      if (!member.includes(".") && !common.includes(member)) rows.set(row.join("|"), row);
    }
  }
  return table(["member", "type", "meaning"], [...rows.values()]);
}
