// SPDX-License-Identifier: Apache-2.0
// Goal: the checker of the invariants can fail. Method: each kind of damage is done to
// the running stack, must be noticed, and is mended again.
import { expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import {
  assertInvariants,
  disorder,
  drained,
  moneyIsConserved,
  onePaymentEach,
  readModelEqualsDatabase,
  streamEqualsOutbox,
} from "../lib/invariants.ts";
import { pledgeIs } from "../lib/pledge.ts";

const context = useStack();

test("verify() sees a pledge changed past the triggers", async () => {
  const campaign = await makeCampaign(context.sql, { cap: 5000 });
  const created = await context.http.pledge(campaign, pledgeBody(1000));
  await pledgeIs(context.sql, created.body.id, "confirmed");
  const damages = [
    "UPDATE careforall.pledges SET amount_minor = 9000, held_minor = 9000 WHERE id = $1",
    "UPDATE careforall.pledges SET state = 'refunded' WHERE id = $1",
    "UPDATE careforall.pledges SET held_minor = 0 WHERE id = $1",
    "DELETE FROM careforall.pledge_history WHERE pledge_id = $1 AND version = 2",
    "DELETE FROM careforall.outbox WHERE aggregate_id = $1 AND aggregate_version = (SELECT version FROM careforall.pledges WHERE id = $1)",
  ];
  for (const damage of damages) {
    const client = await context.sql.client();
    try {
      await client.query("BEGIN");
      await client.query("SET LOCAL session_replication_role = replica");
      await client.query(damage, [created.body.id]);
      const { rows } = await client.query<{ n: number }>(
        "SELECT sum(violations)::int AS n FROM careforall.verify()",
      );
      expect(rows[0]?.n, damage).toBeGreaterThan(0);
      await client.query("ROLLBACK");
    } finally {
      await client.end();
    }
  }
});

test("a wrong figure in the read model is noticed", async () => {
  const campaign = await makeCampaign(context.sql);
  await drained(context);
  const key = `cfa:campaign:${campaign}`;
  const doc = (await context.redis.hget(key, "doc")) ?? "";
  await context.redis.hset(key, "doc", doc.replace('"confirmed_count":0', '"confirmed_count":1'));
  await expect(readModelEqualsDatabase(context)).rejects.toThrow();
  await context.redis.hset(key, "doc", doc);
  await readModelEqualsDatabase(context);
});

test("money of no pledge at the provider is noticed", async () => {
  const call = async (path: string, form: Record<string, string>): Promise<{ id: string }> => {
    const answer = await fetch(`${context.stack.url("MOCKPAY")}${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${context.stack.get("STACK_PROVIDER_KEY")}` },
      body: new URLSearchParams(form),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { id: string };
  };
  const intent = await call("/v1/payment_intents", { amount: "1000", currency: "eur", confirm: "true" });
  const settled = async (kind: "payment_intents" | "refunds", id: string): Promise<void> => {
    await expect
      .poll(async () => (await context.provider.ledger())[kind].find((one) => one.id === id)?.status, { timeout: 10_000 })
      .toBe("succeeded");
  };
  await settled("payment_intents", intent.id);
  await expect(moneyIsConserved(context)).rejects.toThrow();
  const refund = await call("/v1/refunds", { payment_intent: intent.id });
  await settled("refunds", refund.id);
  await moneyIsConserved(context);
});

test("a second payment of a pledge is noticed, money or not", async () => {
  const ledger = await context.provider.ledger();
  const first = ledger.payment_intents.find((intent) => intent.metadata.pledge_id !== undefined);
  const provider = Object.create(context.provider) as typeof context.provider;
  provider.ledger = () =>
    Promise.resolve({ ...ledger, payment_intents: [...ledger.payment_intents, { ...first, id: "pi_again", status: "canceled" } as typeof ledger.payment_intents[number]] });
  await onePaymentEach(context);
  await expect(onePaymentEach({ provider })).rejects.toThrow("more than one payment");
});

test("an event missing from the outbox looks foreign on the stream", async () => {
  const lost = { ...context, sql: Object.create(context.sql) as typeof context.sql };
  lost.sql.rows = async <T extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]> =>
    (await context.sql.rows<T>(text, values)).slice(1);
  await expect(streamEqualsOutbox(lost)).rejects.toThrow();
});

test("a hole and a swap in the versions of an aggregate are noticed", () => {
  const event = (aggregate: string, version: number, sequence: number) => ({
    aggregate,
    version,
    sequence,
    subject: "",
    id: `${aggregate}${version}`,
    type: "",
    headers: new Map<string, string>(),
    data: "",
  });
  expect(disorder([event("a", 1, 1), event("b", 1, 2), event("a", 2, 3)])).toEqual([]);
  expect(disorder([event("a", 1, 1), event("a", 3, 2)])).toEqual(["a"]);
  expect(disorder([event("a", 2, 1), event("a", 1, 2)])).toEqual(["a"]);
});

test("afterwards everything agrees", async () => {
  await assertInvariants(context);
});
