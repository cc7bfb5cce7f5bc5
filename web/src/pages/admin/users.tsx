// SPDX-License-Identifier: Apache-2.0
// Accounts: found by name, address and role.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { usersQuery, type User } from '@/api/admin-ops'
import { useKeptSession } from '@/api/kept-session'
import { When } from '@/components/admin/ops/bits'
import { FilterBar, FilterInput, FilterSelect, fieldText } from '@/components/admin/ops/filter-bar'
import { NothingFound, Pager, QueryView } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { Badge } from '@/components/ui/badge'
import { PageHeader } from '@/components/ui/page-header'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { t } from '@/i18n'
import { CURSOR } from '@/lib/ops/filters'

const ROLES = ['donor', 'owner', 'admin'] as const
const RULES = { role: { words: ROLES }, cursor: { pattern: CURSOR, max: 500 } } as const
const PAGE_SIZE = 25

export function UsersPage() {
  const url = useListUrl(RULES)
  const { filters } = url
  // A name or an address: it stays out of the address of the page.
  const words = url.hidden.q ?? ''
  const query = useQuery(
    usersQuery({
      limit: PAGE_SIZE,
      ...(words === '' ? {} : { q: words }),
      ...(filters.role === '' ? {} : { role: filters.role as User['role'] }),
      ...(filters.cursor === '' ? {} : { cursor: filters.cursor }),
    }),
  )
  const count = Number(words !== '') + Number(filters.role !== '')
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader title={t('admin.users.title')}>{t('admin.users.lead')}</PageHeader>
      <FilterBar
        key={`${words} ${filters.role}`}
        label={t('admin.users.filters')}
        count={count}
        onSubmit={(form) => url.set({ role: fieldText(form, 'role') }, { q: fieldText(form, 'q') })}
        onReset={() => url.open('')}
      >
        <FilterInput label={t('admin.users.search')} name="q" type="search" defaultValue={words} maxLength={100} hint={t('admin.users.search_hint')} />
        <FilterSelect label={t('admin.users.role')} name="role" defaultValue={filters.role}>
          <option value="">{t('admin.ops.all')}</option>
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {t(`admin.role.${role}`)}
            </option>
          ))}
        </FilterSelect>
      </FilterBar>
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<NothingFound hasFilters={count > 0} heading={t('admin.users.none')} />}
      >
        {(page) => (
          <>
            <UserTable users={page.items} />
            <Pager cursor={filters.cursor} next={page.next_cursor} href={(cursor) => url.href({ cursor })} go={(cursor) => url.set({ cursor })} />
          </>
        )}
      </QueryView>
    </div>
  )
}

function UserTable({ users }: { users: User[] }) {
  const { account } = useKeptSession()
  return (
    <Table label={t('admin.users.title')}>
      <thead>
        <tr>
          <Th>{t('admin.users.name')}</Th>
          <Th>{t('admin.users.role')}</Th>
          <Th isNumber>{t('admin.users.sessions')}</Th>
          <Th>{t('admin.users.seen')}</Th>
          <Th>{t('admin.users.made')}</Th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <Tr key={user.id} data-user={user.id}>
            <Th scope="row" className="font-normal">
              <Link to="/admin/users/$id" params={{ id: user.id }} className="inline-block font-semibold underline decoration-2 underline-offset-4" dir="auto">
                {user.name}
              </Link>
              {user.id === account?.id && <span className="text-muted"> {t('admin.users.you')}</span>}
              <span className="text-muted block text-sm">
                <bdi dir="ltr">{user.email}</bdi>
              </span>
            </Th>
            <Td>
              <span className="flex flex-wrap gap-1.5">
                <Badge>{t(`admin.role.${user.role}`)}</Badge>
                {user.is_disabled && <Badge tone="bad">{t('admin.users.disabled')}</Badge>}
              </span>
            </Td>
            <Td isNumber>{user.sessions}</Td>
            <Td>
              <When at={user.last_seen_at} />
            </Td>
            <Td>
              <When at={user.created_at} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
