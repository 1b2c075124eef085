const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'the hub may not read or move it',
  EEXIST: 'a file stands where the folder for it should be',
  ELOOP: 'it is a link, and only files that lie in the folder are taken',
  ENOENT: 'it is not there',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'what should be a folder is none',
  EPERM: 'the hub may not read or move it',
  EROFS: 'the disk can only be read',
  EXDEV: 'the folders for what is done and failed must be on the same disk',
}

/** The code of an error that the file system gave. */
export function fileCode(error: unknown): string | undefined {
  const isOfFile = error instanceof Error && 'syscall' in error && 'code' in error
  return isOfFile && typeof error.code === 'string' ? error.code : undefined
}

/** Why something in a watched folder cannot be taken, for people, with the code of the system to look for. */
export function fileWords(what: string, error: unknown): string {
  const code = fileCode(error)
  if (code === undefined)
    return `${what} cannot be taken: ${error instanceof Error ? error.message : 'failed'}`
  return `${what} cannot be taken: ${WORDS[code] ?? 'the file system refuses'} (${code}).`
}
