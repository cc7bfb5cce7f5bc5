// SPDX-License-Identifier: Apache-2.0
// Goal: over HTTP people wait for a place, see and leave theirs, and learn nothing of others;
// those who run the campaign see, invite, remove and export; a mailer hears of it from the
// stream. Method: one of each kind calls every route, well and badly; two joins of one address
// are compared with two of different ones, member by member.
import { randomUUID } from "node:crypto";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, test } from "vitest";
import { makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makePool, makeReward } from "../lib/fixtures.ts";
import { type Answer, type Http, pledgeBody, type Problem } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";

const context = useStack();

interface Entry {
  id: string;
  state: string;
  position: number | null;
  is_free: boolean;
  invited_at: string | null;
  joined_at: string;
  token: string | null;
}
interface PersonEntry {
  id: string;
  name: string;
  email: string | null;
  state: string;
  has_given: boolean;
  reward: { id: string; title: string } | null;
}
interface Places {
  campaign: { waiting: number; is_free: boolean };
  rewards: { id: string; held: number; taken: number; free: number | null; waiting: number; invited: number; is_free: boolean }[];
  pools: { id: string; capacity: number | null; held: number; free: number | null }[];
}

let donor: Person;
let owner: Person;
let viewer: Person;
let stranger: Person;

beforeAll(async () => {
  const person = (role: "donor" | "owner") => makePerson(context.stack, context.sql, context.http, role);
  [donor, owner, viewer, stranger] = [await person("donor"), await person("owner"), await person("donor"), await person("owner")];
});

const anyone = (): string => `${randomUUID()}@example.org`;
const link = (token: string | null): Record<string, string> => ({ "Waiting-Token": token ?? "" });

async function teamCampaign(options: Parameters<typeof makeCampaign>[1] = {}): Promise<string> {
  const campaign = await makeCampaign(context.sql, options);
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  await context.sql.rows("INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES ($1, $2, 'viewer')", [campaign, viewer.id]);
  return campaign;
}

/** A campaign with a reward that nobody can have. */
async function soldOut(): Promise<{ campaign: string; reward: string }> {
  const campaign = await teamCampaign();
  return { campaign, reward: await makeReward(context.sql, campaign, { quantity: 0 }) };
}

function join(campaign: string, more: Record<string, unknown> = {}, http: Http = context.http): Promise<Answer<Entry>> {
  return http.call<Entry>("POST", `/api/v1/campaigns/${campaign}/waiting`, { json: { name: "Wanda", email: anyone(), ...more } });
}
const list = (person: Person, campaign: string, query = "") =>
  person.http.call<{ items: PersonEntry[]; next_cursor: string | null }>("GET", `/api/v1/campaigns/${campaign}/waiting${query}`, {
    headers: { Prefer: "count=exact" },
  });
const places = async (campaign: string): Promise<Places> =>
  (await owner.http.call<Places>("GET", `/api/v1/campaigns/${campaign}/places`)).body;

describe("joining", () => {
  test("an address in the queue is answered as one that is not", async () => {
    const { campaign, reward } = await soldOut();
    const email = anyone();
    const first = await join(campaign, { email, reward_id: reward });
    expect(first.status).toBe(201);
    expect(first.headers.get("location")).toBe(`/api/v1/waiting/${first.body.id}`);
    expect(first.body).toMatchObject({ state: "waiting", position: 1, is_free: false });
    const again = await join(campaign, { email: email.toUpperCase().replace("EXAMPLE.ORG", "example.org"), reward_id: reward });
    const other = await join(campaign, { reward_id: reward });
    expect([again.status, again.body.position]).toEqual([201, 2]);
    expect([other.status, other.body.position]).toEqual([201, 3]);
    const shape = ({ body, headers }: Answer<Entry>) => [
      { ...body, id: "", token: body.token?.length, joined_at: body.joined_at.length, position: 0 },
      headers.get("cache-control"),
    ];
    expect(shape(again)).toEqual(shape(other));
    expect(new Set([first.body.token, again.body.token, other.body.token]).size).toBe(3);
    expect((await list(owner, campaign)).body.items.map((one) => one.email)).toEqual([email, expect.any(String)]);
  });

  test.each([
    ["no name", { name: "" }, 422],
    ["a name that is too long", { name: "x".repeat(121) }, 422],
    ["no address", { email: "wanda" }, 422],
    ["a reward that is none", { reward_id: randomUUID() }, 404],
    ["a reward that is no id", { reward_id: "gold" }, 422],
    ["a member that nobody knows", { phone: "1" }, 400],
  ])("%s is refused", async (_, more, status) => {
    const { campaign, reward } = await soldOut();
    expect((await join(campaign, { reward_id: reward, ...more })).status).toBe(status);
    expect(await context.sql.value("SELECT count(*)::int FROM careforall.waiting_entries WHERE campaign_id = $1", [campaign])).toBe(0);
  });

  test("nobody waits where a place is free, before the start or after the end", async () => {
    const open = await teamCampaign();
    const plenty = await makeReward(context.sql, open, { quantity: 1 });
    for (const reward of [plenty, null]) {
      const answer = await join(open, { reward_id: reward });
      expect([answer.status, (answer.body as unknown as Problem).code]).toEqual([409, "conflict"]);
    }
    for (const [options, reason] of [
      [{ starts: "1 day" }, "not_started"],
      [{ state: "closed" }, "closed"],
      [{ starts: "-2 days", ends: "-1 day" }, "ended"],
    ] as const) {
      const answer = await join(await teamCampaign(options));
      expect([answer.status, answer.body]).toEqual([409, expect.objectContaining({ code: "campaign-not-accepting", reason })]);
    }
    expect((await join(await teamCampaign({ state: "draft" }))).status).toBe(404);
    expect((await join(randomUUID())).status).toBe(404);
  });

  test("a paused campaign is waited for, and a full one until its cap is raised", async () => {
    expect((await join(await teamCampaign({ state: "paused" }))).status).toBe(201);
    const full = await teamCampaign({ cap: 1000 });
    await context.http.pledge(full, pledgeBody(1000));
    const entry = await join(full);
    expect([entry.status, entry.body.is_free]).toEqual([201, false]);
    await context.sql.rows("UPDATE careforall.campaigns SET cap_minor = 5000 WHERE id = $1", [full]);
    const { body } = await context.http.call<Entry>("GET", `/api/v1/waiting/${entry.body.id}`, { headers: link(entry.body.token) });
    expect(body.is_free).toBe(true);
    expect((await places(full)).campaign).toMatchObject({ waiting: 1, is_free: true });
  });

  test("an account joins once", async () => {
    const { campaign, reward } = await soldOut();
    const made = await join(campaign, { reward_id: reward }, donor.http);
    const again = await join(campaign, { reward_id: reward }, donor.http);
    expect([made.status, again.status]).toEqual([201, 200]);
    expect(again.body).toMatchObject({ id: made.body.id, token: null, position: 1 });
    const path = `/api/v1/waiting/${made.body.id}`;
    expect((await donor.http.call("GET", path)).status).toBe(200);
    expect((await stranger.http.call("GET", path)).status).toBe(404);
    expect((await stranger.http.call("DELETE", path)).status).toBe(404);
    expect((await donor.http.call("DELETE", path)).status).toBe(204);
    expect((await donor.http.call("GET", path)).status).toBe(404);
  });
});

test("only its token opens an entry; leaving deletes it", async () => {
  const { campaign, reward } = await soldOut();
  const mine = (await join(campaign, { reward_id: reward })).body;
  const other = (await join(campaign, { reward_id: reward })).body;
  const path = `/api/v1/waiting/${mine.id}`;
  const tries: [Http, Record<string, string>][] = [
    [context.http, {}],
    [context.http, link(other.token)],
    [context.http, link("")],
    [context.http, { "Pledge-Token": mine.token ?? "" }],
    [owner.http, {}],
    [owner.http, link("x".repeat(43))],
  ];
  for (const [http, headers] of tries) {
    for (const method of ["GET", "DELETE"]) expect((await http.call(method, path, { headers })).status).toBe(404);
  }
  const read = await context.http.call<Entry>("GET", path, { headers: link(mine.token) });
  expect(read.status).toBe(200);
  expect(read.body).toMatchObject({ id: mine.id, position: 1, token: null });
  expect(read.headers.get("cache-control")).toContain("no-store");
  expect((await context.http.call("DELETE", path, { headers: link(mine.token) })).status).toBe(204);
  expect((await context.http.call("GET", path, { headers: link(mine.token) })).status).toBe(404);
  expect(await context.sql.value("SELECT count(*)::int FROM careforall.waiting_entries WHERE id = $1", [mine.id])).toBe(0);
  const next = await context.http.call<Entry>("GET", `/api/v1/waiting/${other.id}`, { headers: link(other.token) });
  expect(next.body.position).toBe(1);
});

test("a place comes free: the team sees it, invites the first, who gives", async () => {
  const campaign = await teamCampaign();
  const reward = await makeReward(context.sql, campaign, { quantity: 1 });
  const taken = await context.http.pledge(campaign, pledgeBody(1000, { reward_id: reward }));
  await pledgeIs(context.sql, taken.body.id, "confirmed");
  const email = anyone();
  const first = (await join(campaign, { email, reward_id: reward })).body;
  await join(campaign, { reward_id: reward });
  expect((await places(campaign)).rewards[0]).toMatchObject({ held: 0, taken: 1, free: 0, waiting: 2, is_free: false });
  await context.sql.rows("UPDATE careforall.rewards SET quantity = 2 WHERE id = $1", [reward]);
  expect((await places(campaign)).rewards[0]).toMatchObject({ free: 1, is_free: true });

  const invite = (person: Person, entry: string, of = campaign) =>
    person.http.call<PersonEntry>("POST", `/api/v1/campaigns/${of}/waiting/${entry}/invite`);
  expect((await invite(viewer, first.id)).status).toBe(403);
  expect((await invite(stranger, first.id)).status).toBe(403);
  expect((await invite(owner, randomUUID())).status).toBe(404);
  expect((await invite(owner, first.id, await teamCampaign())).status).toBe(404);
  const invited = await invite(owner, first.id);
  expect([invited.status, invited.body.state, invited.body.email]).toEqual([200, "invited", email]);
  expect((await invite(owner, first.id)).status).toBe(200);
  const seen = await context.http.call<Entry>("GET", `/api/v1/waiting/${first.id}`, { headers: link(first.token) });
  expect(seen.body).toMatchObject({ state: "invited", position: null, is_free: true });
  expect(seen.body.invited_at).not.toBeNull();

  await context.http.pledge(campaign, pledgeBody(1000, { reward_id: reward, donor: { name: "Wanda", email } }));
  const listed = (await list(owner, campaign, "?state=invited")).body.items;
  expect(listed.map((one) => [one.id, one.has_given])).toEqual([[first.id, true]]);
  await assertInvariants(context);

  // What a mailer needs, and nothing of the person.
  const mine = await until("the events of the entry on the stream", async () => {
    const events = (await context.stream.read()).filter(({ aggregate }) => aggregate === first.id);
    return events.length >= 2 ? events : null;
  });
  expect(mine.map(({ type, subject }) => [type, subject.split(".")[1]])).toEqual([
    ["careforall.waiting.joined.v1", "waiting"],
    ["careforall.waiting.invited.v1", "waiting"],
  ]);
  for (const { data } of mine) expect(data).not.toMatch(/Wanda|example\.org/);
});

test("the team reads, removes and exports; others do not", async () => {
  const { campaign, reward } = await soldOut();
  const email = anyone();
  const entry = (await join(campaign, { name: "=1+1", email, reward_id: reward })).body;
  for (let i = 0; i < 3; i++) await join(campaign, { reward_id: reward });
  const path = `/api/v1/campaigns/${campaign}/waiting`;
  for (const [http, status] of [
    [context.http, 401],
    [stranger.http, 403],
    [donor.http, 403],
  ] as const) {
    for (const [method, at] of [
      ["GET", path],
      ["GET", `${path}-export`],
      ["GET", `/api/v1/campaigns/${campaign}/places`],
      ["DELETE", `${path}/${entry.id}`],
    ] as const)
      expect([method, at, (await http.call(method, at)).status]).toEqual([method, at, status]);
  }
  const page = await list(owner, campaign, "?limit=3");
  expect([page.body.items.length, page.headers.get("x-total-count")]).toEqual([3, "4"]);
  const rest = await list(owner, campaign, `?limit=3&cursor=${page.body.next_cursor ?? ""}`);
  expect([rest.body.items.length, rest.body.next_cursor]).toEqual([1, null]);
  expect((await list(viewer, campaign)).body.items.map((one) => one.email)).toEqual([null, null, null, null]);
  expect((await list(owner, campaign, "?queue=campaign")).body.items).toEqual([]);
  expect((await list(owner, campaign, `?queue=${reward}`)).body.items).toHaveLength(4);
  expect((await list(owner, campaign, "?state=lost")).status).toBe(400);

  const file = await owner.http.call("GET", `${path}-export?format=csv`);
  expect(file.headers.get("content-disposition")).toMatch(/^attachment; filename="waiting-test-[\d-]+\.csv"$/);
  const rows = parse<Record<string, string>>(file.text, { columns: true });
  expect(rows).toHaveLength(4);
  expect(rows[0]).toMatchObject({ entry: entry.id, state: "waiting", name: "'=1+1", email, reward: "Reward", has_given: "false" });
  const seen = parse<Record<string, string>>((await viewer.http.call("GET", `${path}-export`)).text, { columns: true });
  expect(seen.map((one) => one.email)).toEqual(["", "", "", ""]);

  expect((await viewer.http.call("DELETE", `${path}/${entry.id}`)).status).toBe(403);
  expect((await owner.http.call("DELETE", `${path}/${entry.id}`)).status).toBe(204);
  expect((await owner.http.call("DELETE", `${path}/${entry.id}`)).status).toBe(404);
  expect((await list(owner, campaign)).headers.get("x-total-count")).toBe("3");
  expect((await context.http.call("GET", `/api/v1/waiting/${entry.id}`, { headers: link(entry.token) })).status).toBe(404);
});

test("a reward and a pool are closed at what is in use, also while others pledge", async () => {
  const campaign = await teamCampaign();
  const pool = await makePool(context.sql, campaign, null);
  const reward = await makeReward(context.sql, campaign, { quantity: 50, pool });
  const pledge = () => context.http.pledge(campaign, pledgeBody(1000, { reward_id: reward }));
  await pledge();
  const at = (kind: string, id: string) => `/api/v1/campaigns/${campaign}/${kind}/${id}/close`;
  expect((await viewer.http.call("POST", at("rewards", reward))).status).toBe(403);
  expect((await owner.http.call("POST", at("rewards", randomUUID()))).status).toBe(404);
  const [closed, ...made] = await Promise.all([
    owner.http.call<{ quantity: number }>("POST", at("rewards", reward)),
    ...Array.from({ length: 8 }, pledge),
  ]);
  expect(closed.status).toBe(200);
  expect(closed.headers.get("etag")).toMatch(/^"\d+-own"$/);
  const accepted = made.filter(({ status }) => status === 201).length;
  expect(made.every(({ status }) => status === 201 || status === 409)).toBe(true);
  expect(closed.body.quantity).toBe(1 + accepted);
  expect((await pledge()).status).toBe(409);
  expect((await owner.http.call<{ capacity: number }>("POST", at("pools", pool))).body.capacity).toBe(1 + accepted);
  await assertInvariants(context);
});
