// SPDX-License-Identifier: Apache-2.0
// CareForAll on many hosts: three for PostgreSQL, three for etcd, three for NATS, one
// for Redis, two for the API, two for relay, projector and payments, one gateway, one
// provider; and the tests' own, from where all is asked.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Redis } from "ioredis";
import { connect } from "nats";
import type { Context } from "../lib/context.ts";
import { makePerson } from "../lib/account.ts";
import { Http } from "../lib/http.ts";
import { Provider } from "../lib/provider.ts";
import { openRedis } from "../lib/redis.ts";
import { Sql } from "../lib/sql.ts";
import { root, Stack } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";
import { until } from "../lib/until.ts";
import { Host } from "./host.ts";
import { etcdCommand, patroniSettings } from "./patroni.ts";

const run = promisify(execFile);
const secret = (bytes = 16): string => randomBytes(bytes).toString("hex");
const pgLogins = ["api", "relay", "projector", "payments", "admin", "support", "readonly"] as const;
type PgLogin = (typeof pgLogins)[number];

const ports = { PG: 5432, NATS: 4222, REDIS: 6379, MOCKPAY: 8082, GATEWAY: 8080, API: 8081, API_ADMIN: 8091,
  RELAY: 9101, PROJECTOR: 9102, PAYMENTS: 9103 } as const;
type PortName = keyof typeof ports;

/** What Patroni says of one member. */
export interface Member {
  name: string;
  role: string;
  state: string;
  lag?: number | string;
}

/** The stack as test/lib knows it, only that its parts are on other hosts. */
class SpreadStack extends Stack {
  readonly hosts = new Map<string, Host>();

  override host = (name: string): string => {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`nobody has said where ${name} is`);
    return host.address;
  };
}

export class Cluster implements Context {
  readonly stack = new SpreadStack("/mnt/client");
  readonly sql = new Sql(this.stack);
  private readonly server = new Sql(this.stack, "postgres");
  readonly http = new Http(this.stack, "GATEWAY");
  readonly provider = new Provider(this.stack);
  readonly stream = new Stream(this.stack);
  redis!: Redis;
  readonly hosts = new Map<string, Host>();
  private readonly given = new Map<Host, number>();
  private givenInAll = 0;

  login: Context["login"] = (role) => makePerson(this.stack, this.sql, this.http, role);

  at(name: string): Host {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`there is no host ${name}`);
    return host;
  }

  some(...names: string[]): Host[] {
    return names.map((name) => this.at(name));
  }

  get databases(): Host[] {
    return this.some("h1", "h2", "h3");
  }

  get brokers(): Host[] {
    return this.some("n1", "n2", "n3");
  }

  get workers(): Host[] {
    return this.some("w1", "w2");
  }

  // ---- bringing it up

  async open(): Promise<void> {
    const numbers = { h1: 1, h2: 2, h3: 3, d1: 11, d2: 12, d3: 13, n1: 21, n2: 22, n3: 23, redis: 31, provider: 32,
      a1: 41, a2: 42, gateway: 50, w1: 61, w2: 62 };
    for (const [name, number] of Object.entries(numbers)) {
      this.hosts.set(name, await Host.make(name, number));
      await this.folder(name);
    }
    await this.folder("client");
    await this.copyPrograms();
    this.writeSettings();
    for (const [name, host] of [["NATS", "n1"], ["REDIS", "redis"], ["MOCKPAY", "provider"], ["GATEWAY", "gateway"],
      ["API", "a1"], ["API_ADMIN", "a1"], ["PG", "h1"]] as const) this.stack.hosts.set(name, this.at(host));
    await Promise.all([this.startDatabases(), this.startBrokers(), this.startRedis()]);
    await this.databasesAreWell();
    await this.applySchema();
    this.redis = openRedis(this.stack);
    this.startOurs();
    await this.startGateway();
    await this.isWell();
  }

  private async folder(name: string): Promise<void> {
    await mkdir(`/mnt/${name}`, { mode: 0o700 });
    await run("chown", ["postgres:postgres", `/mnt/${name}`]);
  }

  private async put(host: string, file: string, text: string): Promise<string> {
    const name = `/mnt/${host}/${file}`;
    await writeFile(name, text, { mode: 0o600 });
    await run("chown", ["postgres:postgres", name]);
    return name;
  }

  private async copyPrograms(): Promise<void> {
    await mkdir("/mnt/bin");
    for (const [folder, name] of [["kore-app", "api"], ["kore-app", "mockpay"], ["relay", "relay"],
      ["relay", "projector"], ["relay", "payments"]] as const) {
      const target = `/mnt/bin/careforall-${name}`;
      await cp(path.join(root, folder, `build/careforall-${name}`), target);
      await chmod(target, 0o755);
    }
    await cp(path.join(root, "web/dist"), "/mnt/www", { recursive: true });
  }

  private writeSettings(): void {
    const settings: Record<string, string> = {
      STACK_PG_PASSWORD_POSTGRES: secret(),
      STACK_PG_PASSWORD_REPLICATION: secret(),
      STACK_REDIS_PASSWORD: secret(),
      STACK_NATS_PASSWORD_CLUSTER: secret(),
      STACK_PROVIDER_KEY: `sk_test_${secret()}`,
      STACK_WEBHOOK_SECRET: `whsec_${secret(24)}`,
      STACK_PLEDGE_TOKEN_KEY: secret(32),
      STACK_SIGNING_KEYS: secret(32),
      STACK_PASSWORD_PEPPERS: secret(32),
    };
    for (const login of pgLogins) settings[`STACK_PG_PASSWORD_${login.toUpperCase()}`] = secret();
    for (const user of ["RELAY", "PROJECTOR", "PAYMENTS", "WATCHER"]) settings[`STACK_NATS_PASSWORD_${user}`] = secret();
    for (const [name, port] of Object.entries(ports)) settings[`STACK_PORT_${name}`] = String(port);
    for (const [name, value] of Object.entries(settings)) this.stack.settings.set(name, value);
  }

  private async startDatabases(): Promise<void> {
    const etcd = this.some("d1", "d2", "d3");
    for (const host of etcd) host.start("etcd", { command: etcdCommand(host, `/mnt/${host.name}/etcd`, etcd) });
    for (const host of this.databases) {
      const settings = patroniSettings(host, `/mnt/${host.name}`, etcd, {
        superuser: this.stack.get("STACK_PG_PASSWORD_POSTGRES"),
        replication: this.stack.get("STACK_PG_PASSWORD_REPLICATION"),
      });
      host.start("patroni", { command: ["/usr/bin/patroni", await this.put(host.name, "patroni.yml", settings)] });
    }
  }

  private async startBrokers(): Promise<void> {
    for (const host of this.brokers) {
      const { stdout } = await run(path.join(root, "ops/nats/render.sh"), [], {
        env: {
          ...process.env,
          NATS_NAME: host.name,
          NATS_LISTEN: `${host.address}:${ports.NATS}`,
          NATS_MONITOR: `${host.address}:8222`,
          NATS_STORE: `/mnt/${host.name}/store`,
          NATS_CLUSTER_LISTEN: `${host.address}:6222`,
          NATS_CLUSTER_ROUTES: this.brokers.map((one) => `${one.address}:6222`).join(","),
          NATS_CLUSTER_PASSWORD: this.stack.get("STACK_NATS_PASSWORD_CLUSTER"),
          ...Object.fromEntries(["RELAY", "PROJECTOR", "PAYMENTS", "WATCHER"].map((user) =>
            [`NATS_PASSWORD_${user}`, this.stack.get(`STACK_NATS_PASSWORD_${user}`)])),
        },
      });
      host.start("nats", { command: ["nats-server", "-c", await this.put(host.name, "nats.conf", stdout)] });
    }
  }

  /** Redis with nothing on disk: what it forgets the projector writes again. */
  private async startRedis(): Promise<void> {
    const host = this.at("redis");
    const settings = await this.put("redis", "redis.conf",
      `bind ${host.address}\nport ${ports.REDIS}\nrequirepass ${this.stack.get("STACK_REDIS_PASSWORD")}\nsave ""\nmaxmemory-policy noeviction\n`);
    host.start("redis", { command: ["redis-server", settings] });
  }

  private async applySchema(): Promise<void> {
    const env = { ...process.env, PGHOST: this.stack.host("PG"), PGUSER: "postgres", PGDATABASE: "careforall",
      PGPASSWORD: this.stack.get("STACK_PG_PASSWORD_POSTGRES") };
    await run(path.join(root, "sql/migrate.sh"), ["--create"], { env });
    for (const login of pgLogins) {
      await run("psql", ["-X", "-q", "-v", `login=${login}`, "-f", path.join(root, "sql/login.sql")],
        { env: { ...env, NEW_PASSWORD: this.stack.get(`STACK_PG_PASSWORD_${login.toUpperCase()}`) } });
    }
  }

  private pgEnv(login: PgLogin): Record<string, string> {
    return {
      CAREFORALL_PG_DSN: `host=${this.databases.map((host) => host.address).join(",")} dbname=careforall user=cfa_${login} application_name=careforall-${login} target_session_attrs=read-write tcp_user_timeout=3000`,
      CAREFORALL_PG_PASSWORD: this.stack.get(`STACK_PG_PASSWORD_${login.toUpperCase()}`),
    };
  }

  private natsEnv(user: string): Record<string, string> {
    return {
      CAREFORALL_NATS_URL: this.brokers.map((host) => `nats://${host.address}:${ports.NATS}`).join(","),
      CAREFORALL_NATS_USER: user,
      CAREFORALL_NATS_PASSWORD: this.stack.get(`STACK_NATS_PASSWORD_${user.toUpperCase()}`),
    };
  }

  private redisEnv(): Record<string, string> {
    return {
      CAREFORALL_REDIS_URL: `redis://${this.stack.host("REDIS")}:${ports.REDIS}/0`,
      CAREFORALL_REDIS_PASSWORD: this.stack.get("STACK_REDIS_PASSWORD"),
    };
  }

  private startOurs(): void {
    const provider = this.at("provider");
    const gateway = this.at("gateway");
    const program = (name: string): string[] => [`/mnt/bin/careforall-${name}`];
    provider.start("mockpay", {
      command: program("mockpay"),
      env: {
        CAREFORALL_MOCKPAY_LISTEN: `${provider.address}:${ports.MOCKPAY}`,
        CAREFORALL_MOCKPAY_KEY: this.stack.get("STACK_PROVIDER_KEY"),
        CAREFORALL_MOCKPAY_WEBHOOK_URL: `http://${gateway.address}:${ports.GATEWAY}/api/v1/webhooks/stripe`,
        CAREFORALL_MOCKPAY_WEBHOOK_SECRET: this.stack.get("STACK_WEBHOOK_SECRET"),
        CAREFORALL_MOCKPAY_STATE: `/mnt/provider/journal`,
        CAREFORALL_MOCKPAY_LATENCY_MS: "20",
      },
    });
    for (const host of this.some("a1", "a2")) {
      host.start("api", {
        command: program("api"),
        env: {
          ...this.pgEnv("api"),
          ...this.redisEnv(),
          CAREFORALL_API_LISTEN: `${host.address}:${ports.API}`,
          CAREFORALL_API_ADMIN_LISTEN: `${host.address}:${ports.API_ADMIN}`,
          CAREFORALL_PLEDGE_TOKEN_KEY: this.stack.get("STACK_PLEDGE_TOKEN_KEY"),
          CAREFORALL_SIGNING_KEYS: this.stack.get("STACK_SIGNING_KEYS"),
          CAREFORALL_PASSWORD_PEPPERS: this.stack.get("STACK_PASSWORD_PEPPERS"),
          CAREFORALL_WEBHOOK_SECRETS: this.stack.get("STACK_WEBHOOK_SECRET"),
          CAREFORALL_TRUSTED_PROXIES: gateway.address,
          CAREFORALL_RATE_EXEMPT: "10.77.0.0/24",
          CAREFORALL_PUBLIC_URL: this.stack.url("GATEWAY"),
        },
      });
    }
    for (const host of this.workers) {
      host.start("relay", {
        command: program("relay"),
        env: { ...this.pgEnv("relay"), ...this.natsEnv("relay"), CAREFORALL_HTTP_LISTEN: `${host.address}:${ports.RELAY}`,
          CAREFORALL_STREAM_PROVISION: "on", CAREFORALL_STREAM_REPLICAS: "3" },
      });
      host.start("projector", {
        command: program("projector"),
        env: { ...this.pgEnv("projector"), ...this.natsEnv("projector"), ...this.redisEnv(),
          CAREFORALL_HTTP_LISTEN: `${host.address}:${ports.PROJECTOR}` },
      });
      host.start("payments", {
        command: program("payments"),
        env: { ...this.pgEnv("payments"), ...this.natsEnv("payments"),
          CAREFORALL_HTTP_LISTEN: `${host.address}:${ports.PAYMENTS}`,
          CAREFORALL_PROVIDER_URL: this.stack.url("MOCKPAY"),
          CAREFORALL_PROVIDER_KEY: this.stack.get("STACK_PROVIDER_KEY"),
          CAREFORALL_PAYMENTS_RECONCILE_AFTER: "5s", CAREFORALL_PAYMENTS_RECONCILE_EVERY: "2s" },
      });
    }
  }

  private async startGateway(): Promise<void> {
    const host = this.at("gateway");
    const folder = "/mnt/gateway/nginx";
    await mkdir(folder);
    const { stdout } = await run("sh", [path.join(root, "ops/nginx/render.sh")], {
      env: {
        ...process.env,
        CAREFORALL_GATEWAY_LISTEN: `${host.address}:${ports.GATEWAY}`,
        CAREFORALL_GATEWAY_API: this.some("a1", "a2").map((one) => `${one.address}:${ports.API}`).join(","),
        CAREFORALL_GATEWAY_WEB_ROOT: "/mnt/www",
        CAREFORALL_GATEWAY_RUN_DIR: folder,
      },
    });
    const settings = await this.put("gateway", "nginx.conf", stdout);
    await run("chown", ["-R", "postgres:postgres", folder]);
    host.start("nginx", { command: ["nginx", "-e", "stderr", "-p", folder, "-c", settings, "-g", "daemon off;"] });
  }

  /** The databases beside the primary, each to be asked by itself. */
  async withStandbys(work: (sql: Sql) => Promise<void>): Promise<void> {
    const primary = await this.primary();
    for (const host of this.databases.filter((one) => one !== primary)) {
      const stack = new SpreadStack(this.stack.dir);
      stack.hosts.set("PG", host);
      for (const [name, value] of this.stack.settings) stack.settings.set(name, value);
      const sql = new Sql(stack);
      await work(sql).finally(() => sql.close());
    }
  }

  // ---- what it says of itself

  /** Patroni's view of all members, by the first that answers. */
  async members(): Promise<Member[]> {
    for (const host of this.databases) {
      const answer = await fetch(`http://${host.address}:8008/cluster`, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
      if (answer?.ok) return ((await answer.json()) as { members: Member[] }).members;
    }
    throw new Error("no Patroni answers");
  }

  /** The primary by Patroni's lock; test/lib asks it from now on. */
  primary(): Promise<Host> {
    return until("a primary", () => this.findPrimary());
  }

  private async findPrimary(): Promise<Host> {
    const leader = (await this.members()).find((member) => member.role === "leader");
    if (!leader) throw new Error("no leader");
    const host = this.at(leader.name);
    if (this.stack.hosts.get("PG") !== host) {
      await Promise.all([this.sql.close(), this.server.close()]);
      this.stack.hosts.set("PG", host);
    }
    return host;
  }

  /** One primary, two standbys that stream, one of them synchronous. */
  async databasesAreWell(): Promise<void> {
    await until("one primary and two standbys", async () => {
      const host = await this.findPrimary();
      const [primary, ...standbys] = await Promise.all([host, ...this.databases.filter((one) => one !== host)].map(
        async (one) => {
          const page = one === host ? "primary" : "replica";
          return (await fetch(`http://${one.address}:8008/${page}`, { signal: AbortSignal.timeout(1_000) })).ok;
        }));
      if (!primary || !standbys.every(Boolean)) return false;
      const states = await this.server.rows<{ sync_state: string }>(
        "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming' AND application_name <> 'pg_basebackup'");
      return states.length === 2 && states.some((row) => row.sync_state === "sync");
    }, 120_000);
  }

  /** Where the leader of the stream is. */
  async streamLeader(): Promise<Host> {
    return (await until("a leader of the stream", () => this.findStreamLeader())).leader;
  }

  /** The same, and whether its followers have all it has. */
  private async findStreamLeader(): Promise<{ leader: Host; isWhole: boolean }> {
    const connection = await connect({
      servers: this.brokers.map((host) => host.address),
      user: "watcher",
      pass: this.stack.get("STACK_NATS_PASSWORD_WATCHER"),
      timeout: 2_000,
      reconnect: false,
    });
    try {
      const { cluster } = await (await connection.jetstreamManager()).streams.info("CAREFORALL");
      const followers = cluster?.replicas ?? [];
      return {
        leader: this.at(cluster?.leader ?? ""),
        isWhole: followers.length === 2 && followers.every((one) => one.current && !one.offline),
      };
    } finally {
      await connection.close();
    }
  }

  private async answers(host: Host, port: PortName, page: string): Promise<string | null> {
    const answer = await fetch(`http://${host.address}:${ports[port]}/${page}`, { signal: AbortSignal.timeout(1_000) })
      .catch(() => null);
    return answer?.ok ? answer.text() : null;
  }

  /** The worker host whose relay leads. */
  relayLeader(): Promise<Host> {
    return until("a relay that leads", () => this.findRelayLeader());
  }

  private async findRelayLeader(): Promise<Host> {
    for (const host of this.workers) {
      const text = await this.answers(host, "RELAY", "metrics");
      if (/^careforall_relay_leader 1$/m.test(text ?? "")) return host;
    }
    throw new Error("no relay leads");
  }

  /** The last sequence that the stream has acknowledged to the relays that answer. */
  async streamSequence(): Promise<number> {
    const texts = await Promise.all(this.workers.map((host) => this.answers(host, "RELAY", "metrics")));
    return Math.max(...texts.map((text) => Number(/^careforall_relay_stream_sequence (\d+)/m.exec(text ?? "")?.[1] ?? 0)));
  }

  /** How many events the payment workers were given, each for the first time, as far as they answered. */
  async paymentEvents(): Promise<number> {
    await Promise.all(this.workers.map(async (host) => {
      const text = await this.answers(host, "PAYMENTS", "metrics");
      const now = Number(/^careforall_payments_event_delay_seconds_count (\d+)/m.exec(text ?? "")?.[1] ?? NaN);
      if (Number.isNaN(now)) return;
      const before = this.given.get(host) ?? 0;
      // A process that was started again counts from nothing.
      this.givenInAll += now < before ? now : now - before;
      this.given.set(host, now);
    }));
    return this.givenInAll;
  }

  /** Everything as it was built: nothing is down, behind or without its spare. */
  async isWell(): Promise<void> {
    await this.databasesAreWell();
    await until("the stream with two followers", async () => (await this.findStreamLeader()).isWhole, 120_000);
    await until("all processes to be ready", async () => {
      const asked = [
        ...this.some("a1", "a2").map((host) => this.answers(host, "API_ADMIN", "readyz")),
        ...this.workers.flatMap((host) => (["RELAY", "PROJECTOR", "PAYMENTS"] as const).map((port) =>
          this.answers(host, port, "readyz"))),
        this.answers(this.at("gateway"), "GATEWAY", "readyz"),
      ];
      return (await Promise.all(asked)).every((answer) => answer !== null);
    }, 60_000);
  }

  /** While donors pledge: it is not only the reconciler that finds what is to be paid. */
  async paysByEvents(): Promise<void> {
    const given = await this.paymentEvents();
    await until("an event to reach a payment worker", async () => (await this.paymentEvents()) > given, 60_000);
  }

  async close(): Promise<void> {
    (this.redis as Redis | undefined)?.disconnect();
    await this.stream.close();
    await Promise.all([this.sql.close(), this.server.close()]);
  }
}
