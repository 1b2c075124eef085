import type { ImageRule, RuleFiles, SharedImage } from '../mapping/rules/rules.ts'
import type { Message } from '../message/message.ts'

/** Where rows for a segment belong: an image of the message that takes maps of that segment, or of the one that it stands behind. */
export interface Place {
  /** Name of the file in `messages/`. */
  readonly message: string
  readonly image: ImageRule | SharedImage
  /** Its maps, those of the shared image included. */
  readonly maps: readonly string[]
  /** Name of the file in `segments/`. */
  readonly map: string
  /** Type of the resource. */
  readonly type: string
}

/** @returns `undefined` when no image of the message takes it: the rows must be placed by a person */
export function placeOf(rules: RuleFiles, message: Message, segment: string): Place | undefined {
  const event = `${message.get('MSH-9')}^${message.get('MSH-9.2')}`
  const found = [...rules.messages].find(([, file]) => Object.hasOwn(file.events, event))
  if (found === undefined) return undefined
  const [name, file] = found
  const images = file.images.flatMap((image) => {
    const { maps = [], own } = { ...sharedBy(rules, image), ...image }
    return own === 'update' && isAlone(image, file.images) ? [{ image, maps }] : []
  })
  for (const near of nearest(message, segment)) {
    for (const { image, maps } of images) {
      const known = maps.find((map) => map.startsWith(`${near}.`)) ?? ''
      const type = rules.segments.get(known)?.type
      if (type === undefined) continue
      return { message: name, image, maps, type, map: near === segment ? known : `${segment}.${type}` }
    }
  }
  return undefined
}

/** The segment itself, then those before its first place, the nearest first. */
function nearest(message: Message, segment: string): readonly string[] {
  const names = message.segments.map(({ name }) => name)
  const before = names.slice(1, names.indexOf(segment)).toReversed()
  return [...new Set([segment, ...before])]
}

/** An overlay names images by key or use: one of several of that name cannot be meant. */
function isAlone(image: ImageRule | SharedImage, all: readonly (ImageRule | SharedImage)[]): boolean {
  return all.filter((one) => nameOf(one) === nameOf(image)).length === 1
}

export function nameOf(image: ImageRule | SharedImage): string {
  return 'use' in image ? (image.key ?? image.use) : image.key
}

function sharedBy(rules: RuleFiles, image: ImageRule | SharedImage): ImageRule | undefined {
  return 'use' in image ? rules.images.get(image.use) : undefined
}
