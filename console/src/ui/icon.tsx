import { useTranslation } from 'react-i18next'

/** Line drawings on a 20 px grid; they repeat what a word beside them says, so they are hidden from screen readers. */
const PATHS = {
  bed: 'M2.5 4v12M2.5 13h15v3M17.5 13v-2.5a2 2 0 0 0-2-2H8.5V13M5.5 9.5a1 1 0 1 0 0-.01',
  people:
    'M7.5 9a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5M2.5 16.5c0-3 2-5 5-5s5 2 5 5M13 3.8a2.75 2.75 0 0 1 0 5M14.5 11.8c2 .6 3 2.4 3 4.7',
  messages: 'M3 4.5h14M3 8.5h9M3 12.5h14M3 16.5h6',
  fork: 'M10 17v-6M10 11C10 7 5 7.5 5 3M10 11c0-4 5-3.5 5-8',
  merge: 'M4 3v3c0 3 6 3 6 6.5V17M16 3v3c0 3-6 3-6 6.5M7.5 14.5 10 17l2.5-2.5',
  search: 'M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11M12.5 12.5 17 17',
  globe:
    'M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15M2.5 10h15M10 2.5c-4.5 4.5-4.5 10.5 0 15 4.5-4.5 4.5-10.5 0-15',
  half: 'M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15M10 2.5v15M12.5 4v12M15 6.5v7',
  person: 'M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M4 17c0-3.3 2.4-5.5 6-5.5s6 2.2 6 5.5',
  command: 'M4.5 6.5 8 10l-3.5 3.5M10 14h5.5',
  feeds: 'M2.5 6.5h11M10.5 3.5l3 3-3 3M17.5 13.5h-11M9.5 10.5l-3 3 3 3',
  send: 'M2.5 10h13M11 5.5l4.5 4.5-4.5 4.5M17.5 4v12',
  letter: 'M2.5 5h15v10.5h-15zM2.5 5.5 10 11l7.5-5.5',
  flask: 'M8 2.5h4M8.5 2.5v5L4 15.5c-.5 1 .2 2 1.3 2h9.4c1.1 0 1.8-1 1.3-2L11.5 7.5v-5M6 12.5h8',
  menu: 'M3.5 5.5h13M3.5 10h13M3.5 14.5h13',
  keyboard: 'M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7',
} as const

export type IconName = keyof typeof PATHS

/** Those that point where reading goes. */
const POINTING: ReadonlySet<IconName> = new Set(['send', 'messages'])

export function Icon({ name }: { readonly name: IconName }) {
  const { i18n } = useTranslation()
  const isTurned = POINTING.has(name) && i18n.dir() === 'rtl'
  return (
    <svg
      aria-hidden="true"
      width="20"
      height="20"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      {...(isTurned ? { transform: 'scale(-1 1)' } : {})}
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
