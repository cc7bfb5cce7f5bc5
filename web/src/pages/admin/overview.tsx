// SPDX-License-Identifier: Apache-2.0
import { PageHeader } from '@/components/ui/page-header'
import { t } from '@/i18n'

export function OverviewPage() {
  return <PageHeader title={t('admin.overview.title')} />
}
