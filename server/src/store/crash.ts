/** The places where a crash is interesting. Tests start a hub with `HUB_CRASH_AT=<name>` and list every name here. */
export const KILL_POINTS = [
  'before-append',
  'after-append',
  'after-sync',
  'before-merge',
  'after-merge',
] as const
export type KillPoint = (typeof KILL_POINTS)[number]
export type Crash = (point: KillPoint) => void

/** In production nothing happens at a kill point. */
export const noCrash: Crash = () => undefined
