/**
 * JavaScript that branches on a member's name `k`: first on its length, which is a jump, then on the few names of that length. One
 * switch over all names would compare with half of them on average. `break` in a case leaves the switches.
 */
export function emitSwitch(members: readonly { readonly name: string; readonly js: string }[]): string {
  const byLength = Map.groupBy(members, ({ name }) => name.length)
  const branches = [...byLength].map(([length, same]) => {
    const cases = same.map(({ name, js }) => `case ${JSON.stringify(name)}: ${js}`).join('\n')
    return `case ${length}: switch (k) {\n${cases}\ndefault: c.unknown(k)\n} break`
  })
  return ['switch (k.length) {', ...branches, 'default: c.unknown(k)', '}'].join('\n')
}
