// SPDX-License-Identifier: Apache-2.0
// Goal: every page of the site is sound, whoever adds it: no fault that axe knows, in
// light and dark and in both directions; nothing wider than a screen of 320 pixels; no
// error on the console, no content refused, no request to another host; no text that is
// neither of the catalogues nor data; and the gateway knows its address. Method: the routes are
// read from the router's own source, so that none can be left out; each is opened in the
// pseudo-locale, light and wide, and in Arabic, dark and narrow.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makeReward } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { root } from "../lib/stack.ts";
import { runTask } from "../lib/task.ts";
import { until } from "../lib/until.ts";
import { expectAccessible, expectNoSideways, launch, settled, visit, type Visitor } from "./browser.ts";
import { noteData, strangeTexts } from "./strange-texts.ts";

const context = useStack();

/** The addresses of the router's source, each with the addresses of its parents before it. */
function routesOf(source: string): string[] {
  const parents = new Map([["rootRoute", ""]]);
  const found = new Set<string>();
  const pattern = /(?:const (\w+) = )?createRoute\(\{\s*getParentRoute: \(\) => (\w+),\s*path: '([^']*)'/g;
  for (const [, name, parent = "", own = ""] of source.matchAll(pattern)) {
    const above = parents.get(parent);
    if (above === undefined) throw new Error(`router.tsx: ${parent} is not known where ${own} is made`);
    const full = `${above}${own}`.replace(/(.)\/$/, "$1");
    if (name !== undefined) parents.set(name, full);
    found.add(full);
  }
  return [...found];
}

const source = readFileSync(path.join(root, "web/src/router.tsx"), "utf8");
const routes = routesOf(source);

let browser: Browser;
let base: string;
const values: Record<string, string> = {};
const visitors: Partial<Record<string, Visitor & { underWay: Set<Request> }>> = {};
let people: Record<"guest" | "donor" | "admin", Person | null>;

/** Who may see a page. */
const roleOf = (route: string): keyof typeof people =>
  route.startsWith("/admin") ? "admin" : route.startsWith("/account") ? "donor" : "guest";

/** An address with everything in its place: `$id` is one of what stands before it. */
function addressOf(route: string): string {
  let before = "";
  const parts = route.split("/").map((part) => {
    const value = part.startsWith("$") ? values[`${before}${part}`] : part;
    if (value === undefined) throw new Error(`this test does not know what ${part} is in ${route}: add it to values`);
    before = part;
    return value;
  });
  const token = route.startsWith("/pledges/") ? values.token : route.startsWith("/waiting/") ? values.waitingToken : undefined;
  return parts.join("/") + (token === undefined ? "" : `#${token}`);
}

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
  const login = (role: "donor" | "admin") => makePerson(context.stack, context.sql, context.http, role);
  const [donor, admin] = await Promise.all([login("donor"), login("admin")]);
  people = { guest: null, donor, admin };
  const campaign = await makeCampaign(context.sql, { ends: "30 days" });
  await context.sql.rows(
    "UPDATE careforall.campaigns SET title = $3, image_url = '/images/solar-clinic.svg', image_alt = 'A roof', story = $2 WHERE id = $1",
    [campaign, `## Why\n\n${"Panels and a battery. ".repeat(20)}\n\n- one\n- two`, "Panels and a battery for the clinic at the end of the road through the long valley"],
  );
  await makeReward(context.sql, campaign, { quantity: 5 });
  const reward = await makeReward(context.sql, campaign, { quantity: 0 });
  const slug = await context.sql.value<string>("SELECT slug FROM careforall.campaigns WHERE id = $1", [campaign]);
  const pledge = (await (donor.http).pledge(campaign, pledgeBody(2500, { display: "name_amount_message", message: "For all" }))).body;
  const waiting = await context.http.call<{ id: string; token: string }>("POST", `/api/v1/campaigns/${campaign}/waiting`, {
    json: { name: "Wanda Waits", email: "wanda@example.org", reward_id: reward },
  });
  const task = await runTask(admin.http, { kind: "pledge_export", campaign, filters: {}, format: "csv" });
  Object.assign(values, {
    "waiting$id": waiting.body.id,
    waitingToken: waiting.body.token,
    "campaigns$slug": slug,
    "campaigns$id": campaign,
    "pledges$id": pledge.id,
    "users$id": donor.id,
    "tasks$id": task.id,
    token: pledge.token,
  });
  await until("the gift to be confirmed", async () =>
    (await context.http.get(`/api/v1/pledges/${pledge.id}`, { "Pledge-Token": pledge.token })).body.state === "confirmed");
  await until("the campaign to be public", async () => (await fetch(`${base}/api/v1/campaigns/${slug}`)).ok);
});

afterAll(async () => {
  for (const visitor of Object.values(visitors)) await visitor?.close();
  await browser.close();
});

/** How many lists run against the page, with bullets that stand where it does not begin. Runs in the page. */
function bulletsAway(): number {
  const { direction } = getComputedStyle(document.body);
  const lists = Array.from(document.querySelectorAll("[dir='auto'] ul"), (list) => getComputedStyle(list));
  return lists.filter((list) => list.direction !== direction && list.listStylePosition !== "inside").length;
}

/** One browser for each role and theme, with everything it complains about. */
async function visitorOf(role: keyof typeof people, theme: "light" | "dark"): Promise<Visitor & { underWay: Set<Request> }> {
  const known = visitors[`${role} ${theme}`];
  if (known !== undefined) return known;
  const person = people[role];
  // Two browsers with one cookie would end each other's session.
  const own = person === null || theme === "light" ? person : await makePerson(context.stack, context.sql, context.http, person.role);
  const visitor = await visit(browser, base, { theme, ...(own === null ? {} : { person: own }) });
  await noteData(visitor.page);
  visitor.page.on("console", (message) => {
    if (message.type() === "error" || message.text().includes("preloaded")) visitor.faults.push(message.text());
  });
  visitor.page.on("response", (response) => {
    if (response.status() >= 400) visitor.faults.push(`${response.status()} ${response.url()}`);
  });
  const underWay = new Set<Request>();
  visitor.page.on("request", (request) => underWay.add(request));
  for (const end of ["requestfinished", "requestfailed"] as const) visitor.page.on(end as "requestfinished", (request) => underWay.delete(request));
  return (visitors[`${role} ${theme}`] = { ...visitor, underWay });
}

test("the routes are found in the source, with their parents", () => {
  expect(routes.length).toBe([...source.matchAll(/createRoute\(\{/g)].length - repeated());
  expect(routes).toEqual(expect.arrayContaining(["/", "/campaigns/$slug", "/campaigns/$slug/give", "/pledges/$id", "/login", "/account", "/admin"]));
  // The first page of a part has the address of its frame.
  function repeated(): number {
    return [...source.matchAll(/getParentRoute: \(\) => (?!rootRoute)\w+,\s*path: '\/',/g)].length;
  }
});

describe.each(routes)("%s", (route) => {
  test.each([
    ["light", "en-XA", "ltr", 1280],
    ["dark", "ar", "rtl", 320],
  ] as const)("%s, %s", async (theme, language, direction, width) => {
    const { page, faults, underWay } = await visitorOf(roleOf(route), theme);
    // A change of only what stands behind "#" would load nothing.
    await page.goto("about:blank");
    faults.length = 0;
    underWay.clear();
    await page.setViewportSize({ width, height: 800 });
    const [before = "", hash = ""] = addressOf(route).split("#");
    const answer = await page.goto(`${before}?lang=${language}${hash === "" ? "" : `#${hash}`}`);
    expect(answer?.status(), "the gateway does not know this page: see $is_page in ops/nginx/nginx.conf.in").toBe(200);
    await settled(page);
    await until("everything to be loaded", () => underWay.size === 0);
    expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir, document.documentElement.dataset.theme])).toEqual([language, direction, theme]);
    expect(await page.title()).not.toBe("");
    if (language === "en-XA") expect(await strangeTexts(page), "not from the catalogues").toEqual([]);
    expect(await page.evaluate(bulletsAway), "bullets at the other edge than their text").toBe(0);
    await expectAccessible(page, `${route} ${theme} ${direction}`);
    await page.setViewportSize({ width: 320, height: 640 });
    await expectNoSideways(page);
    expect(faults, `${route} ${theme}`).toEqual([]);
  });
});
