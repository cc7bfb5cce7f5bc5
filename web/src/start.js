// SPDX-License-Identifier: Apache-2.0
// Runs before the first paint: sets theme, language and direction, so that nobody sees
// a flash of the wrong ones, and asks for the texts of that language.
{
  const LANGUAGES = ['en', 'de', 'ar', 'en-XA', 'ar-XB']
  const root = document.documentElement

  const kept = (name) => {
    try {
      return localStorage.getItem(name)
    } catch {
      return null
    }
  }

  const theme = kept('cfa:theme')
  const isDark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.dataset.theme = isDark ? 'dark' : 'light'

  const known = (language) => LANGUAGES.find((one) => one === language)
  const asked = known(new URLSearchParams(location.search).get('lang'))
  const spoken = navigator.languages.map((one) => known(one.split('-')[0])).find(Boolean)
  const language = asked ?? known(kept('cfa:language')) ?? spoken ?? 'en'
  if (asked !== undefined && !asked.includes('-')) {
    try {
      localStorage.setItem('cfa:language', asked)
    } catch {
      // It holds for this page only.
    }
  }
  // Words that the server has sent in another language are not shown.
  if (root.lang !== language) root.dataset.foreign = ''
  root.lang = language
  root.dir = language.startsWith('ar') ? 'rtl' : 'ltr'

  const names = new Map((document.currentScript.dataset.messages ?? '').split(' ').map((pair) => pair.split('=')))
  const name = names.get(language)
  if (name !== undefined) {
    const link = document.createElement('link')
    link.rel = 'modulepreload'
    link.href = name
    link.fetchPriority = 'low'
    document.head.append(link)
  }
}
