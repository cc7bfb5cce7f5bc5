// SPDX-License-Identifier: Apache-2.0
// Goal: one Idempotency-Key has one effect, however the request comes again. Method:
// replays, other bodies, many at once, clients that hang up, Redis flushed between.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody, rawExchange, type Problem } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { states } from "../lib/pledge.ts";
import { pool, until } from "../lib/until.ts";

const context = useStack();

const count = async (campaign: string): Promise<number> =>
  Object.values(await states(context.sql, campaign)).reduce((total, one) => total + one, 0);

describe("Idempotency-Key", () => {
  test("a replay gives the same bytes and says so", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const first = await context.http.pledge(campaign, pledgeBody(), key);
    expect(first.status).toBe(201);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    const again = await context.http.pledge(campaign, pledgeBody(), key);
    expect(again.status).toBe(201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.text).toBe(first.text);
    expect(await count(campaign)).toBe(1);
  });

  test("the truth of a replay is PostgreSQL, not Redis", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const first = await context.http.pledge(campaign, pledgeBody(), key);
    const copies = await context.redis.keys("cfa:idem:*");
    if (copies.length > 0) await context.redis.del(...copies);
    const again = await context.http.pledge(campaign, pledgeBody(), key);
    expect(again.status).toBe(201);
    expect(again.text).toBe(first.text);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await count(campaign)).toBe(1);
  });

  test("the members of the body may come in another order", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const first = await context.http.pledge(campaign, pledgeBody(), key);
    const turned = Object.fromEntries(Object.entries(pledgeBody()).reverse());
    const again = await context.http.pledge(campaign, turned, key);
    expect(again.status).toBe(201);
    expect(again.text).toBe(first.text);
  });

  test("the same key with another body is refused", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    await context.http.pledge(campaign, pledgeBody(1000), key);
    const other = await context.http.pledge<Problem>(campaign, pledgeBody(2000), key);
    expect(other.status).toBe(422);
    expect(other.body.code).toBe("idempotency-key-reused");
    expect(await count(campaign)).toBe(1);
  });

  test("24 at once with one key make one pledge", async () => {
    for (let round = 0; round < 5; round++) {
      const campaign = await makeCampaign(context.sql);
      const key = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 24 }, () => context.http.pledge(campaign, pledgeBody(), key)),
      );
      // Those that meet the first one under way may be told to come again (409).
      const created = answers.filter((answer) => answer.status === 201);
      expect(created.length).toBeGreaterThan(0);
      expect(answers.filter((answer) => ![201, 409].includes(answer.status))).toEqual([]);
      expect(new Set(created.map((answer) => answer.body.id)).size).toBe(1);
      expect(await count(campaign)).toBe(1);
    }
  });

  test("a client that hangs up at once and tries again has one pledge", async () => {
    const campaign = await makeCampaign(context.sql);
    const keys = Array.from({ length: 20 }, () => randomUUID());
    const body = JSON.stringify(pledgeBody());
    await pool(
      5,
      keys.map((key) => () =>
        rawExchange(
          context.stack.port("API"),
          `POST /api/v1/campaigns/${campaign}/pledges HTTP/1.1\r\nHost: localhost\r\n` +
            `Content-Type: application/json\r\nIdempotency-Key: ${key}\r\n` +
            `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
          { abortAfterSend: true },
        ),
      ),
    );
    const ids = new Set<string>();
    for (const key of keys) {
      const answer = await until("the retry to be answered", async () => {
        const one = await context.http.pledge(campaign, pledgeBody(), key);
        return one.status === 201 ? one : null;
      });
      ids.add(answer.body.id);
    }
    expect(ids.size).toBe(keys.length);
    expect(await count(campaign)).toBe(keys.length);
  });

  test("a refused pledge does not use up its key", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 1000 });
    const key = randomUUID();
    expect((await context.http.pledge(campaign, pledgeBody(2000), key)).status).toBe(409);
    expect((await context.http.pledge(campaign, pledgeBody(1000), key)).status).toBe(201);
  });

  test("one key for two campaigns is a key reused", async () => {
    const key = randomUUID();
    const one = await makeCampaign(context.sql);
    const two = await makeCampaign(context.sql);
    expect((await context.http.pledge(one, pledgeBody(), key)).status).toBe(201);
    const other = await context.http.pledge<Problem>(two, pledgeBody(), key);
    expect(other.status).toBe(422);
    expect(other.body.code).toBe("idempotency-key-reused");
    expect(await count(two)).toBe(0);
  });

  test("a quoted key is the same key", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const first = await context.http.pledge(campaign, pledgeBody(), key);
    const quoted = await context.http.pledge(campaign, pledgeBody(), `"${key}"`);
    expect(quoted.text).toBe(first.text);
  });

  test.each([
    ["missing", undefined, "idempotency-key-missing"],
    ["empty", "", "idempotency-key-invalid"],
    ["too long", "x".repeat(300), "idempotency-key-invalid"],
  ])("a key that is %s is refused", async (_name, key, code) => {
    const campaign = await makeCampaign(context.sql);
    const headers: Record<string, string> = key === undefined ? {} : { "Idempotency-Key": key };
    const answer = await context.http.call<Problem>("POST", `/api/v1/campaigns/${campaign}/pledges`, {
      json: pledgeBody(),
      headers,
    });
    expect(answer.status).toBe(400);
    // An empty field and none at all cannot be told apart by every client.
    expect([code, "idempotency-key-missing"]).toContain(answer.body.code);
    expect(await count(campaign)).toBe(0);
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});
