// SPDX-License-Identifier: Apache-2.0
// The same in Node: SELECT ... FOR UPDATE SKIP LOCKED, publish a batch in parallel,
// mark, commit. usage: node poller.mjs COUNT, with the settings of poller.c.
import { connect, headers } from "nats";
import pg from "pg";

const uuid = "01930000-0000-7000-8000-000000000000";
// As many headers as the relay's messages have, of the same size.
const fixed = Object.entries({
  "Nats-Expected-Stream": "YARD", "ce-specversion": "1.0", "ce-id": uuid, "ce-source": "/careforall",
  "ce-type": "careforall.pledge.created.v1", "ce-subject": uuid, "ce-time": "2026-01-31T12:00:00.000Z",
  "ce-datacontenttype": "application/json", "ce-sequence": "00000000000000000001", "ce-partitionkey": uuid,
  "ce-aggregateversion": "1", "ce-campaignid": uuid, "ce-transactionid": "1234567",
});
const count = Number(process.argv[2]);
const client = new pg.Client();
await client.connect();
const nats = await connect({
  servers: process.env.NATS_URL,
  user: process.env.NATS_USER,
  pass: process.env.NATS_PASSWORD,
});
const js = nats.jetstream();
const begun = performance.now();
for (let done = 0; done < count;) {
  await client.query("BEGIN");
  const { rows } = await client.query({
    name: "take",
    text: `UPDATE yard.outbox o SET sent_at = now() FROM (SELECT id FROM yard.outbox
      WHERE sent_at IS NULL ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED) n
      WHERE o.id = n.id RETURNING o.event_id, o.data::text AS data`,
  });
  await Promise.all(rows.map((row) => {
    const h = headers();
    h.set("Nats-Msg-Id", row.event_id);
    for (const [name, value] of fixed) h.set(name, value);
    return js.publish("yard.pledge.created.0", row.data, { headers: h });
  }));
  await client.query("COMMIT");
  done += rows.length;
}
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ seconds: (performance.now() - begun) / 1000, cpu_seconds: (user + system) / 1e6 }));
await nats.close();
await client.end();
