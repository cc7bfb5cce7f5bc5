// SPDX-License-Identifier: Apache-2.0
import type { Sql } from "./sql.ts";
import { until } from "./until.ts";

/** Runs the work with a server setting (SIGHUP level) changed, then puts it back. */
export async function withSetting<T>(
  sql: Sql,
  name: string,
  value: string,
  work: () => Promise<T>,
): Promise<T> {
  const shown = (): Promise<string> =>
    sql.value<string>("SELECT current_setting($1)", [name]);
  const before = await shown();
  // ALTER SYSTEM takes no parameters; the names and values are those of the tests.
  await sql.rows(`ALTER SYSTEM SET ${name} = '${value}'`);
  await sql.rows("SELECT pg_reload_conf()");
  await until(`${name} to change`, async () => (await shown()) !== before);
  try {
    return await work();
  } finally {
    await sql.rows(`ALTER SYSTEM RESET ${name}`);
    await sql.rows("SELECT pg_reload_conf()");
    await until(`${name} to change back`, async () => (await shown()) === before);
  }
}
