// SPDX-License-Identifier: Apache-2.0
// Goal: an export has every pledge, is safe to open in a spreadsheet, and costs the API
// the memory of a page, however long it is and however slowly it is read. Method: a corpus
// of cells read back by an independent CSV parser; 20,000 rows; readers that stall or leave.
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { type Problem } from "../lib/http.ts";
import { scrape } from "../lib/metrics.ts";
import { sleep, until } from "../lib/until.ts";

const context = useStack();
const ROWS = 20_000;

let owner: Person;
let viewer: Person;
let stranger: Person;
let large: string;

async function ownCampaign(): Promise<string> {
  const campaign = await makeCampaign(context.sql);
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  await context.sql.rows("INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES ($1, $2, 'viewer')", [
    campaign,
    viewer.id,
  ]);
  return campaign;
}

/** One statement that no trigger sees. */
async function untriggered(text: string, values: unknown[]): Promise<void> {
  const client = await context.sql.client();
  try {
    await client.query("BEGIN");
    await client.query("SET LOCAL session_replication_role = replica");
    await client.query(text, values);
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
}

const filled: string[] = [];

/** Pledges of which nobody hears, without history: the rows are what counts here. */
async function fill(campaign: string, count: number): Promise<void> {
  filled.push(campaign);
  await untriggered(
    `INSERT INTO careforall.pledges (campaign_id, amount_minor, currency, donor_name, donor_email, message,
         state, state_reason, hold_expires_at)
       SELECT $1, 100 + n, 'EUR', 'Donor ' || n, 'donor' || n || '@example.org', repeat('words ', 20), 'failed', 'expired',
         careforall.clock()
       FROM generate_series(1, $2::int) n`,
    [campaign, count],
  );
}

afterAll(() => untriggered("DELETE FROM careforall.pledges WHERE campaign_id = ANY ($1::uuid[])", [filled]));

beforeAll(async () => {
  owner = await makePerson(context.stack, context.sql, context.http, "owner");
  viewer = await makePerson(context.stack, context.sql, context.http);
  stranger = await makePerson(context.stack, context.sql, context.http, "owner");
  large = await ownCampaign();
  await fill(large, ROWS);
});

const where = (campaign: string, query = ""): string => `/api/v1/campaigns/${campaign}/pledges/export${query}`;
const rows = (text: string): Record<string, string>[] => parse(text, { columns: true, relax_column_count: false });

/** Opens an export on a raw socket and reads nothing of it. */
function stalled(campaign: string): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect(context.stack.port("API"), "127.0.0.1");
    socket.pause();
    socket.once("error", fail);
    socket.write(`GET ${where(campaign)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${owner.token}\r\n\r\n`, () => {
      done(socket);
    });
  });
}

const openExports = async (): Promise<number> => (await scrape(context.stack, "API_ADMIN")).get("careforall_exports_open") ?? 0;

/** Resident memory of all processes of the API, in MiB. */
async function memory(): Promise<number> {
  const parent = await context.stack.pid("api");
  const children = (await readFile(`/proc/${parent}/task/${parent}/children`, "utf8")).trim().split(" ");
  let sum = 0;
  for (const pid of children) {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    sum += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }
  return sum;
}

describe("cells", () => {
  const corpus = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://x.example\",\"y\")", "=cmd|' /C calc'!A0", "+\"x\"", "-2+3+cmd|' /C calc'!A0",
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff201", "plain", "a,b", "say \"hi\"", "two\nlines", "'quoted", "1,234.50", "Zo\u00eb \u{1f600}", " =1", "a=1", ";=1",
  ];
  const isFormula = (text: string): boolean => /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/u.test(text);

  test("come back as they were, and none of them begins a formula", async () => {
    const campaign = await ownCampaign();
    for (const message of corpus) {
      const body = { amount: { amount: 1234, currency: "EUR" }, donor: { name: "=A1 & B", email: "a@example.org" }, message };
      expect((await context.http.pledge(campaign, body)).status, message).toBe(201);
    }
    const file = await owner.http.get(where(campaign));
    expect(file.status).toBe(200);
    expect(file.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(file.headers.get("content-disposition")).toMatch(/^attachment; filename="pledges-test-[a-z0-9-]+\.csv"$/);
    expect(file.headers.get("cache-control")).toBe("no-store");
    expect(file.text.endsWith("\r\n")).toBe(true);
    const read = rows(file.text);
    expect(read.map((row) => row.message?.replace(/^'(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])/u, "")).reverse()).toEqual(corpus);
    for (const row of read) {
      for (const [name, cell] of Object.entries(row)) expect(isFormula(cell), `${name}: ${cell}`).toBe(false);
      expect(row).toMatchObject({ amount: "12.34", gift: "12.34", fee: "0.00", currency: "EUR", donor_name: "'=A1 & B" });
    }
  });

  test("in JSON are as they are", async () => {
    const campaign = await ownCampaign();
    const body = { amount: { amount: 1234, currency: "EUR" }, donor: { name: "=A1", email: "a@example.org" }, message: "=1+1" };
    await context.http.pledge(campaign, body);
    const file = await owner.http.get<{ items: { message: string; amount: unknown }[] }>(where(campaign, "?format=json"));
    expect(file.headers.get("content-type")).toBe("application/json");
    expect(file.body.items).toHaveLength(1);
    expect(file.body.items[0]).toMatchObject({ message: "=1+1", amount: { amount: 1234, currency: "EUR" } });
  });
});

describe("an export", () => {
  test("has every row once, newest first", async () => {
    const file = await owner.http.get(where(large));
    const references = rows(file.text).map((row) => row.reference ?? "");
    expect(references).toHaveLength(ROWS);
    expect(new Set(references).size).toBe(ROWS);
    expect([...references].sort().reverse()).toEqual(references);
    const json = await owner.http.get<{ items: { id: string }[] }>(where(large, "?format=json"));
    expect(json.body.items.map((item) => item.id)).toEqual(references);
  });

  test("obeys the filters of the list", async () => {
    const file = await owner.http.get(where(large, "?min_amount=150&max_amount=152&state=failed&q=donor%205"));
    expect(rows(file.text).map((row) => row.amount)).toEqual(["1.52", "1.51", "1.50"]);
    const none = await owner.http.get(where(large, "?state=confirmed"));
    expect(rows(none.text)).toEqual([]);
    expect(none.text).toContain("reference,created_at,state");
    const empty = await owner.http.get<{ items: unknown[] }>(where(large, "?state=confirmed&format=json"));
    expect(empty.body.items).toEqual([]);
  });

  test("with a number of rows that fills its pages ends", async () => {
    for (const count of [500, 1000]) {
      const campaign = await ownCampaign();
      await fill(campaign, count);
      expect(rows((await owner.http.get(where(campaign))).text)).toHaveLength(count);
      expect((await owner.http.get<{ items: unknown[] }>(where(campaign, "?format=json"))).body.items).toHaveLength(count);
    }
  });

  test("is for the team; a viewer gets no e-mail addresses; who exported what is kept", async () => {
    const campaign = await ownCampaign();
    await fill(campaign, 3);
    expect(rows((await viewer.http.get(where(campaign, "?q=donor"))).text).map((row) => row.donor_email)).toEqual(["", "", ""]);
    expect(rows((await viewer.http.get(where(campaign, "?q=@example"))).text)).toEqual([]);
    expect((await context.http.get(where(campaign))).status).toBe(401);
    expect((await stranger.http.get<Problem>(where(campaign))).body.code).toBe("forbidden");
    expect((await owner.http.get(where("no-id"))).status).toBe(404);
    for (const query of ["?format=xml", "?limit=5", "?q="]) expect((await owner.http.get(where(campaign, query))).status, query).toBe(400);
    expect((await owner.http.get(where(campaign), { Accept: "application/json" })).status).toBe(406);
    const audit = await context.sql.rows(
      "SELECT detail FROM careforall.audit_log WHERE action = 'pledges.export' AND target_id = $1 ORDER BY id",
      [campaign],
    );
    expect(audit.map((row) => row.detail)).toEqual([
      { format: "csv", filters: { q: "donor" }, with_emails: false, acts_for: `account:${viewer.id}` },
      { format: "csv", filters: { q: "@example" }, with_emails: false, acts_for: `account:${viewer.id}` },
    ]);
  });

  test("keeps its connection for the next request, and HEAD has no body", async () => {
    const campaign = await ownCampaign();
    await fill(campaign, 2);
    const head = `Host: localhost\r\nAuthorization: Bearer ${owner.token}\r\n`;
    const text = await new Promise<string>((done, fail) => {
      let seen = "";
      const socket = connect(context.stack.port("API"), "127.0.0.1", () => {
        socket.write(
          `HEAD ${where(campaign)} HTTP/1.1\r\n${head}\r\nGET ${where(campaign)} HTTP/1.1\r\n${head}\r\n` +
            `GET /healthz HTTP/1.1\r\n${head}Connection: close\r\n\r\n`,
        );
      });
      socket.setTimeout(10_000, () => socket.destroy(new Error(`silent after ${seen}`)));
      socket.on("data", (chunk: Buffer) => (seen += chunk.toString()));
      socket.on("error", fail);
      socket.on("close", () => {
        done(seen);
      });
    });
    const parts = text.split("HTTP/1.1 200 OK\r\n").slice(1);
    expect(parts).toHaveLength(3);
    expect(parts[0]?.split("\r\n\r\n")[1]).toBe("");
    expect(parts[1]).toContain("transfer-encoding: chunked");
    expect(parts[1]).toMatch(/\r\n0\r\n\r\n$/);
  });

  test("by HTTP/1.0 comes without chunks and ends with the connection", async () => {
    const campaign = await ownCampaign();
    await fill(campaign, 600);
    const text = await new Promise<string>((done, fail) => {
      let seen = "";
      const socket = connect(context.stack.port("API"), "127.0.0.1", () => {
        socket.write(`GET ${where(campaign)} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer ${owner.token}\r\n\r\n`);
      });
      socket.setTimeout(10_000, () => socket.destroy(new Error("silent")));
      socket.on("data", (chunk: Buffer) => (seen += chunk.toString()));
      socket.on("error", fail);
      socket.on("close", () => {
        done(seen);
      });
    });
    const [head = "", ...body] = text.split("\r\n\r\n");
    expect(head).not.toContain("transfer-encoding");
    expect(rows(body.join("\r\n\r\n"))).toHaveLength(600);
  });
});

describe("readers that are slow or leave", () => {
  test("hold one page in memory, few at a time, and cost others nothing", async () => {
    await until("no export to be open", async () => (await openExports()) === 0);
    await owner.http.get(where(large));
    const before = await memory();
    const sockets: Socket[] = [];
    try {
      for (let i = 0; i < 12; i++) sockets.push(await stalled(large));
      await sleep(1_000);
      expect(await openExports()).toBeGreaterThan(0);
      expect(await openExports()).toBeLessThanOrEqual(4);
      expect((await memory()) - before).toBeLessThan(12);
      expect((await context.http.get("/api/v1/campaigns")).status).toBe(200);
      const refused = await Promise.all(Array.from({ length: 8 }, () => owner.http.get(where(large, "?state=pending"))));
      expect(refused.every((answer) => answer.status === 429)).toBe(true);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await until("the exports to be given up", async () => (await openExports()) === 0);
    expect((await owner.http.get(where(large))).status).toBe(200);
  });

  test("who reads on after a pause gets the whole file", async () => {
    const socket = await stalled(large);
    await sleep(500);
    let bytes = 0;
    let tail = "";
    await new Promise<void>((done, fail) => {
      socket.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        tail = (tail + chunk.toString("latin1")).slice(-16);
        if (tail.endsWith("\r\n0\r\n\r\n")) done();
      });
      socket.on("error", fail);
      socket.resume();
    });
    socket.destroy();
    expect(bytes).toBeGreaterThan(ROWS * 150);
  });

  test("a database that fails in the middle cuts the file, so that nobody takes it for whole", async () => {
    const socket = await stalled(large);
    await sleep(500);
    await context.sql.rows("ALTER FUNCTION careforall.pledge_export_page RENAME TO pledge_export_page_away");
    try {
      const text = await new Promise<string>((done) => {
        let seen = "";
        socket.on("data", (chunk: Buffer) => (seen += chunk.toString("latin1")));
        socket.on("error", () => undefined);
        socket.on("close", () => {
          done(seen);
        });
        socket.resume();
      });
      expect(text).toContain("200 OK");
      expect(text.endsWith("\r\n0\r\n\r\n")).toBe(false);
    } finally {
      await context.sql.rows("ALTER FUNCTION careforall.pledge_export_page_away RENAME TO pledge_export_page");
    }
    expect((await owner.http.get(where(large))).status).toBe(200);
  });
});
