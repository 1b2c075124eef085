import { z } from 'zod'

/** A request that failed: what the hub says about it, in texts that tell the caller what to do. */
export class Problem extends Error {
  /** HTTP status; 0 when there was no answer at all. */
  readonly status: number
  readonly texts: readonly string[]
  /** X-Request-Id: what to quote when asking for help. */
  readonly requestId: string | undefined

  constructor(status: number, texts: readonly string[], requestId?: string) {
    super(texts[0] ?? `HTTP ${status}`)
    this.name = 'Problem'
    this.status = status
    this.texts = texts
    this.requestId = requestId
  }
}

const Outcome = z.object({
  issue: z.array(
    z.object({
      details: z.object({ text: z.string() }).optional(),
      diagnostics: z.string().optional(),
      expression: z.array(z.string()).optional(),
    }),
  ),
})
const OAuthError = z.object({ error: z.string(), error_description: z.string().optional() })

/** The texts of an OperationOutcome, each with its place, or of an OAuth error; empty when the answer is neither. */
export function textsOf(body: unknown): readonly string[] {
  const outcome = Outcome.safeParse(body)
  if (outcome.success) {
    return outcome.data.issue.flatMap(({ details, diagnostics, expression: [place] = [] }) => {
      const text = details?.text ?? diagnostics
      if (text === undefined) return []
      return place === undefined || text.includes(place) ? text : `${place}: ${text}`
    })
  }
  const oauth = OAuthError.safeParse(body)
  return oauth.success && oauth.data.error_description ? [oauth.data.error_description] : []
}
