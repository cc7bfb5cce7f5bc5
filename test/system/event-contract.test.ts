// SPDX-License-Identifier: Apache-2.0
// Goal: asyncapi.yaml tells the truth: the same events as the code, and every message
// of this run fits it. Method: set equality; the whole stream, after all other files.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { EventContract } from "../lib/asyncapi.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { root } from "../lib/stack.ts";
import { until } from "../lib/until.ts";

const context = useStack();
const contract = new EventContract();

test("the document has the events of the code, no more and no less", () => {
  const files = ["extension/src/lifecycle_core.c", "extension/src/campaign_trigger.c", "sql/migrations/0007_waiting_lists.sql"];
  const source = files.map((name) => readFileSync(path.join(root, name), "utf8")).join("");
  const coded = new Set([...source.matchAll(/["']((?:pledge|campaign|waiting)\.[a-z_]+)["']/g)].map(([, name]) => name));
  expect([...coded].sort()).toEqual(contract.names);
});

test("every message of this run fits it, and one that does not is noticed", async () => {
  // So that there is something to read also when this file runs alone.
  const { body } = await context.http.pledge(await makeCampaign(context.sql));
  await pledgeIs(context.sql, body.id, "confirmed");
  await until("the confirmation to be on the stream", async () =>
    (await context.stream.read()).some(({ aggregate, type }) => aggregate === body.id && type === "careforall.pledge.confirmed.v1"),
  );
  const events = await context.stream.read();
  const faults = events.flatMap((event) => contract.judge(event).map((fault) => `${event.sequence} ${event.type}: ${fault}`));
  expect(faults.slice(0, 20)).toEqual([]);

  const [event] = events.filter(({ aggregate }) => aggregate === body.id);
  if (event === undefined) throw new Error("the pledge has no event");
  const data = JSON.parse(event.data) as Record<string, unknown>;
  expect(contract.judge({ ...event, data: JSON.stringify({ ...data, email: "ada@example.org" }) })).not.toEqual([]);
  expect(contract.judge({ ...event, data: JSON.stringify({ ...data, state: "lost" }) })).not.toEqual([]);
  expect(contract.judge({ ...event, data: JSON.stringify({ ...data, amount_minor: "1" }) })).not.toEqual([]);
  expect(contract.judge({ ...event, headers: new Map([...event.headers, ["x-more", "1"]]) })).not.toEqual([]);
  expect(contract.judge({ ...event, headers: new Map([...event.headers].filter(([key]) => key !== "ce-id")) })).not.toEqual([]);
  expect(contract.judge({ ...event, subject: "careforall.pledge.created.64" })).not.toEqual([]);
});
