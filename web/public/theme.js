// SPDX-License-Identifier: Apache-2.0
// Runs before the first paint, so that nobody sees a flash of the wrong theme.
{
  let choice = null
  try {
    choice = localStorage.getItem('cfa:theme')
  } catch {
    choice = null
  }
  const isDark =
    choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light'
}
