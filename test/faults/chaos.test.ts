// SPDX-License-Identifier: Apache-2.0
// Goal: whatever dies, nothing is lost and nothing is doubled. Method: donors pledge
// without pause, each with a key that it keeps until it knows the outcome; meanwhile
// one process is killed with SIGKILL. Afterwards every answer given must be true and
// every invariant must hold.
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { answersWereTrue, progress, startLoad, type Load } from "../lib/load.ts";
import { pool, until } from "../lib/until.ts";

const context = useStack();

async function underLoad(work: (load: Load) => Promise<void>): Promise<void> {
  const load = await startLoad(context);
  try {
    await progress(load);
    await work(load);
    await progress(load);
  } finally {
    await load.stop();
  }
  await answersWereTrue(context, load);
  await assertInvariants(context);
}

describe("kill -9 under load", () => {
  test.each(["relay", "projector", "payments", "mockpay"] as const)("%s", async (part) => {
    await underLoad(async (load) => {
      for (let round = 0; round < 3; round++) {
        const old = await context.stack.kill(part);
        await until(`${part} to run again`, async () => (await context.stack.pid(part)) !== old);
        await progress(load);
      }
    });
  });

  test("a worker of the API, while another answers", async () => {
    await underLoad(async (load) => {
      const workers = await context.stack.workers();
      expect(workers.length).toBeGreaterThan(1);
      process.kill(workers[workers.length - 1] ?? 0, "SIGKILL");
      await progress(load);
    });
  });

  test("the API as a whole", async () => {
    await underLoad(async (load) => {
      const old = await context.stack.kill("api");
      await until("the API to run again", async () => (await context.stack.pid("api")) !== old);
      await progress(load);
    });
  });

  test("a backend of PostgreSQL, so that the server recovers and shared memory is lost", async () => {
    await underLoad(async (load) => {
      const backend = await context.sql.value<number>(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'cfa_api' LIMIT 1",
      );
      process.kill(backend, "SIGKILL");
      await progress(load);
    });
  });

  test("a backend between its reservation and its commit: the cap is exact afterwards", async () => {
    const load = await startLoad(context, { cap: 60_000 });
    try {
      await progress(load, 5);
      const victim = await context.sql.client();
      await victim.query("BEGIN");
      await victim.query("SELECT * FROM careforall.pledge_create($1, 5000, 'EUR', 'A', 'a@example.org')", [load.campaign]);
      const { rows } = await victim.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      process.kill(rows[0]?.pid ?? 0, "SIGKILL");
      await victim.end().catch(() => undefined);
      await until("the cap to be used up", () => load.refused > 0, 60_000);
    } finally {
      await load.stop();
    }
    expect(load.made.size).toBe(60);
    await answersWereTrue(context, load);
    await assertInvariants(context);
  });

  test("NATS", async () => {
    await underLoad(async (load) => {
      const old = await context.stack.kill("nats");
      await until("NATS to run again", async () => (await context.stack.pid("nats")) !== old);
      await progress(load);
    });
  });

  test("NATS away for a while: pledges go on and the events follow", async () => {
    await underLoad(async (load) => {
      await context.stack.stop(["nats"]);
      await progress(load, 50);
      await context.stack.start(["nats"]);
    });
  });

  test("Redis flushed in the middle", async () => {
    await underLoad(async (load) => {
      await context.redis.flushall();
      await progress(load);
      await context.redis.flushall();
    });
  });

  test("Redis killed, then away: pledges go on", async () => {
    await underLoad(async (load) => {
      await context.stack.kill("redis");
      await progress(load);
      await context.stack.stop(["redis"]);
      await progress(load);
      await context.stack.start(["redis"]);
    });
  });
});

describe("restarts in the middle", () => {
  test("of PostgreSQL", async () => {
    await underLoad(async (load) => {
      await context.stack.stop(["pg"]);
      await context.stack.start(["pg"], "--no-schema");
      await progress(load);
    });
  });

  test("of everything, twice", async () => {
    const load = await startLoad(context);
    try {
      await progress(load);
      for (let round = 0; round < 2; round++) {
        await context.stack.stop();
        await context.stack.start();
        await progress(load);
      }
    } finally {
      await load.stop();
    }
    await answersWereTrue(context, load);
    await assertInvariants(context);
  });
});

describe("a provider that misbehaves", () => {
  test("webhooks doubled, reordered and late, requests failing: the money still agrees", async () => {
    await context.provider.configure({
      duplicate_rate: 0.5,
      reorder_rate: 0.5,
      error_rate: 0.2,
      failure_rate: 0.2,
      webhook_delay_ms: 20,
    });
    const campaign = await makeCampaign(context.sql);
    try {
      await pool(
        8,
        Array.from({ length: 100 }, () => async () => {
          expect((await context.http.pledge(campaign, pledgeBody())).status).toBe(201);
        }),
      );
      await assertInvariants(context);
    } finally {
      await context.provider.configure({
        duplicate_rate: 0,
        reorder_rate: 0,
        error_rate: 0,
        failure_rate: 0,
        webhook_delay_ms: 0,
      });
    }
  });
});
