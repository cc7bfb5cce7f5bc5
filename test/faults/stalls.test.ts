// SPDX-License-Identifier: Apache-2.0
// Goal: a consumer of the stream that stands still, though its server says that all is
// well, is given up and made anew: a replica that lags delivers nothing and has
// heartbeats. Method: a projector behind a proxy that withholds deliveries and makes the
// heartbeats agree; a worker that keeps all payments it is given and finishes none; and a
// consumer that is kept by all servers, as older versions made it and as stops for good.
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { connect } from "nats";
import { expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { assertInvariants, drained, published } from "../lib/invariants.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { Proxy } from "../lib/proxy.ts";
import { freePortBase } from "../lib/stack.ts";
import { pool, until } from "../lib/until.ts";

const context = useStack();

/** How many pledges fill what may be unacknowledged, when another worker takes half of them. */
const MANY = 700;

/** A projector of its own, which comes to NATS by that port. */
async function startProjector(natsPort: number): Promise<{ child: ChildProcess; log: () => string }> {
  const { stack } = context;
  let log = "";
  const child = spawn(path.join(stack.dir, "bin/careforall-projector"), {
    env: {
      CAREFORALL_HTTP_LISTEN: `127.0.0.1:${await freePortBase()}`,
      CAREFORALL_PG_DSN: `host=127.0.0.1 port=${stack.port("PG")} dbname=careforall user=cfa_projector`,
      CAREFORALL_PG_PASSWORD: stack.get("STACK_PG_PASSWORD_PROJECTOR"),
      CAREFORALL_NATS_URL: `nats://127.0.0.1:${natsPort}`,
      CAREFORALL_NATS_USER: "projector",
      CAREFORALL_NATS_PASSWORD: stack.get("STACK_NATS_PASSWORD_PROJECTOR"),
      CAREFORALL_REDIS_URL: `redis://127.0.0.1:${stack.port("REDIS")}/0`,
      CAREFORALL_REDIS_PASSWORD: stack.get("STACK_REDIS_PASSWORD"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (text: Buffer) => (log += text.toString()));
  return { child, log: () => log };
}

async function stop(child: ChildProcess): Promise<void> {
  const over = new Promise((done) => child.once("exit", done));
  if (!child.kill("SIGTERM")) return;
  await over;
}

test("the projector asks for another consumer when nothing comes of what the stream has", async () => {
  const { stack } = context;
  const campaign = await makeCampaign(context.sql);
  await drained(context);
  const proxy = await Proxy.to(stack.port("NATS"), true);
  await stack.stop(["projector"]);
  const { child, log } = await startProjector(proxy.port);
  try {
    await sqlPledge(context.sql, campaign, {});
    await published(context);
    proxy.mode = "lagging";
    await sqlPledge(context.sql, campaign, {});
    await until("the consumer to be given up", () => log().includes('"reason":"stalled"'));
    proxy.mode = "pass";
    await published(context);
    expect(log()).not.toContain('"reason":"hole"');
    expect(log()).not.toContain('"reason":"silent"');
  } finally {
    proxy.mode = "pass";
    await stop(child);
    await proxy.close();
    await stack.start(["projector"]);
  }
});

test("payment workers make their consumer anew when another keeps all it may give out", async () => {
  const { stack, sql } = context;
  const campaign = await makeCampaign(sql);
  await drained(context);
  const losses = async (): Promise<number> =>
    sum(await scrape(stack, "PAYMENTS"), /^careforall_payments_consumer_losses_total\{consumer="payments-create"\}/);
  const given = async (): Promise<number> =>
    sum(await scrape(stack, "PAYMENTS"), /^careforall_payments_event_delay_seconds_count/);
  const before = await losses();
  const hog = await connect({ servers: `127.0.0.1:${stack.port("NATS")}`, user: "payments", pass: stack.get("STACK_NATS_PASSWORD_PAYMENTS") });
  const kept: string[] = [];
  hog.subscribe("_DELIVER.payments-create", {
    queue: "payments-create",
    callback: (_, message) => {
      if (message.reply?.startsWith("$JS.ACK.")) kept.push(message.reply);
    },
  });
  // It is being worked on, it says.
  const saying = setInterval(() => { for (const reply of kept) hog.publish(reply, "+WPI"); }, 2_000);
  try {
    await pool(16, Array.from({ length: MANY }, (_, index) => () => sqlPledge(sql, campaign, { amount: 1000 + index * 100 })));
    await until("the consumer to be given up", async () => (await losses()) > before, 60_000);
  } finally {
    clearInterval(saying);
    await hog.close();
  }
  const sofar = await given();
  await sqlPledge(sql, campaign, {});
  await until("an event to reach the worker again", async () => (await given()) > sofar, 60_000);
  await drained(context);
  await assertInvariants(context);
}, 180_000);

test("a consumer of payments as older versions made it gives way", async () => {
  const { stack, sql } = context;
  const campaign = await makeCampaign(sql);
  const watcher = await connect({ servers: `127.0.0.1:${stack.port("NATS")}`, user: "watcher", pass: stack.get("STACK_NATS_PASSWORD_WATCHER") });
  const manager = await watcher.jetstreamManager();
  try {
    await drained(context);
    await stack.stop(["payments"]);
    await manager.consumers.delete("CAREFORALL", "payments-create");
    const config = {
      durable_name: "payments-create", deliver_subject: "_DELIVER.payments-create", deliver_group: "payments-create",
      deliver_policy: "all", ack_policy: "explicit", max_ack_pending: 256, filter_subject: "careforall.pledge.created.*",
    };
    const made = await watcher.request("$JS.API.CONSUMER.DURABLE.CREATE.CAREFORALL.payments-create",
      JSON.stringify({ stream_name: "CAREFORALL", config }));
    expect(made.json()).not.toHaveProperty("error");
    await sqlPledge(sql, campaign, {});
    await published(context);
    await stack.start(["payments"]);
    await drained(context);
    const now = await manager.consumers.info("CAREFORALL", "payments-create");
    expect(now.config).toMatchObject({ num_replicas: 1, mem_storage: true });
    // What came while there was none is not left to the reconciler.
    expect(now.delivered.consumer_seq).toBeGreaterThan(0);
  } finally {
    await watcher.close();
    await stack.start(["payments"]);
  }
});
