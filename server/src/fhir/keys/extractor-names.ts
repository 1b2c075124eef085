/** Which extractor of the run time reads which data type, by parameter type. A pair that is not listed can not be read. */
export const EXTRACTOR_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  token: {
    ...same('TOKEN.code', [
      'code',
      'boolean',
      'string',
      'id',
      'uri',
      'url',
      'canonical',
      'oid',
      'uuid',
      'integer',
      'positiveInt',
    ]),
    ...own('TOKEN', ['Coding', 'CodeableConcept', 'Identifier', 'ContactPoint']),
    ...same('PRESENT', [
      'date',
      'dateTime',
      'Age',
      'Range',
      'Period',
      'Reference',
      'Quantity',
      'BackboneElement',
      'Extension',
    ]),
  },
  reference: {
    ...own('REFERENCE', ['Reference', 'canonical']),
    ...same('REFERENCE.canonical', ['uri', 'url', 'oid', 'uuid']),
    Resource: 'REFERENCE.Resource',
    Attachment: 'PRESENT',
  },
  uri: { ...same('URI.uri', ['uri', 'url', 'oid', 'uuid']), canonical: 'URI.canonical' },
  string: {
    ...own('TEXT', ['HumanName', 'Address']),
    ...same('TEXT.string', ['string', 'markdown', 'code', 'uri', 'id']),
  },
  date: {
    ...own('DATE', ['Period', 'Timing']),
    ...same('DATE.date', ['date', 'dateTime', 'instant']),
    ...same('PRESENT', ['string', 'Age', 'Range', 'Duration', 'boolean']),
  },
  quantity: {
    ...same('NUMBER.Quantity', ['Quantity', 'Age', 'Duration', 'Distance', 'Count', 'Money']),
    ...own('NUMBER', ['Range']),
    ...same('PRESENT', ['SampledData']),
  },
  number: {
    ...own('NUMBER', ['Range', 'decimal']),
    ...same('NUMBER.decimal', ['integer', 'positiveInt', 'unsignedInt']),
  },
}

function same(extractorName: string, types: readonly string[]): Record<string, string> {
  return Object.fromEntries(types.map((type) => [type, extractorName]))
}

function own(table: string, types: readonly string[]): Record<string, string> {
  return Object.fromEntries(types.map((type) => [type, `${table}.${type}`]))
}
