// SPDX-License-Identifier: Apache-2.0
// Goal: on Kore's own port every malformed, smuggled or oversized request gets one
// correct refusal as problem+json that can be read, and what is well formed passes,
// in whatever pieces and however many at once. Method: raw sockets; each case says
// what is sent and what may come back.
import { beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { badRequests, get, host, post } from "../lib/edge-corpus.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { RawClient, exchange as rawExchange, type RawAnswer } from "../lib/raw.ts";
import { until } from "../lib/until.ts";

const context = useStack();

const exchange = (pieces: (string | Buffer)[], want?: number): Promise<RawAnswer[]> =>
  rawExchange(pieces, { port: context.stack.port("API"), ...(want === undefined ? {} : { want }) });

const statuses = (answers: RawAnswer[]): number[] => answers.map((answer) => answer.status);

/** One refusal, then the end of the connection. */
function expectRefusal(answers: RawAnswer[], status: number, code: string): void {
  expect(statuses(answers)).toEqual([status]);
  expect(answers[0]?.headers.get("content-type")).toBe("application/problem+json");
  expect(answers[0]?.headers.get("connection")).toBe("close");
  if (answers[0]?.body !== "") expect(JSON.parse(answers[0]?.body ?? "")).toMatchObject({ status, code });
}

describe("refusals at the edge", () => {
  test.each(badRequests)("$name", async ({ pieces, status, code }) => {
    expectRefusal(await exchange(pieces), status, code);
  });

  test("are the same however the bytes are cut", async () => {
    const some = badRequests.filter(({ pieces }) => pieces.length === 1 && (pieces[0] ?? "").length < 200);
    expect(some.length).toBeGreaterThan(50);
    await Promise.all(
      some.map(async ({ name, pieces, status }) => {
        const bytes = Buffer.from(pieces[0] ?? "");
        const cut = Math.floor(bytes.length / 2);
        const answers = await exchange([bytes.subarray(0, cut), bytes.subarray(cut)]);
        expect(statuses(answers), name).toEqual([status]);
      }),
    );
  });

  test("are counted by problem type", async () => {
    const name = /^careforall_http_edge_refusals_total\{problem="bad-request"\}/;
    const before = sum(await scrape(context.stack, "API_ADMIN"), name);
    await exchange(["nonsense\n\n"]);
    expect(sum(await scrape(context.stack, "API_ADMIN"), name)).toBe(before + 1);
  });

  test("fill no log: only some of very many are written", async () => {
    await until("a quiet second", async () => {
      await new Promise((resolve) => setTimeout(resolve, 1100));
      return true;
    });
    const lines = async () => (await context.stack.log("api")).split("\n").filter((line) => line.includes('"http_refused"')).length;
    const before = await lines();
    const from = Date.now();
    await Promise.all(Array.from({ length: 400 }, () => exchange(["nonsense\n\n"])));
    const seconds = Math.ceil((Date.now() - from) / 1000) + 1;
    expect((await lines()) - before).toBeLessThanOrEqual(20 * seconds * Number(context.stack.settings.get("CAREFORALL_API_WORKERS") ?? 2));
  });
});

describe("sizes: the limit passes, one more does not", () => {
  const long = (length: number): string => "x".repeat(length);

  test("the head, 16,384 bytes", async () => {
    const head = (size: number) => get("/healthz", `A: ${long(size - get("/healthz", "A: \r\n").length)}\r\n`);
    expect(head(16_384).length).toBe(16_384);
    expect(statuses(await exchange([head(16_383)], 1))).toEqual([200]);
    expect(statuses(await exchange([head(16_384)], 1))).toEqual([200]);
    expectRefusal(await exchange([head(16_385)]), 431, "headers-too-large");
  });

  test("lines, 100 with the request line", async () => {
    const lines = (count: number) => get("/healthz", "A: b\r\n".repeat(count - 2));
    expect(statuses(await exchange([lines(99)], 1))).toEqual([200]);
    expect(statuses(await exchange([lines(100)], 1))).toEqual([200]);
    expectRefusal(await exchange([lines(101)]), 431, "headers-too-large");
  });

  test("the target, 1,900 bytes", async () => {
    const target = (size: number) => get(`/healthz?${long(size - "/healthz?".length)}`);
    for (const size of [1899, 1900]) {
      const [answer] = await exchange([target(size)], 1);
      expect([200, 400]).toContain(answer?.status);
      expect(answer?.headers.get("connection")).not.toBe("close");
    }
    expectRefusal(await exchange([target(1901)]), 414, "uri-too-long");
  });

  test.each([
    ["a pledge", "/api/v1/campaigns/01900000-0000-7000-8000-000000000000/pledges", 16_384],
    ["a webhook", "/api/v1/webhooks/stripe", 65_536],
    ["a path that does not exist", "/x", 65_536],
  ])("the body of %s", async (_name, path, limit) => {
    const json = "Content-Type: application/json\r\n";
    for (const size of [limit - 1, limit]) {
      const [answer] = await exchange([post(path, long(size), json)], 1);
      expect([400, 404]).toContain(answer?.status);
      expect(answer?.headers.get("connection")).not.toBe("close");
    }
    expectRefusal(await exchange([post(path, long(limit + 1), json)]), 413, "payload-too-large");
  });

  test("a refusal can be read although the client goes on sending", async () => {
    const client = new RawClient(context.stack.port("API"));
    await client.connected();
    client.send(`POST /x HTTP/1.1\r\n${host}Content-Length: 900000\r\n\r\n`);
    for (let i = 0; i < 90; i++) {
      client.send(long(10_000));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await client.ended();
    expectRefusal(client.allAnswers, 413, "payload-too-large");
    client.close();
  });
});

describe("what must pass", () => {
  test("one byte at a time", async () => {
    const answers = await exchange(get().split(/(?:)/), 1);
    expect(answers[0]?.status).toBe(200);
  });

  test.each([
    ["an absolute target", `GET http://api/healthz HTTP/1.1\r\n${host}\r\n`, 200],
    ["an absolute target with a port", `GET http://api:80/healthz HTTP/1.1\r\n${host}\r\n`, 200],
    ["an absolute target without a path", `GET http://api HTTP/1.1\r\n${host}\r\n`, 404],
    ["an absolute target with a query only", `GET http://api?a=b HTTP/1.1\r\n${host}\r\n`, 404],
    ["an empty line first", `\r\n${get()}`, 200],
    ["empty headers and such as only begin like Host", `GET /healthz HTTP/1.1\r\nHostile: x\r\nA:\r\nB: \tc \r\n${host}\r\n`, 200],
    ["Host as an address", "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:8081\r\n\r\n", 200],
    ["Host as an address of version 6", "GET /healthz HTTP/1.1\r\nHost: [::1]:8081\r\n\r\n", 200],
    ["header names in any case", "GET /healthz HTTP/1.1\r\nhOsT: api\r\n\r\n", 200],
    ["a length of 0 on GET", get("/healthz", "Content-Length: 0\r\n"), 200],
    ["a length of 0 on POST", post("/x", ""), 404],
  ])("%s", async (_name, sent, status) => {
    const answers = await exchange([sent], 1);
    expect(statuses(answers)).toEqual([status]);
    expect(answers[0]?.headers.get("connection")).not.toBe("close");
  });

  test("OPTIONS *, HTTP/1.0 and Connection: close end the connection", async () => {
    expect(statuses(await exchange([`OPTIONS * HTTP/1.1\r\n${host}\r\n`]))).toEqual([204]);
    for (const sent of [
      `GET /healthz HTTP/1.0\r\n${host}\r\n`,
      get("/healthz", "Connection: close\r\n"),
      get("/healthz", "Connection: keep-alive, CLOSE\r\n"),
      get("/healthz", "Connection: keep-alive\r\nConnection: close\r\n"),
    ]) {
      const answers = await exchange([sent + get()]);
      expect(statuses(answers)).toEqual([200]);
      expect(answers[0]?.headers.get("connection")).toBe("close");
    }
    expect((await exchange([get("/healthz", "Connection: disclose\r\n")], 1))[0]?.headers.get("connection")).not.toBe("close");
  });

  test("100-continue is said before the body, and not for a body that is there", async () => {
    const head = `POST /x HTTP/1.1\r\n${host}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`;
    expect(statuses(await exchange([head, "abc"], 2))).toEqual([100, 404]);
    expect(statuses(await exchange([`${head}abc`], 1))).toEqual([404]);
  });

  test("a client that ends its half is answered in full, also when the answer is long", async () => {
    const whole = await context.http.get("/openapi.json");
    for (const path of ["/healthz", "/openapi.json"]) {
      const client = new RawClient(context.stack.port("API"));
      await client.connected();
      client.socket.pause();
      client.send(get(path));
      client.socket.end();
      await new Promise((resolve) => setTimeout(resolve, 300));
      client.socket.resume();
      await client.ended();
      expect(statuses(client.allAnswers)).toEqual([200]);
      if (path === "/openapi.json") expect(client.answers[0]?.body.length).toBe(whole.text.length);
      client.close();
    }
  });
});

describe("requests sent at once", () => {
  let campaign = "";
  beforeAll(async () => {
    campaign = await makeCampaign(context.sql);
  });

  test.each([20, 200])("%d are answered in order", async (count) => {
    const sent = Array.from({ length: count }, (_, i) => get(`/nothing/${i}`, `X-Request-Id: request-${i}\r\n`)).join("");
    const answers = await exchange([sent], count);
    expect(answers.map((answer) => answer.headers.get("x-request-id"))).toEqual(Array.from({ length: count }, (_, i) => `request-${i}`));
  });

  test("with bodies and refusals of handlers between them, order and effects are exact", async () => {
    const before = await context.sql.value<string>("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1", [campaign]);
    const path = `/api/v1/campaigns/${campaign}/pledges`;
    const json = "Content-Type: application/json\r\n";
    const kinds: [string, number][] = [
      [post(path, JSON.stringify(pledgeBody()), `${json}Idempotency-Key: KEY\r\n`), 201],
      [get(), 200],
      [post(path, "{", `${json}Idempotency-Key: KEY\r\n`), 400],
      [get("/nothing"), 404],
      [post(path, JSON.stringify(pledgeBody()), json), 400],
      [`DELETE /healthz HTTP/1.1\r\n${host}\r\n`, 405],
    ];
    const count = 120;
    const wanted = Array.from({ length: count / kinds.length }, () => kinds).flat();
    const bytes = Buffer.from(
      wanted.map(([text], i) => text.replace("KEY", `pipeline-${process.pid}-${i}`).replace(host, `${host}X-Request-Id: piped-${i}-request\r\n`)).join(""),
    );
    // One segment each of 16 KB, one byte over it, and cut at odd places.
    const pieces = [bytes.subarray(0, 16_385), bytes.subarray(16_385, 20_001), bytes.subarray(20_001)];
    const answers = await exchange(pieces, count);
    expect(statuses(answers)).toEqual(wanted.map(([, status]) => status));
    expect(answers.map((answer) => answer.headers.get("x-request-id"))).toEqual(wanted.map((_, i) => `piped-${i}-request`));
    const after = await context.sql.value<string>("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1", [campaign]);
    expect(Number(after) - Number(before)).toBe(count / kinds.length);
  });

  test("what stands before a broken one is answered, what stands behind it is not", async () => {
    const answers = await exchange([get() + get() + `GET /healthz HTTP/1.1\r\n${host}A : b\r\n\r\n` + get()]);
    expect(statuses(answers)).toEqual([200, 200, 400]);
  });

  test("with the end of the client's half behind them, all are answered", async () => {
    const client = new RawClient(context.stack.port("API"));
    await client.connected();
    client.socket.end(get("/openapi.json").repeat(20));
    await client.ended();
    expect(statuses(client.allAnswers)).toEqual(Array.from({ length: 20 }, () => 200));
    client.close();
  });
});
