// SPDX-License-Identifier: Apache-2.0
/** Which text of `news.label` and `news.hint` donors agree to. A new wording has a new name here. */
export const NEWS_TEXT = '2026-11'
