import { z } from 'zod'

const Site = z.object({ site: z.string(), mode: z.enum(['evaluation', 'production']), zone: z.string() })
export type Site = z.infer<typeof Site>

/** What the hub wrote into the page: name of the site, mode, and the zone in which instants are shown. */
export const site: Site = readSite()

function readSite(): Site {
  const written = document.querySelector<HTMLMetaElement>('meta[name=hub]')?.content ?? ''
  if (written.startsWith('{')) return Site.parse(JSON.parse(written))
  return { site: 'Mogran', mode: 'evaluation', zone: Intl.DateTimeFormat().resolvedOptions().timeZone }
}
