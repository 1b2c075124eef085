/** Taken when the URL names none. */
const DATABASE = 'mogran'

/**
 * The database of a connection string. `URL` refuses several hosts, and the driver gives `test` where none is named.
 *
 * @see MongoDB manual, "Connection Strings": what could end a part early is percent-encoded in it
 */
export function databaseIn(url: string): string {
  const [, name = ''] = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]*)/.exec(url) ?? []
  return name === '' ? DATABASE : decodeURIComponent(name)
}
