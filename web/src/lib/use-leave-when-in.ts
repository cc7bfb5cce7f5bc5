// SPDX-License-Identifier: Apache-2.0
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useSession } from '@/api/session'

/** Goes on as soon as somebody is logged in, here or in another tab. */
export function useLeaveWhenIn(target: string): void {
  const { account } = useSession()
  const navigate = useNavigate()
  const isIn = account !== null
  useEffect(() => {
    if (isIn) void navigate({ href: target, replace: true })
  }, [isIn, target, navigate])
}
