// SPDX-License-Identifier: Apache-2.0
// Goal: news reaches whom it is for: the public, or backers and the team; nobody else
// learns that there is any.
// Method: the same list read by everybody; private links that are right, wrong and of
// another campaign; edits with tags; pages.
import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { draftOf, patch, publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import type { Http } from "../lib/http.ts";
import { until } from "../lib/until.ts";

const context = useStack();
let owner: Person;
let editor: Person;
let id: string;

interface News extends Record<string, unknown> {
  id: string;
  title: string;
  version: number;
}

const news = (person: Person, json: Record<string, unknown>, campaign = id) =>
  person.http.call<News>("POST", `/api/v1/campaigns/${campaign}/updates`, { json });
const read = (http: Http, query = "", headers: Record<string, string> = {}, campaign = id) =>
  http.get<{ items: News[]; next_cursor: string | null }>(`/api/v1/campaigns/${campaign}/updates${query}`, headers);
const titles = async (...call: Parameters<typeof read>): Promise<string[]> => (await read(...call)).body.items.map((one) => one.title);

beforeAll(async () => {
  owner = await context.login("owner");
  editor = await context.login();
  ({ id } = await publishedOf(owner));
  await owner.http.call("POST", `/api/v1/campaigns/${id}/team`, { json: { email: editor.email, role: "editor" } });
});

test("each reads what is for it", async () => {
  const open = await news(owner, { title: "Open", body: "For all.\n\n- Ten metres" });
  expect([open.status, open.headers.get("location"), open.headers.get("etag")]).toEqual([201, `/api/v1/campaigns/${id}/updates/${open.body.id}`, '"1"']);
  const secret = await news(editor, { title: "Secret", body: "For you first.", visibility: "backers" });
  const pledge = await context.http.pledge(id);
  const link = { "Pledge-Token": pledge.body.token };
  const query = `?pledge=${pledge.body.id}`;
  await until("the pledge to be confirmed", async () => (await context.http.get(`/api/v1/pledges/${pledge.body.id}`, link)).body.state === "confirmed");

  expect(await titles(context.http)).toEqual(["Open"]);
  expect(await titles((await context.login("owner")).http)).toEqual(["Open"]);
  expect(await titles(context.http, query, link)).toEqual(["Secret", "Open"]);
  for (const person of [owner, editor, await context.login("admin")]) expect(await titles(person.http)).toEqual(["Secret", "Open"]);

  const donor = await context.login();
  await context.sql.rows(
    "SELECT * FROM careforall.pledge_create($1, 1000, 'EUR', 'Ada', $2, account_id => $3)",
    [id, donor.email, donor.id],
  );
  await until("the donor's pledge to be confirmed", async () => (await titles(donor.http)).length === 2);

  for (const [bad, headers] of [[query, { "Pledge-Token": "A".repeat(43) }], [query, {}], ["", link], [`?pledge=${randomUUID()}`, link], ["?pledge=x", link], [`${query}&pledge=x`, link]] as const) {
    const answer = await read(context.http, bad, headers);
    expect([400, 404], `${bad}: ${answer.text}`).toContain(answer.status);
  }
  const other = await publishedOf(owner);
  await news(owner, { title: "Elsewhere", body: "x", visibility: "backers" }, other.id);
  expect(await titles(context.http, query, link, other.id)).toEqual([]);

  const one = (http: Http, where: string, headers = {}) => http.get<News>(`/api/v1/campaigns/${id}/updates/${where}`, headers);
  expect((await one(context.http, open.body.id)).body).toEqual(open.body);
  expect((await one(context.http, open.body.id, { "If-None-Match": '"1"' })).status).toBe(304);
  expect((await one(context.http, secret.body.id)).status).toBe(404);
  expect((await one(context.http, secret.body.id + query, link)).body.title).toBe("Secret");
  expect((await one(editor.http, secret.body.id)).body.title).toBe("Secret");
  expect((await one(context.http, randomUUID())).status).toBe(404);
  expect((await context.http.get(`/api/v1/campaigns/${other.id}/updates/${open.body.id}`)).status).toBe(404);
});

test("answers with secrets are not kept by caches", async () => {
  const pledge = await context.http.pledge(id);
  const link = { "Pledge-Token": pledge.body.token };
  const anonymous = await read(context.http);
  expect(anonymous.headers.get("cache-control")).toBe("public, max-age=1, stale-while-revalidate=5");
  expect(anonymous.headers.get("vary")?.toLowerCase()).toContain("authorization, pledge-token");
  expect((await read(owner.http)).headers.get("cache-control")).toBe("no-store");
  expect((await read(context.http, `?pledge=${pledge.body.id}`, link)).headers.get("cache-control")).toBe("no-store");
  expect((await read(context.http, "", { Authorization: "Bearer nonsense" })).status).toBe(401);
});

test("are edited and removed by their author and the owner, with the tag of what was read", async () => {
  const mine = (await news(editor, { title: "Mine", body: "Mine." })).body;
  const theirs = (await news(owner, { title: "Theirs", body: "Theirs." })).body;
  const where = `${id}/updates/${mine.id}`;
  expect((await patch(editor, `${id}/updates/${theirs.id}`, { title: "X" })).status).toBe(403);
  expect((await patch(editor, where, { title: "X" }, null)).status).toBe(428);
  expect((await patch(editor, where, { title: "X" }, '"2"')).status).toBe(412);
  expect((await patch(editor, where, { title: "X" }, 'W/"1"')).status).toBe(412);
  const edited = await patch<News>(editor, where, { title: "Better" }, '"1"');
  expect([edited.body.title, edited.body.version, edited.headers.get("etag")]).toEqual(["Better", 2, '"2"']);
  const race = await Promise.all(Array.from({ length: 8 }, (_, i) => patch(owner, where, { title: `By ${i}` }, '"2"')));
  expect(race.map((answer) => answer.status).sort()).toEqual([200, ...Array<number>(7).fill(412)]);
  const remove = (person: Person, update: string, ifMatch?: string) =>
    person.http.call("DELETE", `/api/v1/campaigns/${id}/updates/${update}`, { headers: ifMatch === undefined ? {} : { "If-Match": ifMatch } });
  expect((await remove(editor, mine.id)).status).toBe(428);
  expect((await remove(editor, mine.id, '"2"')).status).toBe(412);
  expect((await remove(editor, theirs.id, "*")).status).toBe(403);
  expect((await remove(editor, mine.id, '"3"')).status).toBe(204);
  expect((await remove(owner, theirs.id, "*")).status).toBe(204);
  expect((await remove(owner, theirs.id, "*")).status).toBe(404);
});

test("what makes no sense is refused", async () => {
  const codes = (answer: { body: Record<string, unknown> }) => ((answer.body.errors ?? []) as { pointer: string; code: string }[]).map((e) => `${e.pointer} ${e.code}`);
  expect(codes(await news(owner, {}))).toEqual(["/title required", "/body required"]);
  expect(codes(await news(owner, { title: "T", body: "x".repeat(10_001), visibility: "friends" }))).toEqual(["/body length_out_of_range", "/visibility invalid_choice"]);
  expect((await news(owner, { title: "T", body: "B", html: true })).status).toBe(400);
  const draft = await draftOf(owner);
  expect((await news(owner, { title: "T", body: "B" }, draft.id)).body.code).toBe("conflict");
  expect((await read(context.http, "", {}, draft.id)).status).toBe(404);
  expect((await read(owner.http, "", {}, draft.id)).body.items).toEqual([]);
});

test("come page by page, each once, while more are told", async () => {
  const campaign = await publishedOf(owner);
  for (let i = 1; i <= 5; i++) await news(owner, { title: `Nr ${i}`, body: "x" }, campaign.id);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { body: { items: News[]; next_cursor: string | null } } = await read(context.http, `?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`, {}, campaign.id);
    seen.push(...page.body.items.map((one) => one.title));
    cursor = page.body.next_cursor;
    await news(owner, { title: "Newer", body: "x" }, campaign.id);
  } while (cursor !== null);
  expect(seen).toEqual(["Nr 5", "Nr 4", "Nr 3", "Nr 2", "Nr 1"]);
  const first = (await read(context.http, "?limit=1", {}, campaign.id)).body.next_cursor ?? "";
  expect((await read(context.http, `?limit=1&cursor=${first}`)).status).toBe(400);
});
