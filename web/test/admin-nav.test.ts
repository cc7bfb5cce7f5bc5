// SPDX-License-Identifier: Apache-2.0
// Who may open which page of the dashboard.
import { describe, expect, it } from 'vitest'
import { ADMIN_PAGES, mayOpen, pageOf, pagesFor } from '@/components/admin/nav'

describe('pages of the dashboard', () => {
  it('are found by the address, whatever follows it', () => {
    expect(pageOf('/admin')?.path).toBe('/admin')
    expect(pageOf('/admin/')?.path).toBe('/admin')
    expect(pageOf('/administrator')).toBeNull()
    for (const { path } of ADMIN_PAGES.filter((page) => page.path !== '/admin')) {
      expect(pageOf(`${path}/`)?.path).toBe(path)
      expect(pageOf(`${path}/something`)?.path).toBe(path)
      expect(pageOf(`${path}x`)?.path).not.toBe(path)
    }
  })

  it('are for the roles that they name, and for administrators where no line names them', () => {
    for (const { path, roles } of ADMIN_PAGES) {
      for (const role of ['donor', 'owner', 'admin'] as const) {
        expect(mayOpen(role, path), `${role} ${path}`).toBe(roles.includes(role))
        expect(pagesFor(role).some((page) => page.path === path)).toBe(roles.includes(role))
      }
      expect(roles).toContain('admin')
    }
    expect(mayOpen('owner', '/admin/no-such-page')).toBe(false)
    expect(mayOpen('donor', '/admin/no-such-page')).toBe(false)
    expect(mayOpen('admin', '/admin/no-such-page')).toBe(true)
  })
})
