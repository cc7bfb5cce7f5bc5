// SPDX-License-Identifier: Apache-2.0
// Goal: the stream has each committed event once and in order, and nothing else.
// Method: transactions that commit late, roll back, or lose a savepoint.
import { CloudEvent } from "cloudevents";
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, pledgeCreate, pledgeValues, sqlPledge, type PledgeRow } from "../lib/fixtures.ts";
import { assertInvariants, published } from "../lib/invariants.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { confirmedInOrder, pledgeIs } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";

const context = useStack();

const onStream = async (pledge: string): Promise<string[]> =>
  (await context.stream.read()).filter((event) => event.aggregate === pledge).map((event) => event.type);

describe("from the outbox to the stream", () => {
  test("an event with a lower id that commits late is published", async () => {
    const campaign = await makeCampaign(context.sql);
    const early = await context.sql.client();
    try {
      await early.query("BEGIN");
      const first = await early.query<PledgeRow>(pledgeCreate, pledgeValues(campaign));
      const held = first.rows[0]?.pledge_id ?? "";
      // Later ones pass it on the whole way.
      const later = await sqlPledge(context.sql, campaign);
      await pledgeIs(context.sql, later.pledge_id ?? "", "confirmed");
      expect(await onStream(held)).toEqual([]);
      await early.query("COMMIT");
      await pledgeIs(context.sql, held, "confirmed");
      const ids = await context.sql.rows<{ early: boolean }>(
        `SELECT (SELECT min(id) FROM careforall.outbox WHERE aggregate_id = $1)
              < (SELECT min(id) FROM careforall.outbox WHERE aggregate_id = $2) AS early`,
        [held, later.pledge_id],
      );
      expect(ids[0]?.early).toBe(true);
      expect((await onStream(held))[0]).toContain("pledge.created");
    } finally {
      await early.end();
    }
  });

  test("a change that is rolled back is never published", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 10_000 });
    const client = await context.sql.client();
    try {
      await client.query("BEGIN");
      const lost = await client.query<PledgeRow>(pledgeCreate, pledgeValues(campaign, { amount: 10_000 }));
      await client.query("ROLLBACK");
      const next = await sqlPledge(context.sql, campaign, { amount: 10_000 });
      expect(next.outcome).toBe("created");
      await pledgeIs(context.sql, next.pledge_id ?? "", "confirmed");
      await published(context);
      expect(await onStream(lost.rows[0]?.pledge_id ?? "")).toEqual([]);
    } finally {
      await client.end();
    }
  });

  test("only what is outside a lost savepoint is published", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 2000 });
    const client = await context.sql.client();
    try {
      await client.query("BEGIN");
      const kept = await client.query<PledgeRow>(pledgeCreate, pledgeValues(campaign));
      await client.query("SAVEPOINT here");
      const lost = await client.query<PledgeRow>(pledgeCreate, pledgeValues(campaign));
      await client.query("ROLLBACK TO here");
      // What the savepoint held can be taken again in the same transaction.
      const again = await client.query<PledgeRow>(pledgeCreate, pledgeValues(campaign));
      expect(again.rows[0]?.outcome).toBe("created");
      await client.query("COMMIT");
      await pledgeIs(context.sql, kept.rows[0]?.pledge_id ?? "", "confirmed");
      await pledgeIs(context.sql, again.rows[0]?.pledge_id ?? "", "confirmed");
      await published(context);
      expect(await onStream(lost.rows[0]?.pledge_id ?? "")).toEqual([]);
    } finally {
      await client.end();
    }
  });

  test("events carry the CloudEvents attributes and no personal data", async () => {
    const campaign = await makeCampaign(context.sql);
    const secret = { name: "Secret Name", email: "secret@example.org", display: "none", message: "secret words" };
    const id = await confirmedInOrder(context, async () => (await sqlPledge(context.sql, campaign, secret)).pledge_id ?? "");
    await published(context);
    const events = (await context.stream.read()).filter((event) => event.aggregate === id);
    expect(events.map((event) => event.type)).toEqual([
      "careforall.pledge.created.v1",
      "careforall.pledge.payment_attached.v1",
      "careforall.pledge.confirmed.v1",
    ]);
    for (const event of events) {
      expect(event.subject).toMatch(/^careforall\.pledge\.[a-z_]+\.\d{1,2}$/);
      expect(Object.fromEntries(event.headers)).toMatchObject({
        "ce-specversion": "1.0",
        "ce-id": event.id,
        "ce-source": "/careforall",
        "ce-subject": id,
        "ce-datacontenttype": "application/json",
        "ce-campaignid": campaign,
        "ce-partitionkey": id,
      });
      expect(event.headers.get("ce-sequence")).toMatch(/^\d{20}$/);
      expect(event.data.toLowerCase()).not.toContain("secret");
    }
  });

  test("the CloudEvents library takes every event", async () => {
    const pledge = await sqlPledge(context.sql, await makeCampaign(context.sql));
    await pledgeIs(context.sql, pledge.pledge_id ?? "", "confirmed");
    await published(context);
    const events = await context.stream.read();
    for (const event of events) {
      const attributes = [...event.headers].filter(([name]) => name.startsWith("ce-")).map(([name, value]): [string, unknown] => [name.slice(3), value]);
      // Strict: refuses what the specification does not allow, names of extensions too.
      const read = new CloudEvent({ ...Object.fromEntries<unknown>(attributes), data: JSON.parse(event.data) as unknown }, true);
      expect(read.validate()).toBe(true);
      expect(read.id).toBe(event.id);
    }
    const types = new Set(events.map((event) => event.type));
    for (const word of ["campaign.created", "campaign.published", "pledge.created", "pledge.payment_attached", "pledge.confirmed"]) {
      expect(types).toContain(`careforall.${word}.v1`);
    }
  });

  test("a relay that slept is woken by the notifier, not by its safety poll", async () => {
    const campaign = await makeCampaign(context.sql);
    await published(context);
    const client = await context.sql.client("api");
    try {
      for (let i = 0; i < 5; i++) {
        await until("the relay to sleep", async () =>
          (await context.sql.value<number>(
            "SELECT count(*)::int FROM pg_stat_activity WHERE usename = 'cfa_relay' AND state = 'idle' AND query ILIKE '%listen%'",
          )) > 0 || sum(await scrape(context.stack, "RELAY"), /sleep|asleep/) > 0,
        );
        const before = (await context.stream.size()).messages;
        await client.query(pledgeCreate, pledgeValues(campaign));
        await until("the event on the stream", async () => (await context.stream.size()).messages > before, 5_000);
      }
    } finally {
      await client.end();
    }
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});
