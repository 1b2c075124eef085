/** A name that no other suite uses. */
export function freshDatabase(): string {
  return `test_${crypto.randomUUID().replaceAll('-', '')}`
}
