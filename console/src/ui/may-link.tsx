import type { ReactNode } from 'react'
import { Link } from 'react-router'

import { useMay } from '../api/may.ts'

interface MayLinkProps {
  /** What the page behind it asks for. */
  readonly need: Parameters<typeof useMay>[0]
  readonly to: string
  /** The arrow keys move between such links of a list. */
  readonly isRow?: boolean
  readonly children: ReactNode
}

/** A link for those who may open what is behind it; for others its text. */
export function MayLink({ need, to, isRow = false, children }: MayLinkProps) {
  if (!useMay(need)) return children
  return (
    <Link to={to} {...(isRow ? { 'data-row': true } : {})}>
      {children}
    </Link>
  )
}
