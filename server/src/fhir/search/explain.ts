import type { Issue } from '../../kernel/fault.ts'
import type { Branch } from './branch.ts'
import type { Clause } from './clause.ts'
import { sizeOf } from './plan.ts'
import type { Plan } from './plan.ts'

/** What drove the search of each type, what it was chosen from, and what was verified on the rows. */
export async function explained(
  branches: readonly Branch[],
  plans: readonly Plan[],
): Promise<readonly Issue[]> {
  const issues: Issue[] = []
  for (const [index, branch] of branches.entries()) {
    const { clauses, plan } = await branch.open()
    issues.push(note(branch.type, plans[index] ?? plan, clauses))
  }
  return issues
}

function note(type: string, plan: Plan, clauses: readonly Clause[]): Issue {
  const { driver, label, estimate, others = [] } = plan
  const size = estimate === undefined ? '' : `, ${sizeOf(estimate)} candidates`
  const parts = [
    `${type} is driven by ${driver.by} (${label})${size}`,
    others.length > 0 ? `counted: ${others.join('; ')}` : 'nothing was counted',
    clauses.length > 0
      ? `verified on each row: ${clauses.map(described).join('; ')}`
      : 'nothing is left to verify',
  ]
  return { severity: 'information', code: 'informational', text: parts.join('. ') }
}

function described({ label, join, negated }: Clause): string {
  if (join) return `${label} (looked up for each batch)`
  return negated === true ? `not ${label}` : label
}
