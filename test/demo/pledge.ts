// SPDX-License-Identifier: Apache-2.0
// Sends one pledge through the gateway of a running stack and prints what happens
// to it, with the milliseconds since the request left: the HTTP answer, each event
// as a consumer of the stream receives it, and the read model as the page sees it.
//
// usage: vite-node demo/pledge.ts STACK-DIR
import { Http, pledgeBody } from "../lib/http.ts";
import { liveLines, type LiveLine } from "../lib/live.ts";
import { openRedis } from "../lib/redis.ts";
import { Sql } from "../lib/sql.ts";
import { Stack } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";
import { until } from "../lib/until.ts";

interface Step {
  ms: number;
  where: string;
  what: string;
}

interface Campaign {
  id: string;
  title: string;
  currency: string;
  state: string;
  ends_at: string | null;
  min_pledge: { amount: number };
  totals: { raised: { amount: number; currency: string }; confirmed_count: number };
}

const stack = await new Stack(process.argv[2] ?? ".run").load();
const http = new Http(stack, "GATEWAY");
const redis = openRedis(stack);
const subscriber = redis.duplicate();
const stream = new Stream(stack);
const sql = new Sql(stack);

async function openCampaign(): Promise<Campaign> {
  const list = await http.get<{ items: Campaign[] }>("/api/v1/campaigns?limit=50");
  const found = list.body.items.find(
    (campaign) =>
      campaign.state === "active" &&
      campaign.currency === "EUR" &&
      (campaign.ends_at === null || Date.parse(campaign.ends_at) > Date.now()),
  );
  if (!found) throw new Error("no active campaign in EUR: run `make reset`, then `make run`");
  return found;
}

async function main(): Promise<void> {
  const steps: Step[] = [];
  const campaign = await until("a campaign to pledge to", openCampaign);
  let start = 0;
  const note = (where: string, what: string): void => {
    steps.push({ ms: performance.now() - start, where, what });
  };

  let pledge = "";
  const early: { at: number; type: string; aggregate: string; sequence: number }[] = [];
  const stop = await stream.follow((event) => {
    early.push({ at: performance.now(), ...event });
  });
  await subscriber.subscribe("cfa:live");
  const frames: (LiveLine & { at: number })[] = [];
  subscriber.on("message", (_channel: string, text: string) => {
    const at = performance.now();
    for (const line of liveLines(text)) if (line.kind === "p") frames.push({ at, ...line });
  });

  start = performance.now();
  const amount = Math.max(campaign.min_pledge.amount, 2500);
  const answer = await http.pledge(campaign.id, pledgeBody(amount, { display: "name_amount_message", message: "Good luck!" }));
  if (answer.status !== 201) throw new Error(`the pledge was refused: ${answer.text}`);
  pledge = answer.body.id;
  note("API", `201 Created, pledge ${pledge} is pending and has its hold`);

  await until("the pledge to be confirmed in the read model", () =>
    frames.some((line) => line.id === pledge && line.frame.state === "confirmed"),
  );
  for (const event of early.filter((one) => one.aggregate === pledge)) {
    steps.push({ ms: event.at - start, where: "stream", what: `${event.type}, sequence ${event.sequence}` });
  }
  const [webhook] = await sql.rows<{ kind: string; outcome: string; event_id: string }>(
    "SELECT kind, outcome, event_id FROM careforall.inbox WHERE pledge_id = $1 AND outcome = 'applied'",
    [pledge],
  );
  for (const line of frames.filter((one) => one.id === pledge)) {
    steps.push({
      ms: line.at - start,
      where: "read model",
      what: `pledge ${String(line.frame.state)}, sequence ${String(line.frame.sequence)}`,
    });
  }
  const after = await http.get<Campaign>(`/api/v1/campaigns/${campaign.id}`);
  note(
    "page",
    `GET shows ${after.body.totals.confirmed_count} gifts, ${campaign.totals.confirmed_count} before`,
  );
  await stop();

  console.log(`One pledge of ${(amount / 100).toFixed(2)} EUR to "${campaign.title}":\n`);
  steps.sort((a, b) => a.ms - b.ms);
  for (const step of steps) {
    console.log(`${step.ms.toFixed(1).padStart(9)} ms  ${step.where.padEnd(10)}  ${step.what}`);
  }
  console.log("\nIn the database (careforall.pledge_timeline):\n");
  for (const row of await sql.rows<{ since: number; source: string; event: string; detail: string }>(
    `SELECT extract(epoch FROM since_start)::float8 * 1000 AS since, source, event, detail
       FROM careforall.pledge_timeline($1) ORDER BY step`,
    [pledge],
  )) {
    console.log(`${row.since.toFixed(1).padStart(9)} ms  ${row.source.padEnd(10)}  ${row.event}: ${row.detail}`);
  }
  if (webhook) {
    console.log(`\nThe provider's webhook ${webhook.event_id} (${webhook.kind}) was ${webhook.outcome}.`);
  }
}

try {
  await main();
} finally {
  subscriber.disconnect();
  redis.disconnect();
  await stream.close();
  await sql.close();
}
