/** What is wrong with a definition that others wrote, or what of it this server does not know. Anything else that is thrown is a defect of ours. */
export class DefinitionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DefinitionError'
  }
}
