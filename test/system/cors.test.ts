// SPDX-License-Identifier: Apache-2.0
// Goal: only the listed web origins may read answers, letter by letter, and caches
// never mix their answers. Method: the route table, each with allowed and evil origins;
// preflights as a browser sends them.
import { beforeAll, describe, expect, test } from "vitest";
import { send } from "../lib/api.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { methodsByPath, publicRoutes } from "../lib/sweep.ts";
import { until } from "../lib/until.ts";

const context = useStack();
const routes = await publicRoutes();
const paths = [...methodsByPath(routes)].map(([template, entry]) => ({ template, ...entry }));
let origin: string;

beforeAll(() => {
  origin = context.stack.url("GATEWAY");
});

const words = (value: string | null): string[] => (value ?? "").split(",").map((word) => word.trim().toLowerCase());
const cors = (headers: Headers): string[] => {
  const found: string[] = [];
  headers.forEach((_value, name) => {
    if (name.startsWith("access-control-")) found.push(name);
  });
  return found.sort();
};

const exposed = [
  "etag",
  "idempotency-replayed",
  "link",
  "location",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "x-request-id",
];

const evil = (): string[] => {
  const { protocol, hostname, port } = new URL(origin);
  return [
    "null",
    "*",
    "",
    "https://evil.example",
    `${protocol}//evil.example:${port}`,
    `${origin}.evil.example`,
    `${protocol}//evil${hostname}:${port}`,
    `${protocol}//${hostname}`,
    `${protocol}//${hostname}:${Number(port) + 1}`,
    `${protocol}//${hostname}:${port}0`,
    `https://${hostname}:${port}`,
    origin.toUpperCase(),
    `${origin}/`,
    `${origin} `.trimEnd() + "%00",
    `${origin},${origin}`,
    `${origin} https://evil.example`,
    `x${origin}`,
    origin.slice(0, -1),
    `${protocol}//user@${hostname}:${port}`,
  ];
};

describe.each(routes)("$method $template", ({ method, path }) => {
  const call = (headers: Record<string, string>) => send(context.stack.url("API") + path, { method, headers });

  test("may be read by the site's own pages, whatever it answers", async () => {
    const answer = await call({ Origin: origin });
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect(words(answer.headers.get("vary"))).toContain("origin");
    for (const name of exposed) expect(words(answer.headers.get("access-control-expose-headers"))).toContain(name);
  });

  test("may be read by nobody else, and says that it depends on it", async () => {
    for (const headers of [{}, { Origin: "https://evil.example" }, { Origin: "null" }]) {
      const answer = await call(headers);
      expect(cors(answer.headers)).toEqual([]);
      expect(words(answer.headers.get("vary"))).toContain("origin");
    }
  });
});

describe.each(paths)("a preflight to $template", ({ path, methods }) => {
  const preflight = (from: string) =>
    send(context.stack.url("API") + path, {
      method: "OPTIONS",
      headers: { Origin: from, "Access-Control-Request-Method": methods.at(-1) ?? "GET", "Access-Control-Request-Headers": "authorization,x-evil" },
    });

  test("needs no token, and says what may be sent", async () => {
    const answer = await preflight(origin);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(words(answer.headers.get("access-control-allow-methods")).sort()).toEqual(methods.map((one) => one.toLowerCase()).sort());
    const headers = words(answer.headers.get("access-control-allow-headers"));
    for (const name of [
      "authorization",
      "content-type",
      "idempotency-key",
      "if-match",
      "if-none-match",
      "traceparent",
      "tracestate",
      "last-event-id",
    ]) {
      expect(headers).toContain(name);
    }
    expect(headers).not.toContain("x-evil");
    expect(headers).not.toContain("*");
    expect(Number(answer.headers.get("access-control-max-age"))).toBeGreaterThan(0);
    expect(words(answer.headers.get("vary"))).toContain("origin");
  });

  test("of another origin gets nothing", async () => {
    const answer = await preflight("https://evil.example");
    expect(answer.status).toBe(204);
    expect(cors(answer.headers)).toEqual([]);
    expect(words(answer.headers.get("vary"))).toContain("origin");
  });
});

describe("origins", () => {
  test("are compared letter by letter", async () => {
    for (const from of evil()) {
      const answer = await send(`${context.stack.url("API")}/api/v1/campaigns`, { headers: { Origin: from } });
      expect(answer.headers.get("access-control-allow-origin"), from).toBeNull();
    }
    const right = await send(`${context.stack.url("API")}/api/v1/campaigns`, { headers: { Origin: origin } });
    expect(right.headers.get("access-control-allow-origin")).toBe(origin);
  });

  test("matter for 304 too", async () => {
    const campaign = await makeCampaign(context.sql);
    const where = `${context.stack.url("API")}/api/v1/campaigns/${campaign}`;
    // The tag of a campaign that was just made may change once or twice.
    const unchanged = (from: string) =>
      until("304", async () => {
        const etag = (await send(where)).headers.get("etag") ?? "";
        const answer = await send(where, { headers: { Origin: from, "If-None-Match": etag } });
        return answer.status === 304 ? answer : null;
      });
    const own = await unchanged(origin);
    expect(own.headers.get("access-control-allow-origin")).toBe(origin);
    expect(words(own.headers.get("vary"))).toContain("origin");
    const evilOne = await unchanged("https://evil.example");
    expect(cors(evilOne.headers)).toEqual([]);
    expect(words(evilOne.headers.get("vary"))).toContain("origin");
  });

  test("pass the gateway as they are", async () => {
    const answer = await send(`${origin}/api/v1/nowhere`, { headers: { Origin: origin } });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([404, origin]);
    expect(words(answer.headers.get("vary"))).toContain("origin");
    const other = await send(`${origin}/api/v1/nowhere`, { headers: { Origin: "https://evil.example" } });
    expect(cors(other.headers)).toEqual([]);
  });
});
