// SPDX-License-Identifier: Apache-2.0
// Who helps to run a campaign: editors may change it, viewers may look.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'
import { addMember, campaignKeys, removeMember, setMemberRole, teamQuery, type TeamMember, type TeamRole } from '@/api/admin-campaigns'
import { ApiError } from '@/api/http'
import { fieldText } from '@/components/admin/ops/filter-bar'
import { useManaged } from '@/components/admin/campaign/use-managed'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { Field, fieldProps, Input, Select } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'
import { Skeleton } from '@/components/ui/skeleton'
import { ErrorState, errorText, ErrorText, NoPermission } from '@/components/ui/states'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { toast } from '@/components/ui/toast'
import { formatDate, t } from '@/i18n'

const ROLES = ['editor', 'viewer'] as const

export function TeamPage() {
  const { data: campaign } = useManaged()
  const client = useQueryClient()
  const query = useQuery({ ...teamQuery(campaign.id), enabled: campaign.right === 'own' })
  const [removing, setRemoving] = useState<TeamMember | null>(null)
  const readAgain = () => client.invalidateQueries({ queryKey: campaignKeys.team(campaign.id) })
  if (campaign.right !== 'own') return <NoPermission />
  if (query.data === undefined) {
    return query.isError ? <ErrorState error={query.error} retry={() => query.refetch()} /> : <Skeleton className="h-72" />
  }
  const { owner, items } = query.data
  const change = async (member: TeamMember, role: TeamRole) => {
    try {
      await setMemberRole(campaign.id, member.account_id, role)
      toast(t('admin.team.changed', { name: member.name, role: t(`admin.team.role_${role}`) }))
    } catch (error) {
      toast(errorText(error), 'bad')
    }
    await readAgain()
  }
  return (
    <section className="grid min-w-0 gap-6">
      <h2 className="text-heading">
        {t('admin.team.heading')}
      </h2>
      <Table label={t('admin.team.heading')}>
        <thead>
          <tr>
            <Th>{t('admin.team.person')}</Th>
            <Th>{t('admin.team.role')}</Th>
            <Th>{t('admin.team.since')}</Th>
            <Th>
              <span className="sr-only">{t('admin.reward.actions')}</span>
            </Th>
          </tr>
        </thead>
        <tbody>
          {owner !== null && (
            <Tr>
              <Person name={owner.name} email={owner.email} />
              <Td>{t('admin.team.role_owner')}</Td>
              <Td>–</Td>
              <Td />
            </Tr>
          )}
          {items.map((member) => (
            <Tr key={member.account_id} data-member={member.email}>
              <Person name={member.name} email={member.email} />
              <Td className="py-1">
                <Select
                  className="min-w-36"
                  aria-label={t('admin.team.role_of', { name: member.name })}
                  value={member.role}
                  onChange={(event) => void change(member, event.target.value as TeamRole)}
                >
                  {ROLES.map((role) => (
                    <option key={role} value={role}>
                      {t(`admin.team.role_${role}`)}
                    </option>
                  ))}
                </Select>
              </Td>
              <Td className="whitespace-nowrap">{formatDate(member.added_at)}</Td>
              <Td className="py-1 text-end whitespace-nowrap">
                <Button variant="quiet" aria-label={t('admin.team.remove_named', { name: member.name })} onClick={() => setRemoving(member)}>
                  {t('admin.team.remove')}
                </Button>
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      <AddMember id={campaign.id} onAdded={readAgain} />
      {removing !== null && (
        <ConfirmDialog
          title={t('admin.team.remove_ask', { name: removing.name })}
          confirmLabel={t('admin.team.remove')}
          explain={(error) => (
            <Notice tone="bad">
              <ErrorText error={error} />
            </Notice>
          )}
          onConfirm={async () => {
            await removeMember(campaign.id, removing.account_id)
            await readAgain()
            toast(t('admin.team.removed', { name: removing.name }))
          }}
          onClose={() => setRemoving(null)}
        >
          <p>{t('admin.team.remove_text')}</p>
        </ConfirmDialog>
      )}
    </section>
  )
}

function Person({ name, email }: { name: string; email: string }) {
  return (
    <Th scope="row" className="min-w-44">
      <span className="wrap-anywhere" dir="auto">
        {name}
      </span>
      <span className="text-muted block text-sm font-normal [text-align:match-parent] wrap-anywhere" dir="ltr">
        {email}
      </span>
    </Th>
  )
}

function AddMember({ id, onAdded }: { id: string; onAdded: () => Promise<void> }) {
  const [fault, setFault] = useState<string>()
  const [isBusy, setIsBusy] = useState(false)
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const element = event.currentTarget
    const form = new FormData(element)
    const email = fieldText(form, 'email')
    const role = fieldText(form, 'role') as TeamRole
    if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
      setFault(t('admin.team.email_invalid'))
      document.getElementById('team-email')?.focus()
      return
    }
    if (isBusy) return
    setIsBusy(true)
    setFault(undefined)
    try {
      await addMember(id, email, role)
      element.reset()
      toast(t('admin.team.added', { email }))
      await onAdded()
    } catch (error) {
      setFault(addFault(error))
      document.getElementById('team-email')?.focus()
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <form
      noValidate
      onSubmit={(event) => void submit(event)}
      aria-labelledby="team-add-heading"
      className="border-line bg-paper rounded-patch grid max-w-2xl gap-5 border-2 p-4 sm:p-6"
    >
      <h3 id="team-add-heading" className="text-xl">
        {t('admin.team.add')}
      </h3>
      <Field id="team-email" label={t('admin.team.email')} hint={t('admin.team.email_hint')} error={fault}>
        <Input {...fieldProps('team-email', fault)} name="email" type="email" autoComplete="off" spellCheck={false} dir="ltr" />
      </Field>
      <Field id="team-role" label={t('admin.team.role')} hint={t('admin.team.role_hint')}>
        <Select {...fieldProps('team-role', undefined)} name="role" defaultValue="viewer">
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {t(`admin.team.role_${role}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Button type="submit" aria-disabled={isBusy} className="justify-self-start">
        {isBusy ? t('action.working') : t('admin.team.add')}
      </Button>
    </form>
  )
}

function addFault(error: unknown): string {
  if (!(error instanceof ApiError)) return errorText(error)
  if (error.status === 409) return t('admin.team.already')
  if (error.status === 404 || error.status === 422) return t('admin.team.unknown')
  return errorText(error)
}
