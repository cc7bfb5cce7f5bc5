// SPDX-License-Identifier: Apache-2.0
// Goal: a donor gets the receipt of a gift as PDF, in their language and time zone; the
// first is the original, later ones say what they are; others get none.
// Method: receipts over HTTP, read back by poppler: their words, fonts and tags; refused
// requests; many at once.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePerson, type Person } from "../lib/account.ts";
import { startApi } from "../lib/api.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { type CreatedPledge, pledgeBody, type Problem } from "../lib/http.ts";
import { contract } from "../lib/openapi.ts";
import { pledgeIs, storedPledge } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";

const context = useStack();
const run = promisify(execFile);

interface Issue {
  number: number;
  kind: string;
  via: string;
}

let owner: Person;
let viewer: Person;
let stranger: Person;
let campaign: string;
let folder: string;

beforeAll(async () => {
  owner = await makePerson(context.stack, context.sql, context.http, "owner");
  viewer = await makePerson(context.stack, context.sql, context.http);
  stranger = await makePerson(context.stack, context.sql, context.http);
  campaign = await makeCampaign(context.sql);
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  await context.sql.rows("INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES ($1, $2, 'viewer')", [campaign, viewer.id]);
  folder = await mkdtemp(path.join(tmpdir(), "careforall-receipts-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function confirmed(name = "Ada Lovelace", where = campaign, amount = 123_450, currency = "EUR"): Promise<CreatedPledge> {
  const made = await context.http.pledge(where, pledgeBody(amount, { amount: { amount, currency }, donor: { name, email: "ada@example.org" } }));
  expect(made.status, made.text).toBe(201);
  await pledgeIs(context.sql, made.body.id, "confirmed");
  return made.body;
}

interface Got {
  status: number;
  headers: Headers;
  pdf: Buffer;
  problem: Problem & { state?: string; errors?: { pointer: string }[] };
}

/** Asks for a receipt; what comes is checked against openapi.yaml. */
async function issue(id: string, headers: Record<string, string>, json: object = {}, base = context.stack.url("API")): Promise<Got> {
  const where = `/api/v1/pledges/${id}/receipts`;
  const response = await fetch(`${base}${where}`, {
    method: "POST",
    body: JSON.stringify(json),
    headers: { "Content-Type": "application/json", "Idempotency-Key": randomUUID(), ...headers },
  });
  const pdf = Buffer.from(await response.arrayBuffer());
  const text = pdf.toString("latin1");
  expect(contract().judge({ method: "POST", path: where, status: response.status, headers: response.headers, text })).toEqual([]);
  return { status: response.status, headers: response.headers, pdf, problem: response.ok ? {} as Got["problem"] : JSON.parse(pdf.toString()) as Got["problem"] };
}

const asPerson = (person: Person) => ({ Authorization: `Bearer ${person.token}` });
const byLink = (pledge: CreatedPledge, more: Record<string, string> = {}) => ({ "Pledge-Token": pledge.token, ...more });

async function kept(pdf: Buffer): Promise<string> {
  const file = path.join(folder, `${randomUUID()}.pdf`);
  await writeFile(file, pdf);
  return file;
}

/** The words of a document, with one blank between them. */
async function wordsOf(pdf: Buffer): Promise<string> {
  const { stdout } = await run("pdftotext", ["-layout", await kept(pdf), "-"]);
  return stdout.replace(/[\s\u00a0]+/g, " ").replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}

async function infoOf(pdf: Buffer): Promise<Record<string, string>> {
  const { stdout } = await run("pdfinfo", ["-isodates", await kept(pdf)]);
  return Object.fromEntries(stdout.trim().split("\n").map((line) => line.split(/:\s+/, 2) as [string, string]));
}

async function giveBack(pledge: CreatedPledge, amount: number, currency = "EUR"): Promise<void> {
  const before = (await storedPledge(context.sql, pledge.id)).refunded_minor;
  const asked = await owner.http.call("POST", `/api/v1/pledges/${pledge.id}/refunds`, {
    json: { amount: { amount, currency }, reason: "For a test" },
    headers: { "Idempotency-Key": randomUUID() },
  });
  expect(asked.status, asked.text).toBe(202);
  await until("the money to go back", async () => (await storedPledge(context.sql, pledge.id)).refunded_minor === before + amount);
}

describe("the receipt of a gift", () => {
  test("is the original, then a copy, then a replacement; the same request is the same bytes", async () => {
    const pledge = await confirmed();
    const key = { "Idempotency-Key": randomUUID() };
    const english = { language: "en", time_zone: "Asia/Kathmandu" };
    const first = await issue(pledge.id, byLink(pledge, key), english);
    expect(first.status).toBe(201);
    expect(first.headers.get("content-disposition")).toBe(`attachment; filename="receipt-${pledge.id}-1.pdf"`);
    expect(first.headers.get("content-language")).toBe("en");
    expect(first.headers.get("cache-control")).toBe("no-store");
    const words = await wordsOf(first.pdf);
    for (const part of [pledge.id, "Donation receipt", "Received from Ada Lovelace", "Paid in all EUR 1,234.50", "(UTC+05:45)", "Asia/Kathmandu", "Issued by CareForAll on "]) {
      expect(words).toContain(part);
    }
    expect(words).not.toMatch(/Copy|again|Replacement|Given back/);
    expect(await infoOf(first.pdf)).toMatchObject({ Title: `Donation receipt ${pledge.id}`, Author: "CareForAll", Tagged: "yes", Pages: "1", "Page size": "595.276 x 841.89 pts (A4)" });

    const again = await issue(pledge.id, byLink(pledge, key), english);
    expect(again.status).toBe(201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.pdf.equals(first.pdf)).toBe(true);
    expect((await issue(pledge.id, byLink(pledge, key), { language: "de" })).problem.code).toBe("idempotency-key-reused");

    const second = await wordsOf((await issue(pledge.id, byLink(pledge))).pdf);
    expect(second).toMatch(/Copy Issued again on \d+ \w+ \d{4}, \d\d:\d\d \(UTC\+05:45\) \(no\. 2\)\. It states the same as the receipt of \d+ /);
    await giveBack(pledge, 20_000);
    const third = await wordsOf((await issue(pledge.id, byLink(pledge), { time_zone: "Europe/London" })).pdf);
    expect(third).toMatch(/Replacement Issued again on .* \(no\. 3\) because money was given back since\. It replaces the receipt of /);
    expect(third).toMatch(/Given back on .* −EUR 200\.00 What remains EUR 1,034\.50/);
    await giveBack(pledge, 103_450);
    const last = await wordsOf((await issue(pledge.id, byLink(pledge))).pdf);
    expect(last).toContain("This gift was returned in full.");
    expect(last).toMatch(/−EUR 1,034\.50 What remains EUR 0\.00/);
    expect(await wordsOf((await issue(pledge.id, byLink(pledge, key), english)).pdf)).toBe(words);

    const list = await context.http.get<{ items: Issue[] }>(`/api/v1/pledges/${pledge.id}/receipts`, { "Pledge-Token": pledge.token });
    expect(list.body.items.map(({ number, kind, via }) => [number, kind, via])).toEqual([
      [1, "original", "link"],
      [2, "copy", "link"],
      [3, "replacement", "link"],
      [4, "replacement", "link"],
    ]);
  });

  test("is in the language asked for, or spoken, with its numbers, fonts and direction", async () => {
    const pledge = await confirmed("محمد علي");
    const german = await issue(pledge.id, byLink(pledge, { "Accept-Language": "fr, de-AT;q=0.8, en;q=0.5" }), { time_zone: "Europe/Berlin" });
    expect(german.headers.get("content-language")).toBe("de");
    const words = await wordsOf(german.pdf);
    expect(words).toContain("Insgesamt bezahlt 1.234,50 EUR");
    expect(words).toMatch(/Bezahlt am \d+\. \S+ \d{4}, \d\d:\d\d Uhr \(UTC\+0[12]:00\)/);
    const arabic = await issue(pledge.id, byLink(pledge, { "Accept-Language": "de" }), { language: "ar", time_zone: "Africa/Cairo" });
    expect(arabic.headers.get("content-language")).toBe("ar");
    expect(await wordsOf(arabic.pdf)).toContain("1,234.50 EUR");
    expect((await infoOf(arabic.pdf)).Title).toBe(`إيصال تبرع ${pledge.id}`);
    expect(arabic.pdf.toString("latin1")).toMatch(/\/Lang \(ar\) \/ViewerPreferences << \/DisplayDocTitle true \/Direction \/R2L >>/);
    const { stdout: fonts } = await run("pdffonts", [await kept(arabic.pdf)]);
    expect(fonts.trim().split("\n").slice(2).every((line) => /^\w{6}\+DejaVuSans\S* .* yes yes yes /.test(line))).toBe(true);
    // As before, unless something else is asked for.
    expect((await issue(pledge.id, byLink(pledge, { "Accept-Language": "de" }))).headers.get("content-language")).toBe("ar");
  });

  test.each([
    ["JPY", 1500, "JPY 1,500"],
    ["KWD", 1_234_567, "KWD 1,234.567"],
  ])("has the decimals of %s", async (currency, amount, shown) => {
    const where = await makeCampaign(context.sql, { currency });
    const pledge = await confirmed("Ada", where, amount, currency);
    expect(await wordsOf((await issue(pledge.id, byLink(pledge), { language: "en" })).pdf)).toContain(`Paid in all ${shown} `);
  });

  test("shows names of any script, and is not turned round by one", async () => {
    const long = "Wolfeschlegelsteinhausenbergerdorff ".repeat(3).trim();
    for (const name of ["山田太郎 नमस्ते สวัสดี 😀", long, "שלום محمد 123"]) {
      const pledge = await confirmed(name);
      const { pdf } = await issue(pledge.id, byLink(pledge), { language: "en" });
      const { stdout } = await run("pdffonts", [await kept(pdf)]);
      expect(stdout).toContain("DejaVuSans");
      const words = await wordsOf(pdf);
      expect(words, name).toContain("Paid in all EUR 1,234.50");
      if (name === long) expect(words).toContain("Wolfeschlegelsteinhausenbergerdorff");
    }
    const pledge = await confirmed("evil \u202e00.1 RUE lla ni diaP\u2066");
    expect(await wordsOf((await issue(pledge.id, byLink(pledge), { language: "en" })).pdf)).toContain("Received from evil 00.1 RUE lla ni diaP ");
  });

  test("is for the donor, by link or account, and for those who may edit the campaign", async () => {
    const pledge = await confirmed();
    for (const [headers, status] of [
      [{}, 404],
      [{ "Pledge-Token": "wrong" }, 404],
      [byLink(await confirmed()), 404],
      [asPerson(stranger), 404],
      [asPerson(viewer), 403],
    ] as const) {
      expect((await issue(pledge.id, headers)).status, JSON.stringify(headers)).toBe(status);
    }
    expect((await issue(randomUUID(), asPerson(owner))).status).toBe(404);
    expect((await issue("receipt", asPerson(owner))).status).toBe(404);
    expect((await stranger.http.call("GET", `/api/v1/pledges/${pledge.id}/receipts`)).status).toBe(404);
    expect((await issue(pledge.id, asPerson(owner))).headers.get("content-disposition")).toContain("-1.pdf");
    const audit = await context.sql.row("SELECT actor, detail ->> 'acts_for' AS acts_for FROM careforall.audit_log WHERE action = 'receipt.issue' AND target_id = $1", [pledge.id]);
    expect(audit.acts_for).toBe(`account:${owner.id}`);
    await stranger.http.call("POST", `/api/v1/pledges/${pledge.id}/claim`, { headers: { "Pledge-Token": pledge.token } });
    expect((await issue(pledge.id, asPerson(stranger))).headers.get("content-disposition")).toContain("-2.pdf");
    const list = await viewer.http.call<{ items: Issue[] }>("GET", `/api/v1/pledges/${pledge.id}/receipts`);
    expect(list.body.items.map(({ via }) => via)).toEqual(["campaign", "account"]);
  });

  test("needs money that came, a key, and a body that fits", async () => {
    await context.provider.configure({ hold: true });
    try {
      const pending = (await context.http.pledge(campaign, pledgeBody(500))).body;
      const got = await issue(pending.id, byLink(pending));
      expect([got.status, got.problem.code, got.problem.state]).toEqual([409, "illegal-transition", "pending"]);
    } finally {
      await context.provider.configure({ hold: false });
      await context.provider.flush();
    }
    const pledge = await confirmed();
    for (const [json, headers, status, code] of [
      [{ language: "fr" }, {}, 422, "validation-failed"],
      [{ time_zone: "Europe/Atlantis" }, {}, 422, "validation-failed"],
      [{ time_zone: "UTC+3" }, {}, 422, "validation-failed"],
      [{ time_zone: "" }, {}, 422, "validation-failed"],
      [{ zone: "UTC" }, {}, 400, "invalid-json"],
      [{}, { "Idempotency-Key": "k".repeat(300) }, 400, "idempotency-key-invalid"],
      [{}, { Accept: "text/html" }, 406, "not-acceptable"],
    ] as const) {
      const got = await issue(pledge.id, byLink(pledge, headers), json);
      expect([got.status, got.problem.code], JSON.stringify([json, headers])).toEqual([status, code]);
    }
    const list = await context.http.get<{ items: Issue[] }>(`/api/v1/pledges/${pledge.id}/receipts`, { "Pledge-Token": pledge.token });
    expect(list.body.items).toEqual([]);
  });
});

describe("many receipts at once", () => {
  test("are one original and copies, each with a number of its own", async () => {
    const pledge = await confirmed();
    const answers = await Promise.all(Array.from({ length: 12 }, () => issue(pledge.id, byLink(pledge), { language: "en" })));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(12).fill(201));
    const words = await Promise.all(answers.map(({ pdf }) => wordsOf(pdf)));
    expect(words.filter((text) => !text.includes("Issued again"))).toHaveLength(1);
    const numbers = words.map((text) => Number(/\(no\. (\d+)\)/.exec(text)?.[1] ?? 1));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  test("have an end, and let others through", async () => {
    const pledge = await confirmed();
    const api = await startApi(context.stack, { API_WORKERS: "1" });
    const lock = await context.sql.client();
    try {
      // Nothing can be issued as long as the pledge is held.
      await lock.query("BEGIN");
      await lock.query("SELECT FROM careforall.pledges WHERE id = $1 FOR UPDATE", [pledge.id]);
      const answers: Got[] = [];
      const all = Array.from({ length: 40 }, async () => answers.push(await issue(pledge.id, byLink(pledge), {}, api.url)));
      await until("those beyond 32 to be refused", () => Promise.resolve(answers.length >= 8));
      expect((await fetch(`${api.url}/api/v1/campaigns/${campaign}`)).status).toBe(200);
      expect(answers.map(({ problem }) => problem.code)).toEqual(Array<string>(8).fill("overloaded"));
      await lock.query("ROLLBACK");
      await Promise.all(all);
      expect(answers.slice(8).map(({ status }) => status)).toEqual(Array<number>(32).fill(201));
    } finally {
      await lock.end();
      await api.stop();
    }
  });

  test("are limited like other downloads", async () => {
    const pledge = await confirmed();
    const api = await startApi(context.stack, { RATE_EXEMPT: "", RATE_EXPORT: "address 2/1min" });
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 3; i++) statuses.push((await issue(pledge.id, byLink(pledge), {}, api.url)).status);
      expect(statuses).toEqual([201, 201, 429]);
    } finally {
      await api.stop();
    }
  });
});
