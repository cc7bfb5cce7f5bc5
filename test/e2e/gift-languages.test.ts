// SPDX-License-Identifier: Apache-2.0
// Goal: money is right in currencies without decimals and with three, in every language and
// direction, from the first field to the receipt; a change of language in the middle of a
// gift loses nothing; limits count what people see as letters. Method: Chromium against the
// real stack, what the pages say held against the database.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { expectAccessible, expectNoSideways, launch, visit } from "./browser.ts";
import { fillIn, publicCampaign } from "./giving.ts";

const context = useStack();
let browser: Browser;
let base: string;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
});

afterAll(() => browser.close());

/** As the page's own language writes the amount, bare of the marks of direction. */
const written = (page: Page, major: string, currency: string, digits: number): Promise<string> =>
  page.evaluate(
    ([amount, code, decimals]) =>
      new Intl.NumberFormat(document.documentElement.lang, {
        style: "currency",
        currency: code,
        minimumFractionDigits: decimals,
      }).format(Number(amount)),
    [major, currency, digits] as const,
  );

const linesOf = (page: Page, where: string): Promise<number> =>
  page.locator(where).evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return new Set(Array.from(range.getClientRects(), ({ top }) => Math.round(top))).size;
  });

const bare = (text: string): string => text.replace(/[\u200e\u200f\u061c\u2066-\u2069]/g, "").replace(/\s/g, " ");

test.each([
  { currency: "JPY", refused: "5000.5", typed: "¥5,000", minor: 5000, shown: "JP¥5,000", least: "JP¥100" },
  { currency: "KWD", refused: "12.3456", typed: "1,234,567.890", minor: 1_234_567_890, shown: "KWD 1,234,567.890", least: "KWD 0.100" },
])("a gift in $currency, from the field to the receipt", async ({ currency, refused, typed, minor, shown, least }) => {
  const { id, slug } = await publicCampaign(context, { currency });
  const { page, faults, close } = await visit(browser, base, { width: 320 });
  const said = async (where: string) => bare(await page.locator(where).first().innerText());
  await page.goto(`/campaigns/${slug}`);
  await page.locator("[data-give]").click();
  await page.getByLabel(/another amount/).fill(refused);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#gift-amount-error").getByText(`This amount has more decimals than ${currency} has.`).waitFor();
  expect(await said("#gift-amount-hint")).toContain(least);
  await expectNoSideways(page);
  await fillIn(page, typed);
  await page.getByRole("button", { name: `Give ${shown} now` }).click();
  await page.locator("[data-state='confirmed']").waitFor();
  expect(await said("[data-state]")).toContain(shown);
  expect(await context.sql.rows("SELECT amount_minor, currency FROM careforall.pledges WHERE campaign_id = $1", [id])).toEqual([
    { amount_minor: minor, currency },
  ]);
  await page.getByRole("link", { name: "Your private page for this gift" }).click();
  await page.getByRole("link", { name: "Receipt" }).click();
  await page.locator(".receipt").waitFor();
  expect(await said(".receipt")).toContain(shown);
  await page.goto(`/campaigns/${slug}`);
  await page.locator(`[data-raised='${minor}']`).waitFor();
  expect(await said("[data-raised]")).toBe(shown);
  // The longest sum stands on one line of the narrowest window.
  expect(await linesOf(page, "[data-raised]")).toBe(1);
  await expectNoSideways(page);
  expect(faults).toEqual([]);
  await close();
});

test("begun in English, gone on with in German, given in Arabic: nothing is lost on the way", async () => {
  await context.sql.rows("SELECT careforall.fee_set('KWD', 250, 100, 'browser test')");
  const { id, slug } = await publicCampaign(context, { currency: "KWD", rewards: [{ quantity: 3, min: 2000 }] });
  const { page, faults, close } = await visit(browser, base, { width: 320 });
  const speak = (language: string) => page.locator("footer select").selectOption(language);
  await page.goto(`/campaigns/${slug}/give`);
  await page.getByLabel(/another amount/).fill("12.345");
  await page.getByLabel(/so that the whole gift arrives/).check();
  await page.getByRole("radio", { name: /^Reward/ }).check();

  await speak("de");
  const amount = page.getByLabel(/anderen Betrag/);
  await amount.waitFor();
  await expect.poll(() => amount.inputValue()).toBe("12,345");
  expect(await page.getByLabel(/damit die ganze Spende ankommt/).isChecked()).toBe(true);
  expect(await page.getByRole("radio", { name: /^Reward/ }).isChecked()).toBe(true);
  await expectNoSideways(page);
  await page.getByRole("button", { name: "Weiter" }).click();
  await page.getByLabel("Name", { exact: true }).fill("نور Haddad");
  await page.getByLabel("E-Mail-Adresse").fill("noor@example.org");
  await page.getByRole("radio", { name: /^Name, Betrag und Nachricht/ }).check();
  await page.getByLabel("Nachricht (freiwillig)").fill("Für alle (لكم), 3 × 2!");

  await speak("ar");
  await page.getByRole("heading", { level: 1, name: "ممن التبرع؟" }).waitFor();
  expect(await page.getByLabel("الاسم", { exact: true }).inputValue()).toBe("نور Haddad");
  const email = page.getByLabel("البريد الإلكتروني");
  expect(await email.inputValue()).toBe("noor@example.org");
  expect(await email.evaluate((field) => getComputedStyle(field).direction)).toBe("ltr");
  expect(await page.getByLabel("رسالة (اختياري)").inputValue()).toBe("Für alle (لكم), 3 × 2!");
  expect(await page.getByRole("radio", { name: /^الاسم والمبلغ والرسالة/ }).isChecked()).toBe(true);
  await expectAccessible(page, "step 2 in Arabic");
  await expectNoSideways(page);
  await page.getByRole("button", { name: "متابعة" }).click();
  const give = page.getByRole("button", { name: /^تبرع الآن/ });
  await give.waitFor();
  // 12.345 and the fee on top: (12.345 + 0.100) / (1 - 2.5 %).
  const total = bare(await written(page, "12.764", "KWD", 3));
  expect(bare(await give.innerText())).toContain(total);
  await expectAccessible(page, "step 3 in Arabic");
  await expectNoSideways(page);
  await give.click();
  await page.locator("[data-state='confirmed']").waitFor();
  expect(bare(await page.locator("[data-state]").innerText())).toContain(total);
  await expectAccessible(page, "result in Arabic");
  expect(
    await context.sql.rows(
      "SELECT amount_minor, fee_minor, donor_name, message, display, reward_id IS NOT NULL AS has_reward FROM careforall.pledges WHERE campaign_id = $1",
      [id],
    ),
  ).toEqual([
    {
      amount_minor: 12_764,
      fee_minor: 419,
      donor_name: "نور Haddad",
      message: "Für alle (لكم), 3 × 2!",
      display: "name_amount_message",
      has_reward: true,
    },
  ]);

  // Digits of the language are digits.
  await page.goto(`/campaigns/${slug}/give?x=1`);
  const other = page.locator("#gift-amount");
  await other.fill("١٬٢٣٤٫٥٠٠");
  await other.blur();
  await page.getByRole("button", { name: "متابعة" }).click();
  await page.getByRole("heading", { level: 1, name: "ممن التبرع؟" }).waitFor();
  await page.goBack();
  expect(await other.inputValue()).toMatch(/^1234[.,]500$|^1234[.,]5$/);
  await context.sql.rows("SELECT careforall.fee_remove('KWD', 'browser test')");
  expect(faults).toEqual([]);
  await close();
});

test("a message of 500 letters of any kind goes out whole, one more is told before anything is sent", async () => {
  const { id, slug } = await publicCampaign(context);
  const { page, close } = await visit(browser, base, { width: 360 });
  await page.goto(`/campaigns/${slug}/give?display=name_message`);
  await fillIn(page, "20");
  await page.goBack();
  const message = page.getByLabel("Message (optional)");
  const name = page.getByLabel("Name", { exact: true });
  await message.fill("🎁".repeat(501));
  await name.fill("Å".repeat(121));
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#gift-message-error").getByText("500 characters").waitFor();
  await page.locator("#gift-name-error").getByText("120 characters").waitFor();
  await page.getByText("Please look at 2 entries").waitFor();
  await expectAccessible(page, "too long");
  await message.fill("🎁".repeat(500));
  await page.getByText("No characters left.").waitFor();
  await name.fill("Å".repeat(120));
  await page.getByRole("button", { name: "Continue" }).click();
  await expectNoSideways(page);
  await page.getByRole("button", { name: "Give €20.00 now" }).click();
  await page.locator("[data-state='confirmed']").waitFor();
  expect(
    await context.sql.rows("SELECT char_length(message) AS message, char_length(donor_name) AS name FROM careforall.pledges WHERE campaign_id = $1", [id]),
  ).toEqual([{ message: 500, name: 120 }]);
  await page.getByRole("button", { name: "Back to the campaign" }).click();
  await page.locator("[data-gift]").waitFor();
  await expectNoSideways(page);
  await close();
});
