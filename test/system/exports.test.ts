// SPDX-License-Identifier: Apache-2.0
// Goal: an export has every pledge, is safe to open in a spreadsheet, is what its checksum
// says, ends with its day, and costs the API the memory of a part, however long it is and
// however slowly it is read. Method: a corpus of cells read back by an independent CSV
// parser; 20,000 rows; readers that stall or leave.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { type Problem } from "../lib/http.ts";
import { scrape } from "../lib/metrics.ts";
import { askTask, exported, runTask, type Task } from "../lib/task.ts";
import { sleep, until } from "../lib/until.ts";

const context = useStack();
const ROWS = 20_000;

let owner: Person;
let viewer: Person;
let stranger: Person;
let large: string;
let largeFile: string;
let largeMiB: number;

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
  const made = await runTask(owner.http, ask(large));
  largeFile = where(made);
  largeMiB = (made.file?.size ?? 0) / 1024 ** 2;
});

const ask = (campaign: string, filters: Record<string, unknown> = {}, format = "csv") => ({ kind: "pledge_export", campaign, filters, format });
const where = (task: Task): string => `/api/v1/tasks/${task.id}/file`;
const file = <T = Record<string, unknown>>(campaign: string, filters: Record<string, unknown> = {}, format = "csv", person = owner) =>
  exported<T>(person.http, ask(campaign, filters, format));
const rows = (text: string): Record<string, string>[] => parse(text, { columns: true, relax_column_count: false });

/** Opens a download on a raw socket and reads nothing of it. */
function stalled(path: string): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect(context.stack.port("API"), "127.0.0.1");
    socket.pause();
    socket.once("error", fail);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${owner.token}\r\n\r\n`, () => {
      done(socket);
    });
  });
}

const openDownloads = async (): Promise<number> => (await scrape(context.stack, "API_ADMIN")).get("careforall_downloads_open") ?? 0;

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
    const made = await file(campaign);
    expect(made.status).toBe(200);
    expect(made.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(made.headers.get("content-disposition")).toMatch(/^attachment; filename="pledges-test-[a-z0-9-]+\.csv"$/);
    expect(made.headers.get("cache-control")).toBe("no-store");
    expect(made.text.endsWith("\r\n")).toBe(true);
    const read = rows(made.text);
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
    const made = await file<{ items: { message: string; amount: unknown }[] }>(campaign, {}, "json");
    expect(made.headers.get("content-type")).toBe("application/json");
    expect(made.body.items).toHaveLength(1);
    expect(made.body.items[0]).toMatchObject({ message: "=1+1", amount: { amount: 1234, currency: "EUR" } });
  });
});

describe("an export", () => {
  test("has every row once, newest first, and is what its checksum says", async () => {
    const got = await owner.http.get(largeFile);
    const references = rows(got.text).map((row) => row.reference ?? "");
    expect(references).toHaveLength(ROWS);
    expect(new Set(references).size).toBe(ROWS);
    expect([...references].sort().reverse()).toEqual(references);
    const task = await owner.http.get<Task>(largeFile.replace(/\/file$/, ""));
    const sum = createHash("sha256").update(got.text);
    expect(got.headers.get("content-digest")).toBe(`sha-256=:${sum.copy().digest("base64")}:`);
    expect(task.body).toMatchObject({ state: "done", total: ROWS, done: ROWS, file: { rows: ROWS, size: Buffer.byteLength(got.text), has_emails: true, is_expired: false } });
    expect(task.body.file?.sha256).toBe(sum.copy().digest("hex"));
    expect(got.headers.get("etag")).toBe(`"${sum.digest("hex")}"`);
    const json = await file<{ items: { id: string }[] }>(large, { min_amount: ROWS - 1899 }, "json");
    expect(json.body.items.map((item) => item.id)).toEqual(references.slice(0, 2000));
  });

  test("obeys the filters of the list", async () => {
    const some = await file(large, { min_amount: 150, max_amount: 152, state: "failed", q: "donor 5" });
    expect(rows(some.text).map((row) => row.amount)).toEqual(["1.52", "1.51", "1.50"]);
    const none = await file(large, { state: "confirmed" });
    expect(rows(none.text)).toEqual([]);
    expect(none.text).toContain("reference,created_at,state");
    expect((await file<{ items: unknown[] }>(large, { state: "confirmed" }, "json")).body.items).toEqual([]);
    const preview = await owner.http.call("POST", "/api/v1/task-preview", { json: ask(large, { min_amount: 150, max_amount: 152 }) });
    expect(preview.body).toEqual({ total: 3, is_too_large: false, amount: { amount: 453, currency: "EUR" } });
  });

  test("with a number of rows that fills its pages ends", async () => {
    for (const count of [1000, 2000]) {
      const campaign = await ownCampaign();
      await fill(campaign, count);
      expect(rows((await file(campaign)).text)).toHaveLength(count);
      expect((await file<{ items: unknown[] }>(campaign, {}, "json")).body.items).toHaveLength(count);
    }
  });

  test("is for the team; a viewer gets no e-mail addresses; who exported and downloaded what is kept", async () => {
    const campaign = await ownCampaign();
    await fill(campaign, 3);
    expect(rows((await file(campaign, { q: "donor" }, "csv", viewer)).text).map((row) => row.donor_email)).toEqual(["", "", ""]);
    expect(rows((await file(campaign, { q: "@example" }, "csv", viewer)).text)).toEqual([]);
    const full = where(await runTask(owner.http, ask(campaign)));
    expect((await viewer.http.get<Problem>(full)).body.code).toBe("forbidden");
    expect((await viewer.http.get(full.replace(/\/file$/, ""))).status).toBe(200);
    expect((await stranger.http.get<Problem>(full)).status).toBe(404);
    expect((await context.http.get(full)).status).toBe(401);
    expect((await owner.http.get("/api/v1/tasks/no-id/file")).status).toBe(404);
    expect((await askTask<Problem>(context.http, ask(campaign))).status).toBe(401);
    expect((await askTask<Problem>(stranger.http, ask(campaign))).body.code).toBe("forbidden");
    for (const bad of [{ filters: { q: "" } }, { filters: { ids: [] } }, { format: "xml" }, { dry_run: true }, { kind: "audit" }, { campaign: undefined }]) {
      expect((await askTask<Problem>(owner.http, { ...ask(campaign), ...bad })).body.code, JSON.stringify(bad)).toBe("validation-failed");
    }
    expect((await askTask<Problem>(owner.http, { ...ask(campaign), limit: 5 })).body.code).toBe("invalid-json");
    expect((await owner.http.get(full, { Accept: "application/json" })).status).toBe(406);
    const audit = await context.sql.rows(
      `SELECT action, detail - 'task_id' - 'campaign_id' AS detail FROM careforall.audit_log
       WHERE action IN ('pledges.export', 'task.download') AND $1 IN (target_id, detail ->> 'campaign_id') ORDER BY id`,
      [campaign],
    );
    const asked = (filters: unknown, by: Person, with_emails: boolean) => ({ action: "pledges.export", detail: { format: "csv", filters, with_emails, acts_for: `account:${by.id}` } });
    const read = (by: Person, rows: number) => ({ action: "task.download", detail: { kind: "pledge_export", rows, with_emails: false, acts_for: `account:${by.id}` } });
    expect(audit).toEqual([
      asked({ q: "donor" }, viewer, false), read(viewer, 3), asked({ q: "@example" }, viewer, false), read(viewer, 0), asked({}, owner, true),
    ]);
  });

  test("is there until its day is over, and is not sent twice to who has it", async () => {
    const campaign = await ownCampaign();
    await fill(campaign, 2);
    const task = await runTask(owner.http, ask(campaign));
    const etag = `"${task.file?.sha256 ?? ""}"`;
    const again = await owner.http.get(where(task), { "If-None-Match": etag });
    expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", etag]);
    await context.sql.rows("UPDATE careforall.tasks SET finished_at = careforall.clock() - interval '24 hours' WHERE id = $1", [task.id]);
    const late = await owner.http.get<Problem>(where(task));
    expect([late.status, late.body.code]).toEqual([410, "gone"]);
    expect((await owner.http.get<Task>(`/api/v1/tasks/${task.id}`)).body.file?.is_expired).toBe(true);
  });

  test("keeps its connection for the next request, and HEAD has no body", async () => {
    const campaign = await ownCampaign();
    await fill(campaign, 2);
    const path = where(await runTask(owner.http, ask(campaign)));
    const head = `Host: localhost\r\nAuthorization: Bearer ${owner.token}\r\n`;
    const text = await new Promise<string>((done, fail) => {
      let seen = "";
      const socket = connect(context.stack.port("API"), "127.0.0.1", () => {
        socket.write(
          `HEAD ${path} HTTP/1.1\r\n${head}\r\nGET ${path} HTTP/1.1\r\n${head}\r\n` +
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
    const text = await new Promise<string>((done, fail) => {
      let seen = "";
      const socket = connect(context.stack.port("API"), "127.0.0.1", () => {
        socket.write(`GET ${largeFile} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer ${owner.token}\r\n\r\n`);
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
    expect(rows(body.join("\r\n\r\n"))).toHaveLength(ROWS);
  });
});

describe("readers that are slow or leave", () => {
  test("hold one part in memory, few at a time, and cost others nothing", async () => {
    await until("no download to be open", async () => (await openDownloads()) === 0);
    await owner.http.get(largeFile);
    const before = await memory();
    const sockets: Socket[] = [];
    try {
      for (let i = 0; i < 12; i++) sockets.push(await stalled(largeFile));
      await sleep(1_000);
      expect(await openDownloads()).toBeGreaterThan(0);
      expect(await openDownloads()).toBeLessThanOrEqual(4);
      // Four of them whole would be more.
      expect((await memory()) - before).toBeLessThan(4 * largeMiB * 0.9);
      expect((await context.http.get("/api/v1/campaigns")).status).toBe(200);
      const refused = await Promise.all(Array.from({ length: 8 }, () => owner.http.get(largeFile)));
      expect(refused.every((answer) => answer.status === 429)).toBe(true);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await until("the downloads to be given up", async () => (await openDownloads()) === 0);
    expect((await owner.http.get(largeFile)).status).toBe(200);
  });

  test("who reads on after a pause gets the whole file", async () => {
    await until("no download to be open", async () => (await openDownloads()) === 0);
    const socket = await stalled(largeFile);
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
      socket.on("close", () => {
        fail(new Error(`cut after ${bytes} bytes`));
      });
      socket.setTimeout(30_000, () => socket.destroy(new Error(`silent after ${bytes} bytes: ${tail}`)));
      socket.resume();
    });
    socket.destroy();
    expect(bytes).toBeGreaterThan(ROWS * 150);
  });

  test("a database that fails in the middle cuts the file, so that nobody takes it for whole", async () => {
    const socket = await stalled(largeFile);
    await sleep(500);
    await context.sql.rows("ALTER FUNCTION careforall.task_file_part RENAME TO task_file_part_away");
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
      await context.sql.rows("ALTER FUNCTION careforall.task_file_part_away RENAME TO task_file_part");
    }
    expect((await owner.http.get(largeFile)).status).toBe(200);
  });
});
