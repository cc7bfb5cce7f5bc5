// SPDX-License-Identifier: Apache-2.0
// An administrator at the dashboard, and a campaign with pledges that only this test knows.
import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import type { Person } from "../lib/account.ts";
import type { Context } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { launch, visit, type Visitor } from "./browser.ts";

export interface Desk {
  /** In the names and addresses of its donors. */
  tag: string;
  browser: Browser;
  base: string;
  admin: Person;
  campaign: string;
  slug: string;
  view: Visitor;
  page: Page;
  pledge: (amount: number, email?: string) => Promise<string>;
}

/** Call after useStack(); all but the tag is there once tests run. */
export function useDesk(context: Context): Desk {
  const tag = randomUUID().slice(0, 8);
  const desk = { tag } as Desk;
  beforeAll(async () => {
    desk.base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
    desk.browser = await launch();
    desk.admin = await context.login("admin");
    desk.campaign = await makeCampaign(context.sql);
    desk.slug = await context.sql.value<string>("SELECT slug FROM careforall.campaigns WHERE id = $1", [desk.campaign]);
    desk.view = await visit(desk.browser, desk.base, { person: desk.admin });
    desk.page = desk.view.page;
    desk.pledge = async (amount, email = `${tag}@example.org`) =>
      (await sqlPledge(context.sql, desk.campaign, { amount, email, name: `Zora ${tag}` })).pledge_id ?? "";
  });
  afterAll(() => desk.browser.close());
  return desk;
}
