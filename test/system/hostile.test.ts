// SPDX-License-Identifier: Apache-2.0
// Goal: slow, half-open, flooding and deaf clients are put an end to by themselves and
// cost others nothing. Method: each kind is let loose on Kore's own port while an
// ordinary client goes on working; what is counted is answers, not speed.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { get, host } from "../lib/edge-corpus.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { RawClient, exchange } from "../lib/raw.ts";
import { sleep, until } from "../lib/until.ts";

const context = useStack();

/** Counted by their own address: 127.0.0.1 is a trusted proxy, which is not bounded. */
const attacker = "127.0.0.66";
const perAddress = 256;

const port = (): number => context.stack.port("API");

const workers: number[] = [];
beforeAll(async () => {
  workers.push(...(await context.stack.workers()));
});

/** An ordinary client that works as long as the other thing goes on. */
async function whileOthersWork(hostile: () => Promise<void>): Promise<void> {
  let isOver = false;
  let answered = 0;
  const ordinary = async (): Promise<void> => {
    while (!isOver) {
      const answer = await context.http.get("/api/v1/campaigns?limit=1");
      expect(answer.status).toBe(200);
      answered++;
      await sleep(20);
    }
  };
  const work = Promise.all([ordinary(), ordinary()]);
  try {
    await hostile();
  } finally {
    isOver = true;
    await work;
  }
  expect(answered).toBeGreaterThan(0);
}

async function connections(): Promise<number> {
  return sum(await scrape(context.stack, "API_ADMIN"), /^careforall_http_connections$/);
}

/** Opens as many connections and waits until they stand or are refused. */
async function crowd(count: number, from: string): Promise<RawClient[]> {
  const clients = Array.from({ length: count }, () => new RawClient(port(), from));
  await Promise.all(clients.map((client) => client.connected()));
  return clients;
}

describe.concurrent("slow and silent", () => {
  test("each is ended in its time, and nobody else notices", async () => {
    await whileOthersWork(async () => {
      const drip = async (client: RawClient, bytes: string): Promise<void> => {
        await client.connected();
        for (const byte of bytes) {
          if (client.isEnded || client.isClosed) return;
          client.send(byte);
          await sleep(1000);
        }
      };
      const cases: { name: string; statuses: number[]; limitMs: number; run: (client: RawClient) => Promise<void> | void }[] = [
        { name: "a head that stops", statuses: [408], limitMs: 14_000, run: (c) => c.send("GET /healthz HTTP/1.1\r\nHost: ") },
        { name: "a head of one byte a second", statuses: [408], limitMs: 14_000, run: (c) => drip(c, get("/healthz", "A: aaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")) },
        { name: "empty lines", statuses: [408], limitMs: 14_000, run: (c) => drip(c, "\r\n".repeat(30)) },
        { name: "nothing at all", statuses: [], limitMs: 20_000, run: () => undefined },
        {
          name: "a body that stops",
          statuses: [408],
          limitMs: 34_000,
          run: (c) => c.send(`POST /x HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\nabc`),
        },
        {
          name: "a body of one byte a second",
          statuses: [408],
          limitMs: 34_000,
          run: async (c) => {
            c.send(`POST /x HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\n`);
            await drip(c, "b".repeat(60));
          },
        },
        {
          name: "a request, then half of one",
          statuses: [200, 408],
          limitMs: 14_000,
          run: (c) => c.send(`${get()}GET /healthz HT`),
        },
      ];
      await Promise.all(
        cases.map(async ({ name, statuses, limitMs, run }) => {
          const client = new RawClient(port(), attacker);
          await client.connected();
          const running = run(client);
          await client.ended(limitMs + 10_000);
          await running;
          expect(client.allAnswers.map((answer) => answer.status), name).toEqual(statuses);
          client.close();
        }),
      );
    });
  });

  test("200 slow heads at a time hold no worker", async () => {
    await whileOthersWork(async () => {
      const slow = await crowd(200, attacker);
      for (let i = 0; i < 8; i++) {
        for (const client of slow) client.send(i === 0 ? `GET /healthz HTTP/1.1\r\n${host}A: ` : "a");
        await sleep(250);
      }
      await Promise.all(slow.map((client) => client.ended()));
      expect(slow.map((client) => client.answers[0]?.status)).toEqual(slow.map(() => 408));
      for (const client of slow) client.close();
    });
  });

  test("a client that takes no answers is not read any further, and then dropped", async () => {
    const before = sum(await scrape(context.stack, "API_ADMIN"), /^careforall_http_slow_readers_total/);
    const whole = (await context.http.get("/openapi.json")).text.length;
    await whileOthersWork(async () => {
      const deaf = new RawClient(port(), attacker);
      await deaf.connected();
      deaf.socket.pause();
      // About 4000 answers of that size were a few hundred megabytes.
      const wanted = Buffer.from(get("/openapi.json").repeat(4000));
      deaf.send(wanted);
      await until("the API to give it up", async () => sum(await scrape(context.stack, "API_ADMIN"), /^careforall_http_slow_readers_total/) > before, 60_000);
      deaf.socket.resume();
      await deaf.ended();
      // What the sockets' buffers hold, and no more.
      expect(deaf.bytes.length).toBeGreaterThan(0);
      expect(deaf.bytes.length).toBeLessThan(2000 * whole);
      deaf.close();
    });
  });

  test("a slow but steady reader gets all of it", async () => {
    const reader = new RawClient(port(), attacker);
    await reader.connected();
    const count = 100;
    reader.send(get("/openapi.json").repeat(count));
    const end = Date.now() + 200_000;
    while (reader.answers.length < count && Date.now() < end) {
      reader.socket.pause();
      await sleep(30);
      reader.socket.resume();
      await sleep(10);
    }
    expect(reader.allAnswers.map((answer) => answer.status)).toEqual(Array.from({ length: count }, () => 200));
    reader.close();
  });
});

describe("gone in the middle", () => {
  test("connections that end or break at any byte leave nothing behind", async () => {
    const before = await connections();
    await whileOthersWork(async () => {
      const whole = `POST /x HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\n0123456789`;
      for (const isReset of [false, true]) {
        await Promise.all(
          Array.from({ length: whole.length }, async (_, cut) => {
            const client = new RawClient(port(), attacker);
            await client.connected();
            client.send(whole.slice(0, cut));
            await sleep(20);
            if (isReset) client.socket.resetAndDestroy();
            else {
              client.socket.end();
              await client.ended();
              expect(client.bytes.toString()).toBe("");
            }
            client.close();
          }),
        );
      }
    });
    await until("all of them to be gone", async () => (await connections()) <= before + 4);
  });

  test("clients that vanish while their request is carried out", async () => {
    const before = await connections();
    await whileOthersWork(async () => {
      for (let round = 0; round < 5; round++) {
        const clients = await crowd(50, attacker);
        for (const client of clients) client.send(get("/api/v1/campaigns"));
        for (const client of clients) client.socket.resetAndDestroy();
      }
    });
    await until("all of them to be gone", async () => (await connections()) <= before + 4);
  });
});

describe("flooding", () => {
  test("one address has only so many connections, over all workers; another is served", async () => {
    await whileOthersWork(async () => {
      const clients = await crowd(perAddress + 100, attacker);
      onTestFinished(() => clients.forEach((client) => client.close()));
      await until("the surplus to be refused", () => clients.filter((client) => client.isEnded || client.isClosed).length >= 100);
      const refused = clients.filter((client) => client.isEnded || client.isClosed);
      const kept = clients.filter((client) => !client.isEnded && !client.isClosed);
      expect(kept.length).toBe(perAddress);
      for (const client of refused) {
        const [answer] = client.allAnswers;
        expect(answer?.status).toBe(429);
        expect(answer?.headers.get("content-type")).toBe("application/problem+json");
        expect(answer?.headers.get("retry-after")).toBe("5");
        expect(JSON.parse(answer?.body ?? "")).toMatchObject({ code: "too-many-connections", status: 429, "violated-policies": ["connections-address"] });
      }
      // Those that stand are served; a further one is not; another address is.
      kept[0]?.send(get());
      await kept[0]?.until(() => kept[0]?.answers.length === 1);
      // An end that comes while the request is sent can take the answer with it.
      const further = await until("a further one to be answered", async () => (await exchange([get()], { port: port(), from: attacker }))[0]);
      expect(further.status).toBe(429);
      expect((await exchange([get()], { port: port(), from: "127.0.0.67", want: 1 })).map((answer) => answer.status)).toEqual([200]);
      // Each that ends makes room for one.
      kept[0]?.close();
      await until("room for one more", async () => {
        const [answer] = await exchange([get("/healthz", "Connection: close\r\n")], { port: port(), from: attacker });
        return answer?.status === 200;
      });
      for (const client of clients) client.close();
    });
    await until("the address to be free again", async () => {
      const [answer] = await exchange([get("/healthz", "Connection: close\r\n")], { port: port(), from: attacker });
      return answer?.status === 200;
    });
  });

  test("connections opened and dropped as fast as they come", async () => {
    const before = await connections();
    await whileOthersWork(async () => {
      for (let round = 0; round < 20; round++) {
        const clients = await crowd(150, attacker);
        for (const client of clients) client.socket.resetAndDestroy();
      }
    });
    await until("all of them to be gone", async () => (await connections()) <= before + 4);
  });

  test("broken requests as fast as they come", async () => {
    await whileOthersWork(async () => {
      for (let round = 0; round < 10; round++) {
        const answers = await Promise.all(Array.from({ length: 100 }, () => exchange(["GET / HTTP/9.9\r\n\r\n"], { port: port(), from: attacker })));
        for (const each of answers) expect(each.map((answer) => answer.status)).toEqual([505]);
      }
    });
  });
});

afterAll(async () => {
  expect(await context.stack.workers(), "no worker has died").toEqual(workers);
});
