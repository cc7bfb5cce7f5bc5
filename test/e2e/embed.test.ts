// SPDX-License-Identifier: Apache-2.0
// Goal: what the dashboard gives to copy shows a campaign on another site, whatever that
// site forbids, and leads to the page to give on; that page itself is never framed.
// Method: a host of another origin with the strictest policy, in Chromium.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import { axe, expectAccessibleInBoth, launch, visit } from "./browser.ts";

const context = useStack();
let browser: Browser;
let base: string;
let host: Server;
let body = "";

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
  host = createServer((_request, answer) => {
    answer.setHeader("Content-Type", "text/html; charset=utf-8");
    answer.setHeader("Content-Security-Policy", `default-src 'none'; frame-src ${base}; img-src ${base}`);
    answer.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    answer.end(`<!doctype html><html lang="en"><title>A host</title><main><h1>A host</h1>${body}</main></html>`);
  });
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await browser.close();
  host.close();
});

test("copied from the dashboard, shown by another site, followed to the page to give on", async () => {
  const owner = await context.login("owner");
  const { id, slug, title } = await publishedOf(owner, { title: 'Beds & "blankets"' });
  const desk = await visit(browser, base, { person: owner });
  await desk.page.goto(`/admin/campaigns/${id}`);
  await desk.page.getByRole("button", { name: "Show on other sites" }).click();
  const dialog = desk.page.getByRole("dialog", { name: "On other sites" });
  await dialog.getByLabel("Language").selectOption("de");
  await dialog.getByLabel("Colours").selectOption("dark");
  await expectAccessibleInBoth(desk.page, "for other sites");
  const picture = dialog.getByRole("img", { name: `Give to ${title}` });
  expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(320);
  body = (await dialog.getByLabel("Frame").inputValue()) + (await dialog.getByLabel("Picture").inputValue());
  expect(body).toContain(`${base}/embed/campaigns/${slug}?lang=de&amp;theme=dark`);
  await desk.close();

  const reader = await browser.newContext({ locale: "en-GB" });
  const page = await reader.newPage();
  const refused: string[] = [];
  page.on("console", (message) => message.type() === "error" && refused.push(message.text()));
  await page.goto(`http://127.0.0.1:${(host.address() as AddressInfo).port}/`);
  const frame = page.frameLocator("iframe");
  await frame.getByRole("heading", { name: title }).waitFor();
  expect(await frame.locator("main").evaluate((main) => getComputedStyle(main).display)).toBe("grid");
  expect(await page.getByRole("img", { name: `Give to ${title}` }).evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(320);
  const [opened] = await Promise.all([page.waitForEvent("popup"), frame.getByRole("link", { name: "Spenden" }).click()]);
  await opened.waitForURL(`${base}/campaigns/${slug}/give**`);
  await opened.getByRole("group", { name: "Wähle einen Betrag" }).waitFor();
  expect(await opened.evaluate(() => window.opener as unknown)).toBeNull();
  expect(refused).toEqual([]);
  expect(await reader.cookies()).toEqual([]);

  body = `<iframe src="${base}/campaigns/${slug}/give" title="x"></iframe>`;
  await page.reload();
  await expect.poll(() => refused.join()).toMatch(/frame-ancestors|X-Frame-Options/i);
  await reader.close();
});

test("the frame itself is for everybody, in each theme and direction", async () => {
  const owner = await context.login("owner");
  const { slug } = await publishedOf(owner, {});
  const { page, close } = await visit(browser, base, { width: 320 });
  for (const query of ["lang=en&theme=light", "lang=de&theme=dark", "lang=ar"]) {
    await page.goto(`/embed/campaigns/${slug}?${query}`);
    await page.getByRole("link").waitFor();
    expect(await axe(page), query).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), query).toBeLessThanOrEqual(320);
  }
  await close();
});
