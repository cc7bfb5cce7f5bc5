// SPDX-License-Identifier: Apache-2.0
import { useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useEffectEvent } from 'react'

/** Leads to the log-in and back, once; whoever shows it shows besides that something comes. */
export function ToLogin() {
  const navigate = useNavigate()
  const { href, pathname } = useLocation()
  const leave = useEffectEvent(() => {
    // A page may be rendered once more when the address is that of the log-in already.
    if (pathname !== '/login') void navigate({ to: '/login', search: { return: href }, replace: true })
  })
  useEffect(() => leave(), [])
  return null
}
