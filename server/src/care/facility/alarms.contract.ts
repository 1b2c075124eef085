import { z } from 'zod'

import { OpenAlarm } from './wards.contract.ts'

/** Answers of `/api/v1/alarms`, shared with the console. */
export const Alarms = z.object({
  /** Open alarms of all patients that the caller may see: unacknowledged ones first, then the oldest. */
  alarms: z.array(
    OpenAlarm.extend({
      patient: z.string(),
      /** `ELTAYEB, Amna`. */
      name: z.string(),
      /** Label of the bed, else of the room or ward. */
      place: z.string().optional(),
    }),
  ),
})
export type Alarms = z.infer<typeof Alarms>

export const Acknowledged = z.object({ id: z.string(), acknowledged: z.number() })
