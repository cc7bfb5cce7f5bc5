// SPDX-License-Identifier: Apache-2.0
import { useNavigate } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { language, LANGUAGES, setLanguage, t, type Language } from '@/i18n'
import { Icon } from './ui/icon'

/** Changes the language in place: what was typed into the page stays. */
export function LanguageSelect() {
  const id = useId()
  const navigate = useNavigate()
  const [hasFailed, setHasFailed] = useState(false)
  const choose = async (next: Language) => {
    try {
      setHasFailed(false)
      await setLanguage(next)
      // The address must not say another language than the page.
      await navigate({
        to: '.',
        search: (search) => {
          const rest = { ...search }
          delete rest.lang
          return rest
        },
        hash: true,
        state: true,
        replace: true,
        resetScroll: false,
      })
    } catch {
      setHasFailed(true)
    }
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <label htmlFor={id} className="flex items-center gap-1.5">
        <Icon name="globe" />
        {t('language.label')}
      </label>
      {/* In fonts of the machine: the names alone are not worth those of all languages. */}
      <select
        id={id}
        value={language}
        onChange={(event) => void choose(event.target.value as Language)}
        className="border-line-strong bg-paper hover:border-ink rounded-patch min-h-10 border-2 px-2.5 font-[system-ui]"
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
      <span role="status" className="text-bad">
        {hasFailed && t('language.failed')}
      </span>
    </div>
  )
}
