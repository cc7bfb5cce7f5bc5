// SPDX-License-Identifier: Apache-2.0
// Goal: one Idempotency-Key has one effect, however the request comes again. Method:
// replays, other bodies, many at once, clients that hang up, workers and backends killed at
// the worst moment, Redis flushed, hung and gone.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { makePerson } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { type Answer, type CreatedPledge, pledgeBody, type Problem, rawExchange } from "../lib/http.ts";
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
    ["missing", [], "idempotency-key-missing"],
    ["too long", ["x".repeat(256)], "idempotency-key-invalid"],
    ["empty in quotes", ['""'], "idempotency-key-invalid"],
    ["open in quotes", ['"abc'], "idempotency-key-invalid"],
    ["two words", ["a b"], "idempotency-key-invalid"],
    ["a list", ["a, b"], "idempotency-key-invalid"],
    ["not ASCII", ["\u00e9"], "idempotency-key-invalid"],
    ["given twice", ["abc", "abc"], "idempotency-key-invalid"],
  ])("a key that is %s is refused, and the policy named", async (_name, keys, code) => {
    const campaign = await makeCampaign(context.sql);
    const body = JSON.stringify(pledgeBody());
    const lines = keys.map((key) => `Idempotency-Key: ${key}\r\n`).join("");
    const answer = await rawExchange(
      context.stack.port("API"),
      Buffer.from(
        `POST /api/v1/campaigns/${campaign}/pledges HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines}` +
          `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      ),
    );
    expect(answer).toContain("HTTP/1.1 400 ");
    // The edge refuses bytes that no header may have before anybody sees a key.
    if (!answer.includes("#bad-request")) {
      expect(answer).toContain(`#${code}"`);
      expect(answer).toMatch(/\r\nlink: <[^>]+>; rel="describedby"\r\n/);
    }
    expect(await count(campaign)).toBe(0);
  });

  test("the page of the policy is there", async () => {
    const page = await context.http.get("/docs/problems");
    expect(page.text).toContain('id="idempotency-key-missing"');
    expect(page.text).toContain("at least 24 hours");
  });

  test("a key of 255 characters is one, and other routes ignore it", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID().padEnd(255, "x");
    expect((await context.http.pledge(campaign, pledgeBody(), key)).status).toBe(201);
    expect((await context.http.get("/api/v1/campaigns", { "Idempotency-Key": "" })).status).toBe(200);
    expect((await context.http.get("/api/v1/campaigns", { "Idempotency-Key": key })).status).toBe(200);
  });

  test("the same key of somebody else is another key", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const one = await makePerson(context.stack, context.sql, context.http);
    const two = await makePerson(context.stack, context.sql, context.http);
    const answers = [];
    for (const http of [context.http, one.http, two.http]) answers.push(await http.pledge(campaign, pledgeBody(), key));
    expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(3);
    expect((await one.http.pledge<Problem>(campaign, pledgeBody(2000), key)).status).toBe(422);
    expect((await one.http.pledge(campaign, pledgeBody(), key)).body.id).toBe(answers[1]?.body.id);
  });

  test("what is refused does not use up the key", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const where = `/api/v1/campaigns/${campaign}/pledges`;
    const headers = { "Idempotency-Key": key };
    const post = (more: Parameters<typeof context.http.call>[2]) =>
      context.http.call("POST", where, { ...more, headers: { ...headers, ...more?.headers } });
    expect((await post({ body: "{" })).status).toBe(400);
    expect((await post({ body: "x", headers: { "Content-Type": "text/plain" } })).status).toBe(415);
    expect((await post({ json: pledgeBody(0) })).status).toBe(422);
    expect((await post({ json: pledgeBody(1) })).status).toBe(422);
    expect((await context.http.as("no.token.this").pledge(campaign, pledgeBody(), key)).status).toBe(401);
    expect((await context.http.pledge(campaign, pledgeBody(), key)).status).toBe(201);
  });

  test("Redis keeps the hash of a key, and no private link", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = `visible-${randomUUID()}`;
    const made = await context.http.pledge(campaign, pledgeBody(), key);
    const names = await context.redis.keys("*");
    expect(names.some((name) => name.includes(key))).toBe(false);
    const copies = await context.redis.keys("cfa:idem:*");
    expect(copies.length).toBeGreaterThan(0);
    for (const name of copies) {
      const value = (await context.redis.getBuffer(name))?.toString("latin1") ?? "";
      expect(value).not.toContain(made.body.token);
      expect(value).not.toContain(key);
      expect(await context.redis.pttl(name)).toBeGreaterThan(0);
    }
    const log = await readFile(path.join(context.stack.dir, "log/api.log"), "utf8");
    expect(log).not.toContain(key);
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});

/** A lock that lets no pledge be written until it is released. */
async function holdPledges(): Promise<() => Promise<void>> {
  const client = await context.sql.client();
  await client.query("BEGIN");
  await client.query("LOCK TABLE careforall.pledges IN SHARE ROW EXCLUSIVE MODE");
  return async () => {
    await client.query("COMMIT");
    await client.end();
  };
}

describe("a request under way", () => {
  test("makes a second one with its key wait: 409, then the same answer", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const release = await holdPledges();
    let first: Promise<Answer<CreatedPledge>>;
    try {
      first = context.http.pledge(campaign, pledgeBody(), key);
      await until("the first to wait", () =>
        context.sql.value<boolean>("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'careforall.pledges'::regclass)"),
      );
      const busy = await until("the second to be told", async () => {
        const one = await context.http.pledge<Problem>(campaign, pledgeBody(), key);
        return one.status === 409 ? one : null;
      });
      expect(busy.body.code).toBe("request-in-progress");
      expect(Number(busy.headers.get("retry-after"))).toBeGreaterThan(0);
      // Whether another body would be refused cannot be known yet.
      expect((await context.http.pledge<Problem>(campaign, pledgeBody(2000), key)).body.code).toBe("request-in-progress");
    } finally {
      await release();
    }
    const made = await first;
    expect(made.status).toBe(201);
    expect((await context.http.pledge(campaign, pledgeBody(), key)).text).toBe(made.text);
    expect(await count(campaign)).toBe(1);
  });

  test("is one of a hundred at once, and has one effect, round after round", async () => {
    for (let round = 0; round < 20; round++) {
      const campaign = await makeCampaign(context.sql);
      const key = randomUUID();
      const answers = await Promise.all(Array.from({ length: 100 }, () => context.http.pledge(campaign, pledgeBody(), key)));
      const made = answers.filter((answer) => answer.status === 201);
      expect(made.length).toBeGreaterThan(0);
      expect(new Set(made.map((answer) => answer.text)).size).toBe(1);
      expect(made.filter((answer) => answer.headers.get("idempotency-replayed") === null)).toHaveLength(1);
      expect(answers.filter((answer) => ![201, 409].includes(answer.status))).toEqual([]);
      expect(await count(campaign)).toBe(1);
      expect(
        await context.sql.value<number>("SELECT count(*) FROM careforall.outbox WHERE campaign_id = $1 AND type = 'pledge.created'", [campaign]),
      ).toBe(1);
    }
  });

  test("without Redis, or with a Redis that hangs, is answered all the same, and once", async () => {
    for (const away of ["hung", "gone"] as const) {
      const redis = await context.stack.pid("redis");
      if (away === "hung") process.kill(redis, "SIGSTOP");
      else await context.stack.stop(["redis"]);
      try {
        const campaign = await makeCampaign(context.sql);
        for (let round = 0; round < 3; round++) {
          const key = randomUUID();
          const answers = await Promise.all(Array.from({ length: 8 }, () => context.http.pledge(campaign, pledgeBody(), key)));
          expect(answers.map((answer) => answer.status)).toEqual(Array<number>(8).fill(201));
          expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
          expect((await context.http.pledge<Problem>(campaign, pledgeBody(2000), key)).status).toBe(422);
          expect(await count(campaign)).toBe(round + 1);
        }
      } finally {
        if (away === "hung") process.kill(redis, "SIGCONT");
        else await context.stack.start(["redis"]);
      }
    }
    await until("Redis to be back", async () => (await context.http.get<{ redis: string }>("/readyz")).body.redis === "ok");
  });
});

describe("a worker killed", () => {
  const ready = () => until("the API to answer", async () => (await context.http.get("/readyz")).status === 200);
  const settled = (campaign: string, key: string) =>
    until("the retry to be answered", async () => {
      const one = await context.http.pledge(campaign, pledgeBody(), key);
      return one.status === 201 ? one : null;
    });

  test("after the statement was sent: the commit stands, and the retry replays it", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const release = await holdPledges();
    const lost = context.http.pledge(campaign, pledgeBody(), key).catch(() => null);
    await until("the statement to wait for the lock", async () =>
      context.sql.value<number>("SELECT count(*) FROM pg_stat_activity WHERE usename = 'cfa_api' AND wait_event_type = 'Lock'"),
    );
    await context.stack.killWorkers();
    expect(await lost).toBeNull();
    await release();
    await until("the pledge to be committed", async () => (await count(campaign)) === 1);
    await ready();
    const again = await settled(campaign, key);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await count(campaign)).toBe(1);
  });

  test("before its transaction could commit: the key is free again", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const release = await holdPledges();
    const lost = context.http.pledge(campaign, pledgeBody(), key).catch(() => null);
    const backend = await until("the statement to wait for the lock", async () => {
      const [row] = await context.sql.rows<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'cfa_api' AND wait_event_type = 'Lock'",
      );
      return row?.pid;
    });
    await context.stack.killWorkers();
    expect(await lost).toBeNull();
    // It has to be gone before the lock is.
    expect(await context.sql.value<boolean>("SELECT pg_terminate_backend($1, 60000)", [backend])).toBe(true);
    await release();
    await ready();
    expect(await count(campaign)).toBe(0);
    // The mark of the dead worker is gone when its lease is over.
    const again = await settled(campaign, key);
    expect(again.headers.get("idempotency-replayed")).toBeNull();
    expect(await count(campaign)).toBe(1);
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});

describe("retention", () => {
  test("a key younger than two days is kept; an older one counts as new", async () => {
    const campaign = await makeCampaign(context.sql);
    const key = randomUUID();
    const first = await context.http.pledge(campaign, pledgeBody(), key);
    const purge = async (age: string) => {
      const client = await context.sql.client();
      try {
        await client.query("BEGIN");
        await client.query("UPDATE careforall.idempotency_keys SET created_at = careforall.clock() - $2::interval WHERE pledge_id = $1", [
          first.body.id,
          age,
        ]);
        await client.query("SELECT careforall.purge()");
        await client.query("COMMIT");
      } finally {
        await client.end();
      }
      for (const name of await context.redis.keys("cfa:idem:*")) await context.redis.del(name);
    };
    await purge("47 hours 50 minutes");
    expect((await context.http.pledge(campaign, pledgeBody(), key)).text).toBe(first.text);
    await purge("48 hours 1 minute");
    const anew = await context.http.pledge(campaign, pledgeBody(), key);
    expect(anew.status).toBe(201);
    expect(anew.body.id).not.toBe(first.body.id);
  });
});
