// SPDX-License-Identifier: Apache-2.0
// One account: its role, its access, its sessions, and what was changed of it.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { auditQuery, userQuery, type Role, type User } from '@/api/admin-ops'
import { call } from '@/api/call'
import { useKeptSession } from '@/api/kept-session'
import { ActDialog } from '@/components/admin/ops/act-dialog'
import { CopyId, Fact, Facts, SectionCard, When } from '@/components/admin/ops/bits'
import { QueryView } from '@/components/admin/ops/list'
import { AuditRow } from '@/components/admin/ops/rows'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { PageHeader } from '@/components/ui/page-header'
import { RadioCard, RadioCards } from '@/components/ui/radio-cards'
import { formatDateTime, t } from '@/i18n'

type Open = 'role' | 'access' | 'sessions' | 'factor' | null
type Loaded = { user: User; etag: string }

const ROLES = ['donor', 'owner', 'admin'] as const

export function UserPage() {
  const { id = '' } = useParams({ strict: false })
  const query = useQuery(userQuery(id))
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <Link to="/admin/users" className="justify-self-start underline decoration-2 underline-offset-4">
        {t('admin.users.back')}
      </Link>
      {query.data === undefined && <PageHeader title={t('admin.users.document_title')} />}
      <QueryView query={query} skeleton="h-96">
        {(loaded) => <UserView {...loaded} />}
      </QueryView>
    </div>
  )
}

function UserView({ user, etag }: Loaded) {
  const { account } = useKeptSession()
  const [open, setOpen] = useState<Open>(null)
  const isSelf = account?.id === user.id
  const close = () => setOpen(null)
  return (
    <>
      <PageHeader title={user.name} documentTitle={t('admin.users.document_title')}>
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1 text-base">
          <Badge>{t(`admin.role.${user.role}`)}</Badge>
          {user.is_disabled && <Badge tone="bad">{t('admin.users.disabled')}</Badge>}
          <span dir="ltr">{user.email}</span>
        </span>
      </PageHeader>
      {isSelf && (
        <Notice heading={t('admin.users.self')} data-self>
          {t('admin.users.self_text')}
        </Notice>
      )}
      <div className="grid min-w-0 grid-cols-1 gap-6 lg:grid-cols-2">
        <SectionCard title={t('admin.users.account')} id="account">
          <Facts>
            <Fact label={t('admin.users.id')}>
              <CopyId value={user.id} label={t('admin.users.copy_id')} />
            </Fact>
            <Fact label={t('admin.users.made')}>{formatDateTime(user.created_at)}</Fact>
            <Fact label={t('admin.users.seen')}>
              <When at={user.last_seen_at} isExact />
            </Fact>
            <Fact label={t('admin.users.password')}>{formatDateTime(user.password_changed_at)}</Fact>
            <Fact label={t('admin.users.factor')}>
              {t(user.has_second_factor ? 'admin.users.factor_on' : user.needs_second_factor ? 'admin.users.factor_needed' : 'admin.users.factor_off')}
            </Fact>
            <Fact label={t('admin.users.sessions')}>{user.sessions}</Fact>
            {user.disabled_at !== null && <Fact label={t('admin.users.disabled_at')}>{formatDateTime(user.disabled_at)}</Fact>}
          </Facts>
        </SectionCard>
        <SectionCard title={t('admin.users.rights')} id="rights">
          <p>{t(`admin.role_text.${user.role}`)}</p>
          <div className="flex flex-wrap gap-3">
            <Guarded isOff={isSelf} onClick={() => setOpen('role')} label={t('admin.users.change_role')} />
            <Guarded isOff={isSelf} onClick={() => setOpen('access')} label={t(user.is_disabled ? 'admin.users.enable' : 'admin.users.disable')} />
            <Button variant="outline" aria-disabled={user.sessions === 0} onClick={() => user.sessions > 0 && setOpen('sessions')}>
              {t('admin.users.end_sessions', { count: user.sessions })}
            </Button>
            {user.has_second_factor && <Guarded isOff={isSelf} onClick={() => setOpen('factor')} label={t('admin.users.factor_reset')} />}
          </div>
        </SectionCard>
      </div>
      <Changes id={user.id} />
      {open === 'role' && <RoleDialog user={user} etag={etag} onClose={close} />}
      {open === 'access' && <AccessDialog user={user} etag={etag} onClose={close} />}
      {open === 'sessions' && <SessionsDialog user={user} onClose={close} />}
      {open === 'factor' && <FactorDialog user={user} onClose={close} />}
    </>
  )
}

/** Stays reachable while it is off, so that the reason is heard. */
function Guarded({ isOff, label, onClick }: { isOff: boolean; label: string; onClick: () => void }) {
  return (
    <Button variant="outline" aria-disabled={isOff} aria-describedby={isOff ? 'why-not' : undefined} onClick={() => !isOff && onClick()}>
      {label}
      {isOff && (
        <span id="why-not" className="sr-only">
          {t('admin.users.self_text')}
        </span>
      )}
    </Button>
  )
}

function RoleDialog({ user, etag, onClose }: Loaded & { onClose: () => void }) {
  const [role, setRole] = useState<Role>(user.role)
  return (
    <ActDialog
      title={t('admin.users.change_role')}
      text={<p>{t('admin.users.change_role_text', { name: user.name })}</p>}
      confirmLabel={() => t('admin.users.change_role_confirm', { role: t(`admin.role.${role}`) })}
      inputs={role}
      check={() => role !== user.role}
      fields={
        <RadioCards legend={t('admin.users.role')} name="role" value={role} onChange={(value) => setRole(value as Role)}>
          {ROLES.map((one) => (
            <RadioCard key={one} value={one}>
              <span className="grid">
                <span className="font-semibold">{t(`admin.role.${one}`)}</span>
                <span className="text-muted text-sm">{t(`admin.role_text.${one}`)}</span>
              </span>
            </RadioCard>
          ))}
        </RadioCards>
      }
      run={async (reason) => {
        await call('patch', '/api/v1/admin/users/{id}', { path: { id: user.id }, body: { role, reason }, headers: { 'If-Match': etag } })
        return t('admin.users.role_changed', { role: t(`admin.role.${role}`) })
      }}
      onClose={onClose}
    />
  )
}

function AccessDialog({ user, etag, onClose }: Loaded & { onClose: () => void }) {
  const [isOn] = useState(user.is_disabled)
  return (
    <ActDialog
      title={t(isOn ? 'admin.users.enable' : 'admin.users.disable')}
      text={<p>{t(isOn ? 'admin.users.enable_text' : 'admin.users.disable_text', { name: user.name, count: user.sessions })}</p>}
      confirmLabel={() => t(isOn ? 'admin.users.enable' : 'admin.users.disable')}
      tone={isOn ? 'solid' : 'give'}
      run={async (reason) => {
        await call('patch', '/api/v1/admin/users/{id}', {
          path: { id: user.id },
          body: { is_disabled: !isOn, reason },
          headers: { 'If-Match': etag },
        })
        return t(isOn ? 'admin.users.is_enabled' : 'admin.users.is_disabled')
      }}
      onClose={onClose}
    />
  )
}

function SessionsDialog({ user, onClose }: { user: User; onClose: () => void }) {
  return (
    <ActDialog
      title={t('admin.users.end_sessions_title')}
      text={<p>{t('admin.users.end_sessions_text', { name: user.name })}</p>}
      confirmLabel={() => t('admin.users.end_sessions', { count: user.sessions })}
      tone="give"
      run={async (reason) => {
        await call('post', '/api/v1/admin/users/{id}/logout', { path: { id: user.id }, body: { reason } })
        return t('admin.users.sessions_ended')
      }}
      onClose={onClose}
    />
  )
}

function FactorDialog({ user, onClose }: { user: User; onClose: () => void }) {
  return (
    <ActDialog
      title={t('admin.users.factor_reset_title')}
      text={<p>{t('admin.users.factor_reset_text', { name: user.name })}</p>}
      confirmLabel={() => t('admin.users.factor_reset_confirm')}
      tone="give"
      run={async (reason) => {
        await call('post', '/api/v1/admin/users/{id}/second-factor/reset', { path: { id: user.id }, body: { reason } })
        return t('admin.users.factor_is_reset')
      }}
      onClose={onClose}
    />
  )
}

function Changes({ id }: { id: string }) {
  const query = useQuery(auditQuery({ target_type: 'account', target_id: id, limit: 20 }))
  return (
    <SectionCard title={t('admin.users.changes')} id="changes">
      <QueryView query={query} skeleton="h-24" isEmpty={({ items }) => items.length === 0} empty={<p className="text-muted">{t('admin.users.no_changes')}</p>}>
        {({ items }) => (
          <ul className="grid gap-4">
            {items.map((entry) => (
              <AuditRow key={entry.id} entry={entry} isTargetShown={false} />
            ))}
          </ul>
        )}
      </QueryView>
    </SectionCard>
  )
}
