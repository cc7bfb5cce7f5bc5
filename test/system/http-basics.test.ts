// SPDX-License-Identifier: Apache-2.0
// Goal: methods, media types, parameters, problems and request ids are the same on
// every route. Method: the route table, asked as an administrator, so that nothing but
// the thing under test can be wrong; each answer is held to the document as well.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { makePerson } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { contract } from "../lib/openapi.ts";
import { expectProblem, methodsByPath, publicRoutes, type Route, Sweep } from "../lib/sweep.ts";
import { until } from "../lib/until.ts";

const context = useStack();
const routes = await publicRoutes();
const paths = [...methodsByPath(routes)].map(([template, entry]) => ({ template, ...entry }));
const all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
let sweep: Sweep;

const named = ({ method, template }: Route): string => `${method} ${template}`;
const documented = (route: Route) => contract().operations.find((one) => one.method === route.method && one.path === route.template);
const list = (header: string | null): string[] => (header ?? "").split(", ").sort();

beforeAll(async () => {
  const admin = await makePerson(context.stack, context.sql, context.http, "admin");
  sweep = new Sweep(context.stack, { Authorization: `Bearer ${admin.token}`, Origin: context.stack.url("GATEWAY") });
});

describe("every path", () => {
  test.each(paths)("$template answers 405 with Allow to other methods", async ({ path: where, methods }) => {
    for (const method of all.filter((one) => !methods.includes(one))) {
      const answer = await sweep.call(method, where);
      if (method === "HEAD") {
        expect(answer.status).toBe(405);
        expect(answer.text).toBe("");
      } else {
        expectProblem(answer, 405, `${method} ${where}`);
      }
      expect(list(answer.headers.get("allow"))).toEqual([...methods].sort());
    }
  });

  test.each(paths)("$template answers 204 with Allow to OPTIONS", async ({ path: where, methods }) => {
    const answer = await sweep.call("OPTIONS", where);
    expect(answer.status).toBe(204);
    expect(answer.text).toBe("");
    expect(answer.headers.get("content-length")).toBeNull();
    expect(list(answer.headers.get("allow"))).toEqual([...methods].sort());
  });

  test.each(paths)("$template has no neighbours", async ({ path: where }) => {
    for (const wrong of [`${where}/`, `${where}/x/y/z`, where.toUpperCase().replace(/^\/(API|DOCS|HEALTHZ|READYZ|OPENAPI)/, "/X$1")]) {
      expectProblem(await sweep.call("GET", wrong), 404, wrong);
    }
  });
});

describe("every route", () => {
  test.each(routes.filter((route) => route.method === "GET").map((route) => [named(route), route] as const))(
    "%s: HEAD is GET without the body",
    async (_name, route) => {
      const volatile = new Set(["date", "x-request-id", "ratelimit", "set-cookie"]);
      const shown = (headers: Headers): Record<string, string> => {
        const kept: Record<string, string> = {};
        headers.forEach((value, name) => {
          if (!volatile.has(name)) kept[name] = value;
        });
        return kept;
      };
      const got = await sweep.call("GET", route.path);
      const head = await sweep.call("HEAD", route.path);
      expect(head.status).toBe(got.status);
      expect(head.text).toBe("");
      const expected = shown(got.headers);
      // The length of a problem depends on its request id.
      if (got.status >= 400) {
        expect(head.headers.get("content-length")).toMatch(/^\d+$/);
        expected["content-length"] = head.headers.get("content-length") ?? "";
      }
      expect(shown(head.headers)).toEqual(expected);
    },
  );

  test.each(routes.map((route) => [named(route), route] as const))("%s: Accept and Content-Type", async (_name, route) => {
    const operation = documented(route);
    const answers = operation?.responses ?? {};
    const success = Object.entries(answers).find(([status]) => status.startsWith("2"));
    const types = success === undefined ? [] : Object.keys(contract().resolve(success[1], []).node.content ?? {});
    if (types.includes("application/json") && !["/healthz", "/readyz"].includes(route.template)) {
      expect(Object.keys(answers), "406 is documented").toContain("406");
    }
    if ("406" in answers) {
      const answer = await sweep.call(route.method, route.path, { headers: { Accept: "image/x-none" } });
      // Of other types than JSON and PDF, and of a file that was made, only the resource itself knows which it has.
      const isKnown = types.some((type) => ["application/json", "application/pdf"].includes(type));
      const isOwn = route.template.endsWith("/file") || (types.length > 0 && !isKnown);
      expectProblem(answer, isOwn ? 404 : 406, named(route));
    }
    const body = (contract().document.paths as Record<string, Record<string, { requestBody?: Record<string, unknown> }>>)[route.template]?.[
      route.method.toLowerCase()
    ]?.requestBody;
    if (body !== undefined) {
      const answer = await sweep.call(route.method, route.path, { headers: { "Content-Type": "text/x-none" }, body: "a=1" });
      expectProblem(answer, 415, named(route));
      // No field of HTTP says what a PUT takes.
      const accepts = answer.headers.get(route.method === "PATCH" ? "accept-patch" : "accept-post");
      const takes = route.method === "PUT" ? [] : Object.keys(contract().resolve(body, []).node.content as object);
      for (const type of takes) expect(accepts, named(route)).toContain(type);
      expect(Object.keys(answers)).toContain("415");
    }
  });

  // Probes and pages take what a balancer or a link appends; so does one webhook.
  const lenient = (route: Route): boolean => !route.template.startsWith("/api/") || route.template === "/api/v1/webhooks/stripe";

  test.each(routes.filter((route) => !lenient(route)).map((route) => [named(route), route] as const))(
    "%s: an unknown or repeated parameter is 400",
    async (_name, route) => {
      const unknown = await sweep.call(route.method, `${route.path}?nonsense=1`);
      expectProblem(unknown, 400, named(route));
      expect(unknown.body.code).toBe("invalid-parameter");
      const parameters = ((contract().document.paths as Record<string, Record<string, unknown>>)[route.template]?.[route.method.toLowerCase()] as
        | { parameters?: Record<string, unknown>[] }
        | undefined)?.parameters ?? [];
      for (const parameter of parameters.map((one) => contract().resolve(one, []).node)) {
        if (parameter.in !== "query") continue;
        const name = String(parameter.name);
        const twice = await sweep.call(route.method, `${route.path}?${name}=1&${name}=1`);
        expectProblem(twice, 400, `${named(route)} ${name}`);
      }
    },
  );

  test.each(routes.map((route) => [named(route), route] as const))("%s: any credentials at all give documented answers", async (_name, route) => {
    const token = "Authorization";
    const guests: Record<string, string>[] = [{}, { [token]: "Bearer x" }, { [token]: "Basic eDp5" }, { [token]: "Bearer" }];
    for (const headers of guests) {
      const guest = new Sweep(context.stack, headers);
      const answer = await guest.call(route.method, route.path, route.method === "GET" || route.method === "DELETE" ? {} : { body: "{}", headers: { "Content-Type": "application/json" } });
      if (answer.status >= 400 && answer.status !== 503) expectProblem(answer, answer.status, named(route));
    }
  });
});

describe("every answer", () => {
  test("names its request, as the log does", async () => {
    const given = `test.${randomUUID()}`;
    const kept = await sweep.call("GET", "/api/v1/nowhere", { headers: { "X-Request-Id": given } });
    expect(kept.headers.get("x-request-id")).toBe(given);
    const log = path.join(context.stack.dir, "log/api.log");
    await until("the request to be in the log", async () => (await readFile(log, "utf8")).includes(`"request_id":"${given}"`));
    for (const unsafe of ["short", "a".repeat(65), "white space", 'quote"quote', "semi;colon", "new\\nline", "ünsafe-letters"]) {
      const answer = await sweep.call("GET", "/api/v1/nowhere", { headers: { "X-Request-Id": Buffer.from(unsafe).toString("latin1") } });
      if (answer.status === 400) continue; // refused before it is a request
      expect(answer.headers.get("x-request-id"), unsafe).toMatch(/^[0-9a-f]{16}-[0-9a-f]+$/);
    }
  });

  test("has a Date, and says how its text is to be read", async () => {
    for (const where of ["/api/v1/campaigns", "/api/v1/nowhere", "/docs", "/docs/docs.css", "/openapi.json", "/healthz"]) {
      const answer = await sweep.call("GET", where);
      expect(Math.abs(Date.parse(answer.headers.get("date") ?? "") - Date.now()), where).toBeLessThan(5000);
      expect(answer.headers.get("content-type"), where).toMatch(/^(application\/(problem\+)?json|text\/(html|css); charset=utf-8)$/);
    }
  });
});
