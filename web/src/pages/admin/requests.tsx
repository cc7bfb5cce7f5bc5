// SPDX-License-Identifier: Apache-2.0
// What donors ask back, of all campaigns that the account has to do with.
import { RequestList } from '@/components/admin/requests/request-list'
import { PageHeader } from '@/components/ui/page-header'
import { t } from '@/i18n'

export function RequestsPage() {
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader title={t('admin.requests.title')}>{t('admin.requests.lead')}</PageHeader>
      <RequestList />
    </div>
  )
}
