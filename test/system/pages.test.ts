// SPDX-License-Identifier: Apache-2.0
// Goal: who runs no script reads what a page is about: title, description, canonical
// address, what is shown where it is shared, data for search engines, the text itself;
// drafts stay hidden, nothing that people wrote becomes markup. Method: campaigns of
// the real stack through the gateway, without a browser.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makeReward } from "../lib/fixtures.ts";
import { until } from "../lib/until.ts";

const context = useStack();

interface Page {
  status: number;
  headers: Headers;
  text: string;
}

const ask = async (where: string, headers: Record<string, string> = {}): Promise<Page> => {
  const answer = await fetch(context.stack.url("GATEWAY") + where, { headers: { Accept: "text/html", ...headers } });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};

const decode = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");

const only = (page: Page, pattern: RegExp): string => {
  const found = [...page.text.matchAll(new RegExp(pattern, "g"))];
  expect(found.length, String(pattern)).toBe(1);
  return decode(found[0]?.[1] ?? "");
};
const meta = (page: Page, name: string): string => only(page, new RegExp(`<meta (?:name|property)="${name}" content="([^"]*)">`));
const data = (page: Page): Record<string, unknown> =>
  JSON.parse(/<script type="application\/ld\+json">(.*?)<\/script>/s.exec(page.text)?.[1] ?? "") as Record<string, unknown>;
const tags = (text: string): string[] => text.match(/<[a-z/!][^\s>]*/gi) ?? [];
/** What is shown until the application takes its place. */
const beginning = (page: Page): string => /<div id="root">(.*?)<noscript>/s.exec(page.text)?.[1] ?? "";

/** A published campaign whose texts are these; gives its slug once its page is there. */
async function published(texts: Partial<Record<"title" | "summary" | "story" | "owner_name" | "image_url" | "image_alt", string>>, currency = "EUR"): Promise<string> {
  const id = await makeCampaign(context.sql, { state: "draft", currency, ends: "30 days" });
  for (const [name, text] of Object.entries(texts)) {
    await context.sql.rows(`UPDATE careforall.campaigns SET ${name} = $2 WHERE id = $1`, [id, text]);
  }
  const reward = await makeReward(context.sql, id, { quantity: 5 });
  if (texts.title !== undefined) {
    await context.sql.rows("UPDATE careforall.rewards SET title = $2, description = $2 WHERE id = $1", [reward, texts.title]);
  }
  await context.sql.rows("UPDATE careforall.campaigns SET state = 'active' WHERE id = $1", [id]);
  const slug = await context.sql.value<string>("SELECT slug FROM careforall.campaigns WHERE id = $1", [id]);
  await until("the page", async () => (await ask(`/campaigns/${slug}`)).status === 200);
  return slug;
}

/** The first page, once it has this text. */
function listed(text: string): Promise<Page> {
  return until("the campaign to be listed", async () => {
    const home = await ask("/?q=x");
    return decode(home.text).includes(text) ? home : null;
  });
}

describe("the page of a campaign", () => {
  let slug: string;
  let page: Page;

  beforeAll(async () => {
    slug = await published({
      title: "Beds & blankets",
      summary: "Thirty beds for the winter.",
      story: "It is cold.\n\n## Why\n\n- one\n- two",
      owner_name: "Night Shelter",
      image_url: "/api/v1/images/beds.png",
      image_alt: "Thirty beds in a row",
    });
    page = await ask(`/campaigns/${slug}`);
  });

  test("has a head that says what it is about", () => {
    const site = context.stack.url("GATEWAY");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(only(page, /<title>([^<]*)<\/title>/)).toBe("Beds & blankets · CareForAll");
    expect(meta(page, "description")).toBe("Thirty beds for the winter.");
    expect(only(page, /<link rel="canonical" href="([^"]*)">/)).toBe(`${site}/campaigns/${slug}`);
    expect(meta(page, "og:title")).toBe("Beds & blankets · CareForAll");
    expect(meta(page, "og:description")).toBe("Thirty beds for the winter.");
    expect(meta(page, "og:url")).toBe(`${site}/campaigns/${slug}`);
    expect(meta(page, "og:image")).toBe(`${site}/api/v1/images/beds.png`);
    expect(meta(page, "og:image:alt")).toBe("Thirty beds in a row");
    expect(data(page)).toMatchObject({
      "@type": "WebPage",
      name: "Beds & blankets",
      url: `${site}/campaigns/${slug}`,
      potentialAction: { "@type": "DonateAction", target: `${site}/campaigns/${slug}/give`, recipient: { name: "Night Shelter" } },
    });
  });

  test("has its text and figures without a script, and the built site within", () => {
    const text = /<noscript>(.*)<\/noscript>/s.exec(page.text)?.[1] ?? "";
    for (const part of ["Night Shelter", "<p>It is cold.</p>", "<h3>Why</h3>", "<li>two</li>", "EUR\u00a010,000.00", "EUR\u00a00.00", "EUR\u00a01.00"]) {
      expect(text).toContain(part);
    }
    expect(page.text).toMatch(/<head>.*<script type="module" fetchpriority="low" crossorigin src="\/assets\/[^"]+\.js">.*<\/head>/s);
    // What it begins with is to be seen before any script is there.
    const root = beginning(page);
    for (const part of ['<h1 dir="auto">Beds &amp; blankets</h1>', "Thirty beds for the winter.", 'src="/api/v1/images/beds.png" alt="Thirty beds in a row"']) {
      expect(root).toContain(part);
    }
    expect(page.text).not.toMatch(/<!--|\[an error/);
    // What the scripts will ask for is asked for at once.
    expect(page.text).toContain(`<link rel="preload" as="fetch" crossorigin href="/api/v1/campaigns/${slug}">`);
    expect(page.text).toContain('<link rel="preload" as="image" fetchpriority="high" href="/api/v1/images/beds.png">');
    expect(page.headers.get("content-security-policy")).toMatch(/script-src 'self'.*require-trusted-types-for 'script'/);
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(page.headers.get("x-robots-tag")).toBeNull();
  });

  test("is told by a cache what it is, and not sent twice", async () => {
    const tag = page.headers.get("etag") ?? "";
    expect([page.headers.get("cache-control"), tag.startsWith('W/"')]).toEqual(["public, max-age=0, must-revalidate", true]);
    expect(page.headers.get("vary")).toMatch(/accept-language/i);
    const again = await ask(`/campaigns/${slug}`, { "If-None-Match": tag });
    expect([again.status, again.text]).toEqual([304, ""]);
    // Another language, another built site: another page.
    expect((await ask(`/campaigns/${slug}`, { "If-None-Match": tag, "Accept-Language": "de" })).status).toBe(200);
    const direct = async (shell: string) =>
      (await context.http.get(`/pages/campaigns/${slug}`, { "X-Page-Shell": shell })).headers.get("etag");
    expect(await direct("1")).toBe(await direct("1"));
    expect(await direct("1")).not.toBe(await direct("2"));
    const forged = await ask(`/campaigns/${slug}`, { "If-None-Match": tag, "X-Page-Shell": "2" });
    expect(forged.status).toBe(304);
  });

  test("speaks the language asked for, else the reader's", async () => {
    for (const [query, accept, language, direction, word] of [
      ["", "", "en", "ltr", "Raised"],
      ["?lang=de", "ar", "de", "ltr", "Gesammelt"],
      ["?utm_source=x&lang=ar", "", "ar", "rtl", "جُمع"],
      ["", "fr, de;q=0.5", "de", "ltr", "Gesammelt"],
      ["?lang=%22%3E", "ar", "ar", "rtl", "جُمع"],
      ["?lang=de&lang=ar", "", "en", "ltr", "Raised"],
    ] as const) {
      const found = await ask(`/campaigns/${slug}${query}`, { "Accept-Language": accept });
      expect(found.text, query).toContain(`<html lang="${language}" dir="${direction}">`);
      expect(found.headers.get("content-language")).toBe(language);
      expect(found.text).toContain(`<dt>${word}</dt>`);
      expect(only(found, /<link rel="canonical" href="([^"]*)">/)).toBe(`${context.stack.url("GATEWAY")}/campaigns/${slug}`);
    }
  });

  test("the page to give on names the campaign's as the canonical one", async () => {
    const give = await ask(`/campaigns/${slug}/give?amount=5`);
    expect(only(give, /<title>([^<]*)<\/title>/)).toBe("Give: Beds & blankets · CareForAll");
    expect(only(give, /<link rel="canonical" href="([^"]*)">/)).toBe(`${context.stack.url("GATEWAY")}/campaigns/${slug}`);
    const id = (await context.http.get<{ id: string }>(`/api/v1/campaigns/${slug}`)).body.id;
    expect(only(await ask(`/campaigns/${id}`), /<link rel="canonical" href="([^"]*)">/)).toContain(`/campaigns/${slug}`);
  });
});

test("a draft and an unknown campaign are 404, and the site says so", async () => {
  const id = await makeCampaign(context.sql, { state: "draft" });
  const slug = await context.sql.value<string>("SELECT slug FROM careforall.campaigns WHERE id = $1", [id]);
  for (const where of [`/campaigns/${slug}`, `/campaigns/${id}`, `/campaigns/${slug}/give`, "/campaigns/nobody", "/campaigns/%3Cscript%3E"]) {
    const page = await ask(where);
    expect([page.status, page.headers.get("content-type")], where).toEqual([404, "text/html; charset=utf-8"]);
    expect(page.text).toContain('id="root"');
    expect(page.text).not.toContain(slug);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    const told = await ask(where, { Accept: "application/problem+json, */*" });
    expect([told.status, told.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  }
  expect((await ask("/sitemap.xml")).text).not.toContain(slug);
});

test.each([
  "<script>alert(1)</script>",
  "</title></script><script>alert(1)</script>",
  `"><img src=x onerror=alert(1)>`,
  "'><svg/onload=alert(1)>",
  "--><!--<script>",
  `<!--#include virtual="/readyz" --><!--#echo var="HTTP_COOKIE" -->`,
  "</noscript></main><h1>",
  "\\u003cscript\\u003e &lt;b&gt; \u2028 \u2029",
])("what people write stays text: %s", async (hostile) => {
  const texts = (text: string) => ({ title: text, summary: text, story: text, owner_name: text, image_url: "/api/v1/images/a.png", image_alt: text });
  const slug = await published(texts(hostile));
  const plain = await published(texts("harmless"));
  for (const end of ["", "/give"]) {
    const page = await ask(`/campaigns/${slug}${end}`);
    expect(tags(page.text)).toEqual(tags((await ask(`/campaigns/${plain}${end}`)).text));
    expect(meta(page, "description")).toBe(hostile);
    expect(meta(page, "og:image:alt")).toBe(hostile);
    expect(data(page)).toMatchObject({ name: hostile, description: hostile, potentialAction: { recipient: { name: hostile } } });
    expect(page.text).not.toContain("postgres");
  }
  // The first page has both in its list.
  const home = await listed(`<a href="/campaigns/${slug}">${hostile}</a>`);
  const active = (text: string) => tags(text).filter((tag) => /^<\/?(?:script|img|svg)/.test(tag));
  // As many as the site begins with alone, and the data for search engines.
  const [drawn, rest] = [beginning(home), home.text.replace(beginning(home), "")];
  expect(active(rest)).toEqual([...active((await ask("/login")).text), "<script", "</script"]);
  expect(active(drawn)).toEqual(["<img", "<svg", "</svg", "<img"]);
});

test("amounts have the decimals that the database gives each currency", async () => {
  const rows = await context.sql.rows<{ code: string; exponent: number }>(
    `SELECT code, careforall.currency_exponent(code) AS exponent
     FROM (SELECT DISTINCT chr(a) || chr(b) || chr(c) AS code FROM generate_series(65, 90) a, generate_series(65, 90) b, generate_series(65, 90) c) x
     WHERE careforall.currency_exponent(code) IS NOT NULL AND careforall.currency_exponent(code) <> 2 ORDER BY code`,
  );
  const source = await import("node:fs/promises").then((fs) => fs.readFile(new URL("../../kore-app/src/handlers/money_text.c", import.meta.url), "utf8"));
  const table = [...source.matchAll(/\{(\d),\s*((?:"[A-Z ]+"\s*)+)\}/g)].flatMap(([, exponent, codes = ""]) =>
    codes.replaceAll(/"\s*"|"/g, "").trim().split(" ").map((code) => ({ code, exponent: Number(exponent) })),
  );
  expect(table.sort((a, b) => (a.code < b.code ? -1 : 1))).toEqual(rows);
  const yen = await ask(`/campaigns/${await published({}, "JPY")}`);
  expect(yen.text).toContain("JPY\u00a01,000,000<");
});

test("the first page begins as the site does in the reader's language", async () => {
  for (const language of ["en", "de", "ar"]) {
    const file = new URL(`../../web/src/i18n/messages/${language}/site/campaigns.json`, import.meta.url);
    const texts = JSON.parse(await readFile(file, "utf8")) as Record<string, string>;
    const home = await ask(`/?x=${language}`, { "Accept-Language": language });
    expect(home.text).toContain(`<html lang="${language}"`);
    const drawn = decode(beginning(home));
    for (const key of ["landing.heading", "landing.lead", "landing.action"]) expect(drawn).toContain(`>${texts[key] ?? key}<`);
    expect(only(home, /<h1[^>]*>([^<]*)<\/h1>/)).toBe(texts["landing.heading"]);
    const [, picture = ""] = /<img src="(\/assets\/quilt-[^"]+)"/.exec(drawn) ?? [];
    expect(home.text).toContain(`<link rel="preload" as="image" fetchpriority="high" href="${picture}">`);
    expect((await ask(picture)).status).toBe(200);
    // All that it may not have by the content policy, and includes that were not done.
    expect(drawn).not.toMatch(/ style=| on\w+=|<style|<script|<!--|\[an error/);
  }
});

test("the first page lists campaigns; sitemap and robots lead to them; private pages are not listed", async () => {
  const slug = await published({ title: "A newest one" });
  const site = context.stack.url("GATEWAY");
  const home = await listed(`<a href="/campaigns/${slug}">A newest one</a>`);
  expect(only(home, /<link rel="canonical" href="([^"]*)">/)).toBe(`${site}/`);
  expect(data(home)).toMatchObject({ "@type": "WebSite", url: site });
  const sitemap = await ask("/sitemap.xml");
  expect(sitemap.headers.get("content-type")).toBe("application/xml");
  expect(sitemap.text).toContain(`<loc>${site}/campaigns/${slug}</loc><lastmod>${new Date().toISOString().slice(0, 10)}</lastmod>`);
  const robots = await ask("/robots.txt");
  expect(robots.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(robots.text).toContain(`Sitemap: ${site}/sitemap.xml`);
  for (const where of ["/pledges/x", "/admin", "/account", "/login"]) {
    expect((await ask(where)).headers.get("x-robots-tag"), where).toBe("noindex");
  }
  for (const where of ["/shell/head.html", "/shell/give.html", "/pages/home"]) expect((await ask(where)).status, where).toBe(404);
  expect((await fetch(`${site}/`, { method: "POST" })).status).toBe(405);
});

describe("for other sites", () => {
  let slug: string;

  beforeAll(async () => {
    slug = await published({ title: "Beds <b>&", owner_name: "Night Shelter" });
  });

  test("a campaign may be framed and shown, and nothing else may", async () => {
    for (const [where, type] of [
      ["", "text/html; charset=utf-8"],
      ["/button.svg", "image/svg+xml"],
    ] as const) {
      const page = await ask(`/embed/campaigns/${slug}${where}`);
      expect([page.status, page.headers.get("content-type")]).toEqual([200, type]);
      expect(page.headers.get("x-frame-options")).toBeNull();
      expect(page.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
      expect(page.headers.get("x-robots-tag")).toBe("noindex");
      expect(page.headers.get("cache-control")).toBe("public, max-age=60");
      expect(page.headers.get("set-cookie")).toBeNull();
      const policy = (page.headers.get("content-security-policy") ?? "").split("; ");
      expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "style-src 'self'", "form-action 'none'", "frame-ancestors *"]));
      expect(policy.join()).not.toMatch(/unsafe|script-src/);
      expect(page.text).toContain("Beds &lt;b&gt;&amp;");
      expect(page.text).not.toMatch(/<script|<style| style=/);
      const again = await ask(`/embed/campaigns/${slug}${where}`, { "If-None-Match": page.headers.get("etag") ?? "" });
      expect(again.status).toBe(304);
    }
    const style = await ask("/embed/widget.css", { Accept: "text/css,*/*;q=0.1" });
    expect([style.status, style.headers.get("content-type")]).toEqual([200, "text/css; charset=utf-8"]);
    for (const where of [`/campaigns/${slug}`, `/campaigns/${slug}/give`, "/embed/campaigns/none", "/embed/x", "/embed/widget.css", `/api/v1/campaigns/${slug}`]) {
      const other = await ask(where);
      expect(other.headers.get("x-frame-options"), where).toBe("DENY");
      expect(other.headers.get("content-security-policy"), where).toContain("frame-ancestors 'none'");
    }
  });

  test("it is in the language and the colours that were asked for", async () => {
    const german = await ask(`/embed/campaigns/${slug}?lang=de&theme=dark`, { "Accept-Language": "ar" });
    expect(german.text).toContain('<html lang="de" dir="ltr" data-theme="dark">');
    expect(german.text).toContain(`href="${context.stack.url("GATEWAY")}/campaigns/${slug}/give?lang=de">Spenden</a>`);
    const liked = await ask(`/embed/campaigns/${slug}?theme=%22%3E&lang=xx`, { "Accept-Language": "ar" });
    expect(liked.text).toContain('<html lang="ar" dir="rtl" data-theme="auto">');
    expect(liked.text).toContain(`href="${context.stack.url("GATEWAY")}/campaigns/${slug}/give">`);
    expect(liked.headers.get("vary")).toContain("accept-language");
    expect((await ask(`/embed/campaigns/${slug}/button.svg?lang=ar&theme=dark`)).text).toMatch(/direction="rtl".*fill="#161d48"/s);
  });

  test("it says why no gifts are taken, and drafts are not there", async () => {
    await context.sql.rows("UPDATE careforall.campaigns SET state = 'paused' WHERE slug = $1", [slug]);
    const paused = await until("the pause to be seen", async () => {
      const page = await ask(`/embed/campaigns/${slug}?lang=en`);
      return page.text.includes("Paused") ? page : null;
    });
    expect(paused.text).toContain(`href="${context.stack.url("GATEWAY")}/campaigns/${slug}?lang=en">See the campaign</a>`);
    const draft = await makeCampaign(context.sql, { state: "draft" });
    for (const where of ["", "/button.svg"]) expect((await ask(`/embed/campaigns/${draft}${where}`)).status).toBe(404);
  });
});

describe("without the API", () => {
  beforeAll(() => context.stack.stop(["api"]));
  afterAll(() => context.stack.start(["api"]));

  test("a page is still the site, which says what is wrong", async () => {
    for (const where of ["/", "/campaigns/x"]) {
      const page = await ask(where);
      expect([page.status, page.headers.get("content-type")]).toEqual([503, "text/html; charset=utf-8"]);
      expect(page.text).toContain('id="root"');
      expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    }
  });
});
