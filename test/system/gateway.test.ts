// SPDX-License-Identifier: Apache-2.0
// Goal: through the gateway too every malformed, smuggled or oversized request gets a
// correct refusal as problem+json, nothing reaches the API that was not asked for, and
// no answer goes to the wrong request. Method: the corpus of the edge through nginx;
// after each case ordinary requests on other connections must get their own answers,
// and the API's log must show none of the hidden ones.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { makePerson } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { badRequests, get, host, post } from "../lib/edge-corpus.ts";
import { Http } from "../lib/http.ts";
import { RawClient, exchange as rawExchange, type RawAnswer } from "../lib/raw.ts";
import { root } from "../lib/stack.ts";

const context = useStack();

const port = (): number => context.stack.port("GATEWAY");
const exchange = (pieces: (string | Buffer)[], want?: number): Promise<RawAnswer[]> =>
  rawExchange(pieces, { port: port(), ...(want === undefined ? {} : { want }) });

let types: Record<string, { status: number; title: string }> = {};
let checked = 0;

beforeAll(async () => {
  const document = parse(await readFile(path.join(root, "kore-app/openapi.yaml"), "utf8")) as Record<string, typeof types>;
  types = document["x-problem-types"] ?? {};
});

/** A problem of the closed list, told as the API tells it. */
function expectProblem(answer: RawAnswer | undefined, statuses: number[]): void {
  expect(statuses).toContain(answer?.status);
  expect(answer?.headers.get("content-type")).toBe("application/problem+json");
  expect(answer?.headers.get("x-content-type-options")).toBe("nosniff");
  if (answer?.body === "") return; // of HEAD
  const problem = JSON.parse(answer?.body ?? "") as { type: string; title: string; status: number; code: string };
  expect(problem.status).toBe(answer?.status);
  expect(types[problem.code], problem.code).toMatchObject({ status: problem.status, title: problem.title });
  expect(problem.type.endsWith(`/docs/problems#${problem.code}`)).toBe(true);
}

/** Ordinary requests get their own answers: no answer has slipped into another's place. */
async function expectInStep(): Promise<void> {
  const http = new Http(context.stack, "GATEWAY");
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const id = `in-step-${process.pid}-${checked++}`;
      const answer = await http.get("/api/v1/campaigns?limit=1", { "X-Request-Id": id });
      expect([answer.status, answer.headers.get("x-request-id")]).toEqual([200, id]);
    }),
  );
}

describe("refusals through the gateway", () => {
  test.each(badRequests)("$name", async ({ pieces, status, gateway }) => {
    const expected = gateway ?? [status];
    const isPassed = expected.some((each) => each < 400 && each > 0);
    const answers = await exchange(pieces, 1);
    if (expected.includes(0)) expect(answers).toEqual([]);
    else if (isPassed) expect(expected).toContain(answers[0]?.status);
    else expectProblem(answers[0], expected);
    await expectInStep();
  });

  test("a body of 64 KiB passes, one byte more does not", async () => {
    const json = "Content-Type: application/json\r\n";
    const size = (length: number) => post("/api/v1/webhooks/stripe", "x".repeat(length), json);
    expectProblem((await exchange([size(65_536)], 1))[0], [400]);
    expectProblem((await exchange([size(65_537)], 1))[0], [413]);
  });

  test("what the gateway itself has no place for", async () => {
    expectProblem((await exchange([post("/x", "a")], 1))[0], [405]);
    expectProblem((await exchange([`PATCH /healthz HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`], 1))[0], [405]);
    expectProblem((await exchange([get("/api/v1/nothing")], 1))[0], [404]);
    for (const missing of ["/assets/nothing.js", "/images/nothing.svg", "/index.html.gz"]) {
      const [answer] = await exchange([get(missing)], 1);
      expectProblem(answer, [404]);
      expect(answer?.headers.get("cache-control"), missing).toBe("no-store");
    }
  });

  test("readiness is that of the API, not a page of the site", async () => {
    const [answer] = await exchange([get("/readyz")], 1);
    expect(JSON.parse(answer?.body ?? "")).toMatchObject({ status: "ok", postgres: "ok" });
  });

  test("what is edited by If-Match keeps its strong tag, however long it is", async () => {
    const admin = await makePerson(context.stack, context.sql, context.http, "admin");
    const donor = await makePerson(context.stack, context.sql, context.http);
    // Longer than what the gateway leaves as it is for being short.
    await context.sql.rows(
      "UPDATE careforall.accounts SET name = repeat(U&'\\+01F30D', 120), email = repeat('a', 180) || email WHERE id IN ($1, $2)",
      [admin.id, donor.id],
    );
    const gateway = new Http(context.stack, "GATEWAY").as(admin.token);
    for (const where of ["/api/v1/me", `/api/v1/admin/users/${donor.id}`]) {
      const answer = await gateway.get(where, { "Accept-Encoding": "gzip" });
      expect([answer.status, answer.headers.get("content-encoding")], where).toEqual([200, null]);
      expect(answer.headers.get("etag"), where).toMatch(/^"/);
      if (where.includes("users")) expect(Buffer.byteLength(answer.text)).toBeGreaterThan(1024);
    }
  });

  test("a chunked body arrives as a body", async () => {
    const body = '{"a":1}';
    const sent = `POST /api/v1/webhooks/stripe HTTP/1.1\r\n${host}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const answers = await exchange([sent, `${body.length.toString(16)}\r\n${body}\r\n`, "0\r\n\r\n"], 1);
    expectProblem(answers[0], [400]);
    expect(answers[0]?.body).toContain("signature-invalid");
  });

  test("requests sent at once are answered in order", async () => {
    const ids = Array.from({ length: 100 }, (_, i) => `gateway-pipe-${i}`);
    const sent = ids.map((id, i) => get(i % 3 === 0 ? "/api/v1/nothing" : "/healthz", `X-Request-Id: ${id}\r\n`)).join("");
    const answers = await exchange([sent], ids.length);
    expect(answers.map((answer) => answer.headers.get("x-request-id"))).toEqual(ids);
    expect(answers.map((answer) => answer.status)).toEqual(ids.map((_, i) => (i % 3 === 0 ? 404 : 200)));
  });

  test("a head and a body that do not come are given up", async () => {
    const slow = [get().slice(0, 20), `POST /api/v1/webhooks/stripe HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\nabc`];
    await Promise.all(
      slow.map(async (bytes) => {
        const client = new RawClient(port());
        await client.connected();
        client.send(bytes);
        await client.ended(25_000);
        for (const answer of client.allAnswers) expectProblem(answer, [408]);
        client.close();
      }),
    );
  });

  test("one address has only so many connections; another is served", async () => {
    const most = Number(context.stack.settings.get("CAREFORALL_GATEWAY_CONNECTIONS_PER_ADDRESS") ?? 512);
    const half = Array.from({ length: most }, () => new RawClient(port(), "127.0.0.68"));
    await Promise.all(half.map((client) => client.connected()));
    // nginx counts a connection from the head of its first request on.
    for (const client of half) client.send(`POST /api/v1/webhooks/stripe HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const [answer] = await rawExchange([get()], { port: port(), from: "127.0.0.68", want: 1 });
    expectProblem(answer, [429]);
    expect(answer?.headers.get("retry-after")).toBe("5");
    expect((await rawExchange([get()], { port: port(), from: "127.0.0.69", want: 1 }))[0]?.status).toBe(200);
    for (const client of half) client.close();
  });
});

test("without the API every answer is a problem", async () => {
  await context.stack.stop(["api"]);
  try {
    const [answer] = await exchange([get("/api/v1/campaigns")], 1);
    expectProblem(answer, [503]);
    expect(answer?.headers.get("retry-after")).toBe("2");
  } finally {
    await context.stack.start(["api"]);
  }
});

afterAll(async () => {
  const log = await context.stack.log("api");
  expect(log).toContain(`in-step-${process.pid}-0`);
  expect(log, "a hidden request was carried out").not.toContain("smuggled-request");
});
