// SPDX-License-Identifier: Apache-2.0
// Database access of the tests: one small pool for each log-in.
import pg from "pg";
import type { Stack } from "./stack.ts";

export type Login =
  | "postgres"
  | "api"
  | "relay"
  | "projector"
  | "payments"
  | "admin"
  | "support"
  | "readonly";

// bigint columns as numbers: all figures of the tests are far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export type Row = Record<string, unknown>;

export class Sql {
  private pools = new Map<Login, pg.Pool>();

  constructor(
    private readonly stack: Stack,
    private readonly database = "careforall",
  ) {}

  config(login: Login): pg.ClientConfig {
    return {
      host: this.stack.host("PG"),
      port: this.stack.port("PG"),
      database: this.database,
      user: login === "postgres" ? "postgres" : `cfa_${login}`,
      password: this.stack.get(`STACK_PG_PASSWORD_${login.toUpperCase()}`),
      connectionTimeoutMillis: 30_000,
    };
  }

  pool(login: Login, max = 8): pg.Pool {
    let found = this.pools.get(login);
    if (!found) {
      found = new pg.Pool({ ...this.config(login), max });
      // A killed server ends idle clients; the next query connects again.
      found.on("error", () => undefined);
      this.pools.set(login, found);
    }
    return found;
  }

  /** Rows as the superuser. */
  async rows<T extends Row = Row>(text: string, values: unknown[] = []): Promise<T[]> {
    return this.rowsAs<T>("postgres", text, values);
  }

  async rowsAs<T extends Row = Row>(
    login: Login,
    text: string,
    values: unknown[] = [],
  ): Promise<T[]> {
    const result = await this.pool(login).query<T>(text, values);
    return result.rows;
  }

  /** The one row that the query must give. */
  async row<T extends Row = Row>(text: string, values: unknown[] = []): Promise<T> {
    const rows = await this.rows<T>(text, values);
    if (rows.length !== 1 || !rows[0]) {
      throw new Error(`expected one row, got ${rows.length}: ${text}`);
    }
    return rows[0];
  }

  /** The one value of the one row. */
  async value<T>(text: string, values: unknown[] = []): Promise<T> {
    return Object.values(await this.row(text, values))[0] as T;
  }

  /** A connection of its own, for transactions. */
  async client(login: Login = "postgres"): Promise<pg.Client> {
    const client = new pg.Client(this.config(login));
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
    this.pools.clear();
  }
}

/** SQLSTATE and message of the error that the work must end with. */
export async function refusal(
  work: Promise<unknown>,
): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof pg.DatabaseError) {
      return { code: error.code ?? "", message: error.message };
    }
    throw error;
  }
  throw new Error("expected the database to refuse this");
}
