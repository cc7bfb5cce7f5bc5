// SPDX-License-Identifier: Apache-2.0
// What the browser tests of donors share: a campaign that the public pages show, a gift
// filled in up to its last step, and the private page of one.
import type { Page } from "playwright-core";
import type { Context } from "../lib/context.ts";
import { makeCampaign, makeReward, type CampaignOptions } from "../lib/fixtures.ts";
import type { CreatedPledge } from "../lib/http.ts";
import { until } from "../lib/until.ts";

export interface PublicCampaign {
  id: string;
  slug: string;
  rewards: string[];
}

/** A campaign with its rewards, once the public pages show it. */
export async function publicCampaign(
  { sql, http }: Context,
  { rewards = [], ...options }: CampaignOptions & { rewards?: Parameters<typeof makeReward>[2][] } = {},
): Promise<PublicCampaign> {
  const id = await makeCampaign(sql, options);
  const made: string[] = [];
  for (const reward of rewards) made.push(await makeReward(sql, id, reward));
  const slug = await sql.value<string>("SELECT slug FROM careforall.campaigns WHERE id = $1", [id]);
  await until("the campaign to be public", async () => {
    const read = await http.get<{ rewards: unknown[] }>(`/api/v1/campaigns/${slug}`);
    return read.status === 200 && read.body.rewards.length === made.length;
  });
  return { id, slug, rewards: made };
}

/** Fills the two steps before the review, in the dialog or in the plain page. */
export async function fillIn(page: Page, amount: string): Promise<void> {
  await page.getByLabel(/another amount/).fill(amount);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ada Tester");
  await page.getByLabel("E-mail address").fill("ada@example.org");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: /^Give .* now$/ }).waitFor();
}

/** The address of the private page. */
export function privatePage({ id, token }: Pick<CreatedPledge, "id" | "token">): string {
  return `/pledges/${id}#${token}`;
}
