// SPDX-License-Identifier: Apache-2.0
// Goal: a browser keeps the refresh cookie as it should, on plain http at a loopback
// address too, hides it from scripts, and does not lend it to other pages. Method:
// Chromium on the gateway; calls made from inside pages.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { useStack } from "../lib/context.ts";
import { launch, visit } from "./browser.ts";

const context = useStack();
const cookieName = "__Host-careforall_refresh";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Runs in the page: calls the API as the page's scripts do. */
const post = async ([where, json]: [string, unknown]): Promise<{ status: number; token: string }> => {
  const init: RequestInit = { method: "POST" };
  if (json !== null) Object.assign(init, { body: JSON.stringify(json), headers: { "Content-Type": "application/json" } });
  const answer = await fetch(where, init);
  const text = await answer.text();
  return { status: answer.status, token: text === "" ? "" : ((JSON.parse(text) as { access_token?: string }).access_token ?? "") };
};

describe.each(["127.0.0.1", "localhost"])("at http://%s", (host) => {
  test("the cookie is kept, hidden, renewed and taken away", async () => {
    const base = context.stack.url("GATEWAY").replace("127.0.0.1", host);
    const visitor = await visit(browser, base);
    const { page } = visitor;
    const cookie = async () => (await page.context().cookies()).find((one) => one.name === cookieName);
    try {
      await page.goto("/");
      const email = `browser-${Date.now()}-${host}@example.org`;
      const made = await page.evaluate(post, ["/api/v1/auth/register", { email, name: "Browser", password: "three herons on a roof" }] as [string, unknown]);
      expect(made.status).toBe(201);
      const first = await cookie();
      expect(first).toMatchObject({ httpOnly: true, secure: true, sameSite: "Strict", path: "/", domain: host });
      expect(await page.evaluate(() => document.cookie)).not.toContain("careforall");

      // The address that the API knows as its own is the only one that may refresh.
      const own = host === "127.0.0.1";
      const next = await page.evaluate(post, ["/api/v1/auth/refresh", null] as [string, unknown]);
      expect(next.status).toBe(own ? 200 : 403);
      if (!own) return;
      expect((await cookie())?.value).not.toBe(first?.value);
      // Twice at once, as two tabs would.
      const both = await page.evaluate(
        (where) => Promise.all([0, 1].map(() => fetch(where, { method: "POST" }).then((answer) => answer.status))),
        "/api/v1/auth/refresh",
      );
      expect(both).toEqual([200, 200]);
      await page.reload();
      const again = await page.evaluate(post, ["/api/v1/auth/refresh", null] as [string, unknown]);
      expect(again.status).toBe(200);

      // A page from elsewhere asks in vain, and its request does no harm.
      const stranger = await page.context().newPage();
      await stranger.goto("about:blank");
      const heard = await stranger.evaluate(
        (where) => fetch(where, { method: "POST", mode: "no-cors", credentials: "include" }).then(
          () => "an answer",
          () => "nothing",
        ),
        `${base}/api/v1/auth/logout`,
      );
      expect(heard).toBe("nothing");
      await stranger.setContent(`<form method="post" action="${base}/api/v1/auth/logout"><button>log out</button></form>`);
      await Promise.all([stranger.waitForEvent("framenavigated"), stranger.click("button")]);
      await stranger.close();
      const alive = await page.evaluate(post, ["/api/v1/auth/refresh", null] as [string, unknown]);
      expect(alive.status).toBe(200);
      expect((await context.http.as(alive.token).get("/api/v1/me")).status).toBe(200);

      expect((await page.evaluate(post, ["/api/v1/auth/logout", null] as [string, unknown])).status).toBe(204);
      expect(await cookie()).toBeUndefined();
      expect((await context.http.as(alive.token).get("/api/v1/me")).status).toBe(401);
      expect(visitor.faults).toEqual([]);
    } finally {
      await visitor.close();
    }
  });
});
