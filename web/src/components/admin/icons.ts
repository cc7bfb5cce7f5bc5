// SPDX-License-Identifier: Apache-2.0
import { addIcons } from '../ui/icon'

addIcons({
  undo: 'M8 4.5L3.5 9 8 13.5M4 9h11a5.5 5.5 0 0 1 0 11h-6',
  menu: 'M4 7h16M4 12h16M4 17h16',
  chart: 'M4 20h16M7 16v-4M12 16V6M17 16v-7',
  leave: 'M14 4H5v16h9M10 12h10M16 8l4 4-4 4',
  plus: 'M12 5v14M5 12h14',
  pulse: 'M3 12h4l3-8 4 16 3-8h4',
  sliders: 'M4 8h9M17 8h3M15 6v4M4 16h3M11 16h9M9 14v4',
})
