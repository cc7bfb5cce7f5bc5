// SPDX-License-Identifier: Apache-2.0
// Goal: every answer forbids what a browser should never do with it, and says nothing
// about what runs here. Method: the route table by several ways to be answered, the
// refusals of the edge, and the gateway.
import { describe, expect, test } from "vitest";
import { send, type Sent } from "../lib/api.ts";
import { useStack } from "../lib/context.ts";
import { rawExchange } from "../lib/http.ts";
import { publicRoutes } from "../lib/sweep.ts";

const context = useStack();
const routes = await publicRoutes();

function expectSecure(answer: Pick<Sent, "headers">, what: string): void {
  const get = (name: string): string | null => answer.headers.get(name);
  expect(get("x-content-type-options"), what).toBe("nosniff");
  expect(get("x-frame-options"), what).toBe("DENY");
  expect(get("referrer-policy"), what).toBe("no-referrer");
  expect(get("cross-origin-opener-policy"), what).toBe("same-origin");
  expect(get("cross-origin-resource-policy"), what).toBe("same-site");
  expect(get("permissions-policy"), what).toMatch(/camera=\(\).*geolocation=\(\).*microphone=\(\).*payment=\(\)/);
  const policy = (get("content-security-policy") ?? "").split(";").map((part) => part.trim());
  expect(policy, what).toContain("default-src 'none'");
  expect(policy, what).toContain("frame-ancestors 'none'");
  expect(policy.join(), what).not.toMatch(/unsafe|\*|https?:/);
  for (const name of ["server", "x-powered-by", "via"]) expect(get(name), `${what}: ${name}`).toBeNull();
  expect(get("x-xss-protection") ?? "0", what).toBe("0");
  expect(get("cache-control"), what).not.toBeNull();
}

/** Headers of the first answer in raw bytes. */
function headersOf(raw: string): Headers {
  const headers = new Headers();
  for (const line of raw.split("\r\n\r\n")[0]?.split("\r\n").slice(1) ?? []) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}

describe.each(routes)("$method $template", ({ method, path, template }) => {
  test("is secure, found or refused", async () => {
    const asked: [string, Record<string, string>][] = [
      [method, {}],
      [method, { Authorization: "Bearer x" }],
      [method, { Accept: "image/x-none" }],
      ["OPTIONS", {}],
      [method === "TRACE" ? "GET" : "PUT", {}],
    ];
    for (const [how, headers] of asked) {
      const answer = await send(context.stack.url("API") + path, { method: how, headers });
      expectSecure(answer, `${how} ${template} ${answer.status}`);
      const isPublic = (answer.headers.get("cache-control") ?? "").startsWith("public");
      // What may be kept is what everybody may see.
      if (isPublic) expect(answer.status, template).toBeLessThan(400);
      if (answer.status >= 400) expect(answer.headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("the edge", () => {
  test.each([
    ["a broken request line", "GET\r\n\r\n", 400],
    ["a method that does not exist", "BREW /api HTTP/1.1\r\nHost: a\r\n\r\n", 501],
    ["a target that is too long", `GET /${"a".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ["too many headers", `GET / HTTP/1.1\r\nHost: a\r\n${"x: y\r\n".repeat(200)}\r\n`, 431],
    ["a version that is not spoken", "GET / HTTP/3.7\r\nHost: a\r\n\r\n", 505],
    ["a body without a length", "POST /api/v1/campaigns HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 411],
  ])("refuses %s securely", async (what, bytes, status) => {
    const raw = await rawExchange(context.stack.port("API"), bytes);
    expect(raw).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expectSecure({ headers: headersOf(raw) }, what);
    expect(headersOf(raw).get("content-type")).toBe("application/problem+json");
    expect(headersOf(raw).get("x-request-id")).toBeTruthy();
  });
});

describe("the gateway", () => {
  test.each([
    ["GET", "/"],
    ["GET", "/campaigns/anything"],
    ["GET", "/assets/nothing.js"],
    ["POST", "/"],
    ["GET", "/api/v1/campaigns"],
    ["GET", "/api/v1/nowhere"],
    ["GET", "/docs/problems"],
    ["GET", `/${"a".repeat(40_000)}`],
  ])("%s %.40s is secure", async (method, path) => {
    const answer = await send(context.stack.url("GATEWAY") + path, { method });
    const get = (name: string): string | null => answer.headers.get(name);
    expect(get("server") ?? "nginx").toBe("nginx");
    for (const name of ["x-powered-by", "via"]) expect(get(name), name).toBeNull();
    expect(get("x-content-type-options")).toBe("nosniff");
    expect(get("x-frame-options")).toBe("DENY");
    expect(get("referrer-policy")).toBe("no-referrer");
    const policy = get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe-(inline|eval)/);
    if (answer.status >= 400 && (path.startsWith("/api") || method === "POST" || path.length > 1000)) {
      expect(get("content-type")).toBe("application/problem+json");
      expect(answer.body.status).toBe(answer.status);
      expect(get("x-request-id")).toBeTruthy();
    }
  });
});
