// SPDX-License-Identifier: Apache-2.0
// Goal: who watches is told everything once, in order, whatever is cut or restarted,
// and nobody can make it dear for the others. Method: sockets that are cut at random
// under load and compared with the stream; a client that does not read, one that is
// dead, one that sends what no client may; bounds reached and passed.
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { issueToken, makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { assertInvariants, drained, published } from "../lib/invariants.ts";
import { LiveSocket, type LiveFrame } from "../lib/live.ts";
import { scrape, sum } from "../lib/metrics.ts";
import type { StreamEvent } from "../lib/stream.ts";
import { pool, sleep, until } from "../lib/until.ts";

const context = useStack();

/** A connection that ends with the test, however that ends. */
async function open(options = {}, entry: "API" | "GATEWAY" = "API"): Promise<LiveSocket> {
  const socket = await LiveSocket.open(context.stack.url(entry), options);
  onTestFinished(() => {
    socket.cut();
  });
  return socket;
}

const TRY_LATER = 1013;

/** One that has the answer to its wish to see everything; asks again where the database did not answer in time. */
const openAll = (topic: Record<string, unknown>): Promise<LiveSocket> =>
  until("an answer", async () => {
    const socket = await open();
    socket.subscribe(topic);
    await until("an answer or the end", () => socket.closed ?? socket.of("subscribed").length > 0);
    return socket.closed?.code === TRY_LATER ? null : socket;
  });

interface Load {
  made: number;
  stop: () => Promise<void>;
}

/**
 * Donors who pledge until stopped, or until the test ends. They rest so long that the
 * 500 frames kept of a campaign last for what these tests do to it.
 */
function load(campaign: string, donors: number): Load {
  let running = true;
  const done = Promise.all(
    Array.from({ length: donors }, async () => {
      while (running) {
        await sqlPledge(context.sql, campaign, { amount: 1000, display: "name_amount_message" });
        one.made++;
        await sleep(25);
      }
    }),
  );
  const one: Load = {
    made: 0,
    stop: async () => {
      running = false;
      await done;
    },
  };
  onTestFinished(() => one.stop().catch(() => undefined));
  return one;
}

/** Takes the whole read model away and waits until it is back. */
async function rebuild(): Promise<void> {
  await context.redis.flushall();
  await published(context);
}

/** Watches one topic through any number of cuts, going on after the last frame each time. */
class Watcher {
  readonly seen: LiveFrame[] = [];
  opened = 0;
  resets = 0;
  epoch: number | null = null;
  sequence: number | null = null;
  private socket: LiveSocket | null = null;
  private taken = 0;

  constructor(private readonly topic: Record<string, unknown>) {}

  async open(): Promise<void> {
    this.socket = await until("a live connection", () => open().catch(() => null));
    this.opened++;
    this.taken = 0;
    this.socket.subscribe({ ...this.topic, ...(this.sequence === null ? {} : { after: this.sequence, epoch: this.epoch }) });
  }

  /** Begins to watch, at a time when the feed is there; gives the sequence that it begins behind. */
  async begin(): Promise<number> {
    return until("an answer with a position", async () => {
      await this.open();
      await until("an answer", () => this.isClosed || this.socket?.of("subscribed").length === 1);
      this.take();
      if (this.sequence === null || this.resets > 0) {
        this.cut();
        this.sequence = null;
        this.resets = 0;
      }
      return this.sequence;
    });
  }

  /** Takes over what has come since, and connects again where the connection was lost, as any client would. */
  async follow(): Promise<void> {
    this.take();
    if (this.isClosed) await this.open();
  }

  /** Takes over what has come since. */
  take(): void {
    const frames = this.socket?.frames ?? [];
    for (; this.taken < frames.length; this.taken++) {
      const frame = frames[this.taken] as LiveFrame;
      if (frame.type === "error") throw new Error(JSON.stringify(frame));
      if (frame.type === "subscribed") {
        // None is told while the feed is away; then the one before still counts.
        this.epoch = frame.epoch ?? this.epoch;
        this.sequence ??= frame.sequence ?? null;
        continue;
      }
      if (frame.type === "reset") {
        this.resets++;
        this.epoch = frame.epoch ?? this.epoch;
      } else {
        this.seen.push(frame);
      }
      this.sequence = frame.sequence ?? null;
    }
  }

  get isClosed(): boolean {
    return this.socket?.closed !== null;
  }

  cut(): void {
    this.socket?.cut();
    this.take();
  }

  close(): void {
    this.socket?.close();
  }
}

/** The stream's events of a campaign behind a sequence. */
async function events(campaign: string, after: number): Promise<StreamEvent[]> {
  return (await context.stream.read()).filter(
    (event) => event.headers.get("ce-campaignid") === campaign && event.sequence > after,
  );
}

const gifts = (watcher: Watcher): number[] =>
  watcher.seen.filter((frame) => frame.gift).map((frame) => frame.sequence ?? -1);

function isGrowing(sequences: (number | null | undefined)[]): boolean {
  return sequences.every((sequence, index) => index === 0 || (sequence ?? 0) > (sequences[index - 1] ?? 0));
}

/** Every gift once and in order, and at the end the figures of the database. */
async function sawEverything(watcher: Watcher, campaign: string, from: number): Promise<void> {
  await drained(context);
  const expected = (await events(campaign, from)).filter((event) => event.type === "careforall.pledge.confirmed.v1");
  const last = expected.at(-1)?.sequence ?? 0;
  await until("the last gift", async () => {
    await watcher.follow();
    return gifts(watcher).includes(last);
  });
  expect(gifts(watcher)).toEqual(expected.map((event) => event.sequence));
  expect(isGrowing(watcher.seen.map((frame) => frame.sequence)), "in order, none twice").toBe(true);
  const row = await context.sql.value<number>(
    "SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1 AND state = 'confirmed'",
    [campaign],
  );
  await until("the last totals", async () => {
    await watcher.follow();
    const totals = watcher.seen.at(-1)?.totals as { confirmed_count: number; pending_count: number } | undefined;
    return totals?.confirmed_count === row && totals.pending_count === 0;
  });
}

describe("a campaign", () => {
  test("is told without gap or double through 100 cuts under load", async () => {
    const campaign = await makeCampaign(context.sql);
    await published(context);
    const watcher = new Watcher({ campaign });
    const from = await watcher.begin();
    const donors = load(campaign, 3);
    for (let cut = 0; cut < 100 || donors.made <= 100; cut++) {
      await sleep(Math.random() * 60);
      watcher.cut();
      if (cut % 3 === 0) await sleep(Math.random() * 40);
      await watcher.open();
    }
    await donors.stop();
    await sawEverything(watcher, campaign, from);
    expect(watcher.resets).toBe(0);
    watcher.close();
  });

  test("is told without gap or double while workers, Redis and the projector are killed", async () => {
    const campaign = await makeCampaign(context.sql);
    await published(context);
    const watcher = new Watcher({ campaign });
    const steady = new Watcher({ campaign });
    const from = await watcher.begin();
    const steadyFrom = await steady.begin();
    const donors = load(campaign, 2);
    for (let round = 0; round < 6; round++) {
      await sleep(200);
      if (round % 3 === 0) await context.stack.killWorkers();
      if (round % 3 === 1) await context.stack.kill("redis");
      if (round % 3 === 2) await context.stack.kill("projector");
      for (let step = 0; step < 10; step++) {
        await sleep(Math.random() * 100);
        watcher.cut();
        await watcher.open();
        await steady.follow();
      }
    }
    await donors.stop();
    await sawEverything(watcher, campaign, from);
    await sawEverything(steady, campaign, steadyFrom);
    watcher.close();
    steady.close();
  });

  test("is told without gap or double to those who stay while the channel behind is cut 30 times", async () => {
    const campaign = await makeCampaign(context.sql);
    await published(context);
    const watcher = new Watcher({ campaign });
    const from = await watcher.begin();
    const { opened } = watcher;
    const donors = load(campaign, 2);
    for (let cut = 0; cut < 30; cut++) {
      await sleep(50 + Math.random() * 100);
      await context.redis.call("CLIENT", "KILL", "TYPE", cut % 2 ? "normal" : "pubsub");
    }
    await donors.stop();
    await sawEverything(watcher, campaign, from);
    expect(watcher.opened).toBe(opened);
    expect(watcher.resets).toBe(0);
    watcher.close();
  });

  test("that was rebuilt meanwhile answers with a reset, connected or not", async () => {
    const campaign = await makeCampaign(context.sql);
    await sqlPledge(context.sql, campaign);
    await drained(context);
    const here = new Watcher({ campaign });
    const away = new Watcher({ campaign });
    await here.begin();
    await away.begin();
    away.cut();
    await rebuild();
    await until("the one that is here to be told", async () => {
      await here.follow();
      return here.resets > 0;
    });
    await sqlPledge(context.sql, campaign);
    await drained(context);
    await away.open();
    await until("the one that was away to be told", async () => {
      await away.follow();
      return away.resets > 0;
    });
    expect(away.epoch).toBe(here.epoch);
    here.close();
    away.close();
  });

  test("of which too much was missed answers with a reset", async () => {
    const campaign = await makeCampaign(context.sql);
    await sqlPledge(context.sql, campaign);
    await drained(context);
    const watcher = new Watcher({ campaign });
    await watcher.begin();
    watcher.cut();
    await pool(8, Array.from({ length: 560 }, () => () => sqlPledge(context.sql, campaign)));
    await drained(context, 120_000);
    await watcher.open();
    await until("a reset", async () => {
      await watcher.follow();
      return watcher.resets;
    });
    expect(watcher.seen).toEqual([]);
    watcher.close();
  });

  test("is told through the gateway too", async () => {
    const campaign = await makeCampaign(context.sql);
    await published(context);
    const socket = await open({ origin: context.stack.url("GATEWAY") }, "GATEWAY");
    socket.subscribe({ campaign });
    await until("an answer", () => socket.of("subscribed").length === 1);
    await sqlPledge(context.sql, campaign);
    await until("a gift", () => socket.of("totals").some((frame) => frame.gift));
    socket.close();
    await until("the end", () => socket.closed?.code === 1005 || socket.closed?.code === 1000);
  });

  test("shows what is public and nothing else", async () => {
    const campaign = await makeCampaign(context.sql);
    await published(context);
    const socket = await open();
    socket.subscribe({ campaign });
    await until("an answer", () => socket.of("subscribed").length === 1);
    await context.http.pledge(
      campaign,
      pledgeBody(1234, { display: "none", message: "a secret", donor: { name: "Grace Hidden", email: "grace@example.org" } }),
    );
    await until("a gift", () => socket.of("totals").some((frame) => frame.gift));
    const text = JSON.stringify(socket.frames);
    for (const hidden of ["Grace", "grace@", "a secret"]) expect(text).not.toContain(hidden);
    socket.close();
  });
});

describe("a pledge", () => {
  test("is told with its token only, state by state", async () => {
    const campaign = await makeCampaign(context.sql);
    const { body } = await context.http.pledge(campaign);
    const socket = await open();
    socket.subscribe({ pledge: body.id, token: body.token });
    await until("its confirmation", () => socket.of("pledge").some((frame) => frame.state === "confirmed"));
    expect(isGrowing(socket.of("pledge").map((frame) => frame.version as number))).toBe(true);
    for (const token of [undefined, "", "A".repeat(43), body.token.slice(0, -1), `${body.token}A`]) {
      socket.subscribe({ pledge: body.id, token });
    }
    await until("refusals", () => socket.of("error").length === 5);
    expect(new Set(socket.of("error").map((frame) => frame.code))).toEqual(new Set(["not-found"]));
    socket.close();
  });
});

/** Each event of the stream behind a sequence once, in order, without a reset; gives those events. */
async function sawTheStream(watcher: Watcher, from: number): Promise<StreamEvent[]> {
  const truth = await context.stream.read(from + 1);
  const last = truth.at(-1)?.sequence ?? Infinity;
  await until("the last event", async () => {
    await watcher.follow();
    return (watcher.sequence ?? 0) >= last;
  });
  expect(watcher.resets).toBe(0);
  expect(watcher.seen.map((frame) => frame.sequence).filter((sequence) => (sequence ?? 0) <= last)).toEqual(
    truth.map((event) => event.sequence),
  );
  return truth;
}

describe("everything", () => {
  test("is told to an administrator: each event of the stream once, in order, through cuts and kills", async () => {
    const admin = await makePerson(context.stack, context.sql, context.http, "admin");
    const campaigns = await pool(2, [1, 2].map(() => () => makeCampaign(context.sql)));
    await published(context);
    const watcher = new Watcher({ all: true, access_token: admin.token });
    const from = await watcher.begin();
    const donors = campaigns.map((campaign) => load(campaign, 2));
    for (let cut = 0; cut < 100; cut++) {
      await sleep(Math.random() * 60);
      watcher.cut();
      if (cut === 20) await context.stack.killWorkers();
      if (cut === 40) await context.stack.kill("redis");
      if (cut === 60) await context.stack.kill("projector");
      await watcher.open();
    }
    for (const each of donors) await each.stop();
    const draft = await makeCampaign(context.sql, { state: "draft" });
    await drained(context);
    const truth = await sawTheStream(watcher, from);
    for (const [index, event] of truth.entries()) {
      const data = JSON.parse(event.data) as Record<string, unknown>;
      const isPledge = event.type.startsWith("careforall.pledge.");
      expect(watcher.seen[index]).toEqual({
        type: "event",
        sequence: event.sequence,
        event: event.type.replace(/^careforall\.|\.v1$/g, ""),
        campaign_id: event.headers.get("ce-campaignid"),
        version: event.version,
        state: data.state,
        at: event.headers.get("ce-time"),
        ...(isPledge
          ? {
              pledge_id: event.aggregate,
              state_reason: data.state_reason,
              amount: { amount: data.amount_minor, currency: data.currency },
              refunded: { amount: data.refunded_minor, currency: data.currency },
            }
          : {}),
      });
    }
    expect(watcher.seen.some((frame) => frame.campaign_id === draft)).toBe(true);
    expect(JSON.stringify(watcher.seen)).not.toMatch(/example\.org|Ada/);
    watcher.close();
  });

  test("goes on behind the kept events with a reset, and after a rebuild too", async () => {
    const admin = await makePerson(context.stack, context.sql, context.http, "admin");
    const topic = { all: true, access_token: admin.token };
    const watcher = new Watcher(topic);
    await watcher.begin();
    const old = { epoch: watcher.epoch, sequence: watcher.sequence };
    await rebuild();
    await until("a reset", async () => {
      await watcher.follow();
      return watcher.resets === 1;
    });
    expect(watcher.epoch).toBeGreaterThan(old.epoch ?? 0);
    watcher.close();
    const late = await openAll({ ...topic, after: old.sequence, epoch: old.epoch });
    await until("a reset", () => late.of("reset").length === 1);
    late.close();
    // A feed that begins behind what was seen. The rebuild may have begun it before that:
    // it follows the stream from the relay's checkpoint.
    onTestFinished(rebuild);
    const { epoch, sequence } = watcher;
    const filler = Array.from({ length: 10_000 }, (_, index) => [(sequence ?? 0) + 1_000_000 + index, `{"filler":${index}}`]);
    await context.redis.multi().del("cfa:feed").zadd("cfa:feed", ...filler.flat()).exec();
    const behind = await openAll({ ...topic, after: sequence, epoch });
    await until("a reset", () => behind.of("reset").length === 1);
    behind.close();
  });

  test("is a page at a time for those who were away for long, and only as fast as they read", async () => {
    const admin = await makePerson(context.stack, context.sql, context.http, "admin");
    const campaign = await makeCampaign(context.sql);
    await published(context);
    const watcher = new Watcher({ all: true, access_token: admin.token });
    const from = await watcher.begin();
    watcher.cut();
    await pool(8, Array.from({ length: 400 }, () => () => sqlPledge(context.sql, campaign)));
    await drained(context, 120_000);
    await watcher.open();
    expect((await sawTheStream(watcher, from)).length).toBeGreaterThan(500);
    watcher.close();
  });

  test("is refused to all others, with a code that says why", async () => {
    const [admin, owner, donor] = [
      await makePerson(context.stack, context.sql, context.http, "admin"),
      await makePerson(context.stack, context.sql, context.http, "owner"),
      await makePerson(context.stack, context.sql, context.http, "donor"),
    ];
    const [head, claims, signature] = admin.token.split(".");
    const refusals: [string, number][] = [
      [owner.token, 4403],
      [donor.token, 4403],
      ["", 4401],
      ["x", 4401],
      [`${head}.${claims}.`, 4401],
      [`${head}.${claims}.${signature?.slice(1)}A`, 4401],
      [issueToken(context.stack, admin.id, donor.session), 4401],
      [issueToken(context.stack, admin.id, admin.id), 4401],
    ];
    for (const [token, code] of refusals) {
      const socket = await openAll({ all: true, access_token: token });
      expect(socket.closed?.code).toBe(code);
      expect(socket.frames).toEqual([]);
    }
    const socket = await open();
    const bad = [
      { all: true },
      { all: false, access_token: admin.token },
      { all: true, access_token: 1 },
      { all: true, access_token: admin.token, after: 1 },
      { all: true, access_token: admin.token, campaign: admin.id },
    ];
    for (const topic of bad) socket.subscribe(topic);
    await until("refusals", () => socket.of("error").length === bad.length);
    expect(socket.closed).toBeNull();
    // In the address it counts for nothing, and the address is no place for it.
    const asked = await context.http.get(`/api/v1/live?access_token=${admin.token}`);
    expect(asked.status).toBe(400);
    socket.close();
  });

  test("ends with the session, with the role, and on demand", async () => {
    const watch = (person: Person): Promise<LiveSocket> => openAll({ all: true, access_token: person.token });
    const people = await pool(3, [1, 2, 3].map(() => () => makePerson(context.stack, context.sql, context.http, "admin")));
    const [leaves, demoted, stays] = people as [Person, Person, Person];
    const sockets = [await watch(leaves), await watch(demoted), await watch(stays)] as const;
    await context.sql.rows("UPDATE careforall.sessions SET ended_at = now(), end_reason = 'logout' WHERE id = $1", [leaves.session]);
    await context.sql.rows("UPDATE careforall.accounts SET role = 'donor' WHERE id = $1", [demoted.id]);
    await until("the log-out to be noticed", () => sockets[0].closed?.code === 4401);
    await until("the role to be noticed", () => sockets[1].closed?.code === 4403);
    expect(sockets[2].closed).toBeNull();
    sockets[2].send({ unsubscribe: { all: true } });
    sockets[2].subscribe({ campaign: "00000000-0000-7000-8000-000000000001" });
    await until("an answer", () => sockets[2].of("subscribed").length === 2);
    const before = sockets[2].of("event").length;
    const campaign = await makeCampaign(context.sql);
    await sqlPledge(context.sql, campaign);
    await drained(context);
    expect(sockets[2].of("event").length).toBe(before);
    sockets[2].close();
  });
});

describe("messages", () => {
  test("that say nothing known are refused, and the connection stays", async () => {
    const campaign = await makeCampaign(context.sql);
    const socket = await open();
    const bad: [unknown, string][] = [
      ["", "invalid-json"],
      ["{", "invalid-json"],
      ['{"subscribe":{},"subscribe":{}}', "invalid-json"],
      ["[]", "bad-request"],
      ["null", "invalid-json"],
      [{}, "bad-request"],
      [{ subscribe: null }, "bad-request"],
      [{ subscribe: {} }, "bad-request"],
      [{ subscribe: { campaign: "x" } }, "bad-request"],
      [{ subscribe: { campaign: 1 } }, "bad-request"],
      [{ subscribe: { campaign, pledge: campaign } }, "bad-request"],
      [{ subscribe: { campaign, after: -1 } }, "bad-request"],
      [{ subscribe: { campaign, after: "1" } }, "bad-request"],
      [{ subscribe: { campaign, after: 1, epoch: -1 } }, "bad-request"],
      [{ subscribe: { campaign, more: 1 } }, "bad-request"],
      [{ subscribe: { campaign }, unsubscribe: { campaign } }, "bad-request"],
    ];
    for (const [message] of bad) socket.send(message);
    await until("answers", () => socket.of("error").length === bad.length);
    expect(socket.of("error").map((frame) => frame.code)).toEqual(bad.map(([, code]) => code));
    socket.subscribe({ campaign });
    await until("an answer", () => socket.of("subscribed").length === 1);
    socket.close();
  });

  test("subscribe to 32 things and no more; unsubscribing makes room", async () => {
    const socket = await open();
    const ids = Array.from({ length: 33 }, (_, index) => `00000000-0000-7000-8000-0000000000${(index + 16).toString(16)}`);
    for (const campaign of ids) socket.subscribe({ campaign });
    await until("a refusal", () => socket.of("error").length === 1);
    expect(socket.of("error")[0]?.code).toBe("too-many-requests");
    socket.send({ unsubscribe: { campaign: ids[0] } });
    socket.subscribe({ campaign: ids[32] });
    await until("33 answers", () => socket.of("subscribed").length === 33);
    expect(socket.of("error").length).toBe(1);
    socket.close();
  });

  test("in a flood end the connection with 1008", async () => {
    const socket = await open();
    for (let i = 0; i < 400; i++) socket.send("{}");
    await until("the end", () => socket.closed?.code === 1008);
  });
});

// ---- raw frames

interface Raw {
  socket: Socket;
  /** All bytes behind the handshake. */
  bytes: () => Buffer;
  isOver: () => boolean;
}

function rawSocket(port: number): Promise<Raw> {
  return new Promise((done, fail) => {
    let data = Buffer.alloc(0);
    let over = false;
    let head = -1;
    onTestFinished(() => {
      socket.destroy();
    });
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(
        `GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
      );
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      over = true;
      if (head < 0) fail(new Error(`no handshake: ${data.toString("latin1")}`));
    });
    socket.on("data", (chunk) => {
      data = Buffer.concat([data, chunk]);
      if (head >= 0) return;
      head = data.indexOf("\r\n\r\n");
      if (head < 0) return;
      if (!data.toString("latin1").startsWith("HTTP/1.1 101")) fail(new Error(data.toString("latin1")));
      else done({ socket, bytes: () => data.subarray(head + 4), isOver: () => over });
    });
  });
}

/** A masked frame. */
function frame(first: number, payload: Buffer | string = ""): Buffer {
  const bytes = Buffer.from(payload);
  const key = randomBytes(4);
  const head =
    bytes.length < 126
      ? Buffer.from([first, 0x80 | bytes.length])
      : Buffer.from([first, 0xfe, bytes.length >> 8, bytes.length & 0xff]);
  return Buffer.concat([head, key, Buffer.from(bytes.map((byte, index) => byte ^ (key[index % 4] ?? 0)))]);
}

/** The code of a close frame at the end of what came; null if there is none. */
function closeCode(raw: Raw): number | null {
  const bytes = raw.bytes();
  const at = bytes.length - 4;
  return at >= 0 && bytes[at] === 0x88 && bytes[at + 1] === 2 ? bytes.readUInt16BE(at + 2) : null;
}

describe("frames", () => {
  const cases: [string, Buffer | Buffer[], number][] = [
    ["not masked", Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
    ["reserved bit", frame(0xc1, "{}"), 1002],
    ["unknown opcode", frame(0x83, "{}"), 1002],
    ["ping in pieces", frame(0x09, "x"), 1002],
    ["ping of 126 bytes", frame(0x89, "x".repeat(126)), 1002],
    ["continuation of nothing", frame(0x80, "{}"), 1002],
    ["a message inside a message", [frame(0x01, "{"), frame(0x81, "{}")], 1002],
    ["binary", frame(0x82, "{}"), 1003],
    ["not UTF-8", frame(0x81, Buffer.from([0x22, 0xff, 0x22])), 1007],
    ["too big", frame(0x81, "x".repeat(4097)), 1009],
    ["too big in pieces", [frame(0x01, "x".repeat(4096)), frame(0x80, "x")], 1009],
    ["a length that nobody can mean", Buffer.from([0x81, 0xff, 0x7f, 1, 2, 3, 4, 5, 6, 7]), 1009],
    ["close with one byte", frame(0x88, "x"), 1002],
    ["close with a code that is not for the wire", frame(0x88, Buffer.from([0x03, 0xed])), 1002],
    ["close", frame(0x88, Buffer.from([0x03, 0xe8])), 1000],
  ];
  for (const entry of ["API", "GATEWAY"] as const) {
    test.each(cases)(`%s, by ${entry}`, async (_name, bytes, code) => {
      const raw = await rawSocket(context.stack.port(entry));
      raw.socket.write(Buffer.concat(Array.isArray(bytes) ? bytes : [bytes]));
      await until("a close frame", () => closeCode(raw) === code);
      await until("the end", () => raw.isOver());
    });
  }

  test("a message in pieces, with a ping between them, is one message", async () => {
    const campaign = await makeCampaign(context.sql);
    const message = JSON.stringify({ subscribe: { campaign } });
    const raw = await rawSocket(context.stack.port("API"));
    const wire = Buffer.concat([
      frame(0x01, message.slice(0, 10)),
      frame(0x89, "are you there"),
      frame(0x00, ""),
      frame(0x80, message.slice(10)),
    ]);
    for (const byte of wire) raw.socket.write(Buffer.from([byte]));
    await until("pong and answer", () => {
      const text = raw.bytes().toString("latin1");
      return text.includes("are you there") && text.includes('"subscribed"');
    });
    raw.socket.destroy();
  });

  test("many in one segment are all answered, also where one takes the place of another", async () => {
    const admin = await makePerson(context.stack, context.sql, context.http, "admin");
    const campaign = await makeCampaign(context.sql);
    const { body: pledge } = await context.http.pledge(campaign);
    const topics = [
      { campaign },
      { campaign, after: 0 },
      { campaign, after: 1, epoch: 1 },
      { pledge: pledge.id, token: pledge.token },
      { all: true, access_token: admin.token },
      { campaign: "00000000-0000-7000-8000-000000000001" },
    ];
    for (let round = 0; round < 5; round++) {
      const raw = await rawSocket(context.stack.port("API"));
      const messages = Array.from({ length: 15 }, () => topics).flat();
      raw.socket.write(Buffer.concat(messages.map((subscribe) => frame(0x81, JSON.stringify({ subscribe })))));
      const answers = (topic: string): number => raw.bytes().toString("latin1").split(`"type":"subscribed",${topic}`).length - 1;
      await until("every answer", () => answers("") >= messages.length);
      await sleep(50);
      expect(answers('"all":true')).toBe(15);
      expect(answers('"pledge_id"')).toBe(15);
      expect(answers(`"campaign_id":"${campaign}"`)).toBe(45);
      expect(answers("")).toBe(messages.length);
      raw.socket.destroy();
    }
  });
});

// ---- bounds

describe("a client", () => {
  const dropped = async (reason: string): Promise<number> =>
    sum(await scrape(context.stack, "API_ADMIN"), new RegExp(`^careforall_live_dropped_total\\{reason="${reason}"\\}`));

  test("that does not read is dropped, and the others get everything meanwhile", async () => {
    const campaign = await makeCampaign(context.sql);
    await published(context);
    const before = await dropped("slow");
    const stalled = await open();
    const fast = await open();
    for (const one of [stalled, fast]) {
      one.subscribe({ campaign });
      await until("an answer", () => one.of("subscribed").length === 1);
    }
    stalled.pause();
    const { epoch, sequence } = fast.of("subscribed")[0] ?? {};
    const filler = "x".repeat(2000);
    let sent = 0;
    while ((await dropped("slow")) === before) {
      expect(sent).toBeLessThan(20_000);
      // It says something, so that it is not dropped as dead where this takes its time.
      stalled.ping();
      const lines = Array.from({ length: 50 }, () => {
        sent++;
        const number = (sequence ?? 0) + sent;
        return `c ${campaign} ${number} {"type":"totals","sequence":${number},"filler":"${filler}"}\n`;
      });
      await context.redis.publish("cfa:live", `e ${epoch ?? 0}\n${lines.join("")}`);
      await until("the other to have read it", () => fast.of("totals").length === sent);
    }
    stalled.resume();
    await until("its end", () => stalled.closed !== null);
    expect(stalled.of("totals").length).toBeLessThan(sent);
    fast.close();
  });

  test("that is dead is dropped, one that answers pings stays", async () => {
    const before = await dropped("dead");
    const quiet = await open();
    const dead = await rawSocket(context.stack.port("API"));
    await until("a ping", () => dead.bytes().includes(Buffer.from([0x89, 0x04])));
    await until("its end", () => dead.isOver());
    expect(await dropped("dead")).toBe(before + 1);
    expect(quiet.closed).toBeNull();
    quiet.close();
  });

  test("has 64 connections over all workers and no more", async () => {
    const refused = async (): Promise<number> =>
      sum(await scrape(context.stack, "API_ADMIN"), /^careforall_live_refused_total\{reason="address"\}/);
    const before = await refused();
    const headers = { "X-Forwarded-For": "198.51.100.7" };
    const sockets = await pool(16, Array.from({ length: 64 }, () => () => open({ headers })));
    await expect(open({ headers })).rejects.toMatchObject({
      status: 429,
      code: "too-many-requests",
      body: { "violated-policies": ["live-sockets-address"] },
      headers: { "retry-after": "1" },
    });
    await expect(open({ headers: { "X-Forwarded-For": "198.51.100.8" } }).then((one) => {
      one.close();
      return "open";
    })).resolves.toBe("open");
    expect(await refused()).toBe(before + 1);
    sockets.pop()?.close();
    await until("room for another", () => open({ headers }).then((one) => sockets.push(one)).catch(() => 0));
    // A worker that dies takes its counts with it.
    await context.stack.killWorkers();
    await until("all to be cut", () => sockets.every((socket) => socket.closed));
    await until("the workers to be back", () => open().then((one) => {
      one.close();
      return true;
    }));
    const again = await pool(16, Array.from({ length: 40 }, () => () => open({ headers })));
    for (const socket of again) socket.close();
  });

  test("counts an IPv6 network of 64 bits as one address", async () => {
    const from = (address: string) => ({ headers: { "X-Forwarded-For": address } });
    const sockets = await pool(16, Array.from({ length: 64 }, (_, i) => () => open(from(`2001:db8:0:7::${i + 1}`))));
    await expect(open(from("2001:db8:0:7:ffff::1"))).rejects.toMatchObject({ status: 429, code: "too-many-requests" });
    sockets.push(await open(from("2001:db8:0:8::1")));
    for (const socket of sockets) socket.close();
  });

  test("of a foreign page is refused, one without an Origin is not", async () => {
    for (const origin of ["https://evil.example", "null", `${context.stack.url("GATEWAY")}.evil.example`]) {
      await expect(open({ origin })).rejects.toMatchObject({ status: 403, code: "origin-refused" });
    }
    for (const options of [{}, { origin: context.stack.url("GATEWAY") }]) (await open(options)).close();
  });

  test("that asks without an upgrade is told how", async () => {
    const answer = await context.http.get("/api/v1/live");
    expect(answer.status).toBe(426);
    expect(answer.headers.get("upgrade")).toBe("websocket");
  });
});

test("afterwards everything agrees, and no connection is left", async () => {
  await assertInvariants(context);
  await until("all sockets to be gone", async () => sum(await scrape(context.stack, "API_ADMIN"), /^careforall_live_sockets/) === 0);
  expect(sum(await scrape(context.stack, "API_ADMIN"), /^careforall_live_subscriptions/)).toBe(0);
});
