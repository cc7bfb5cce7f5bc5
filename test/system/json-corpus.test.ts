// SPDX-License-Identifier: Apache-2.0
// Goal: every body that is no JSON, or is JSON that readers differ about, has one
// documented answer at every route, and none ends a worker. Method: a corpus of our
// own is sent to two routes that read JSON in different ways; then values at their
// edges stand in good bodies.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody, type Answer, type Problem } from "../lib/http.ts";
import { amounts, brokenBodies, messages } from "../lib/json-corpus.ts";

const context = useStack();

let campaign = "";
let workers = "";
let sent = 0;

async function workerPids(): Promise<string> {
  const pid = await context.stack.pid("api");
  return readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
}

beforeAll(async () => {
  campaign = await makeCampaign(context.sql);
  workers = await workerPids();
});

afterAll(async () => {
  expect(await workerPids(), "no worker has died").toBe(workers);
});

/** Each from an address of its own, so that no limit is met. */
function send(path: string, body: Buffer | string): Promise<Answer<Problem>> {
  const n = sent++;
  return context.http.call<Problem>("POST", path, {
    body,
    headers: { "Idempotency-Key": randomUUID(), "X-Forwarded-For": `198.18.${n >> 8}.${n & 255}` },
  });
}

const pledge = (body: Buffer | string): Promise<Answer<Problem>> => send(`/api/v1/campaigns/${campaign}/pledges`, body);

describe.each([
  ["a pledge", () => `/api/v1/campaigns/${campaign}/pledges`],
  ["a log-in", () => "/api/v1/auth/login"],
])("as %s", (_name, path) => {
  test.each(brokenBodies)("$name", async ({ bytes }) => {
    const answer = await send(path(), bytes);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code: "invalid-json" });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body.detail).toMatch(/^[A-Z].*\.$/);
  });
});

describe("a good body", () => {
  test("in any spelling makes the same pledge", async () => {
    const spellings = [
      JSON.stringify(pledgeBody()),
      JSON.stringify(pledgeBody(), null, 4),
      ` \t\r\n${JSON.stringify(pledgeBody())}\r\n `,
      JSON.stringify(pledgeBody()).replaceAll("donor", "\\u0064onor"),
    ];
    const key = randomUUID();
    const answers: Answer<Problem>[] = [];
    for (const body of spellings) {
      answers.push(
        await context.http.call<Problem>("POST", `/api/v1/campaigns/${campaign}/pledges`, { body, headers: { "Idempotency-Key": key } }),
      );
    }
    expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  });

  test.each(amounts)("with %s as its amount", async (value, status) => {
    const body = JSON.stringify(pledgeBody()).replace('"amount":1000', `"amount":${value}`);
    expect((await pledge(body)).status).toBe(status);
  });

  test.each(messages)("with %s as its message", async (_name, value, status) => {
    const body = JSON.stringify(pledgeBody(1000, { message: "MESSAGE" })).replace('"MESSAGE"', value);
    const answer = await pledge(body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    if (status !== 201) return;
    const stored = await context.sql.value<string>("SELECT message FROM careforall.pledges WHERE id = $1", [answer.body.id]);
    expect(stored).toBe(JSON.parse(value));
  });
});
