/** One access: who did what to which record. No clinical content. */
export interface AuditEntry {
  /** Milliseconds UTC. */
  readonly time: number
  readonly subject: string
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E'
  /** `read`, `search-type`, `create`, `login`, …: FHIR `restful-interaction` codes or a command name. */
  readonly interaction: string
  /** `Patient/1` or a bare type for searches. */
  readonly entity?: string
  readonly patients?: readonly string[]
  readonly outcome: 'success' | 'refused' | 'failed'
  readonly correlation?: string
}

export interface AuditTrail {
  /** The row of a write, for `Commit.audit`: part of the same commit as the write. */
  row(entry: AuditEntry): string
  /** The row of a refusal or a login: handed to the operating system when this returns, synced within a second. Never waits for the disk. */
  note(entry: AuditEntry): void
  /**
   * The row of a read, together with all others of this turn of the event loop: they leave in one system call. The answer to the read waits for
   * it. @throws Fault `unavailable` when the file cannot be written
   */
  noteRead(entry: AuditEntry): Promise<void>
  close(): Promise<void>
}
