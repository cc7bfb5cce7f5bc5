// SPDX-License-Identifier: Apache-2.0
import { loadArea } from '@/i18n'

await Promise.all([loadArea('site'), loadArea('account'), loadArea('admin')])
