import { runInThisContext } from 'node:vm'

import { evaluate } from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { expect, it } from 'vitest'

import type { JsonValue } from '../../kernel/json.ts'
import { RUNTIME, RUNTIME_NAMES } from '../compiled.ts'
import { compilePath } from '../generate/compile-path.ts'
import { collectionOf, type Compiled } from '../generate/compiled-expression.ts'
import { readCorrections } from '../generate/corrections.ts'
import { parseFhirPath } from '../generate/fhirpath-parser.ts'
import { modelOf } from '../generate/model.ts'
import { definitionsFolder, readSpecification } from '../generate/specification.ts'
import { loadDefinitions } from '../load-definitions.ts'
import { itemsAt } from './typed-path.ts'
import { createWalk } from './walk.ts'

const model = modelOf(readSpecification(definitionsFolder(), readCorrections()))
const table = loadDefinitions().elements()

const PATIENT = {
  resourceType: 'Patient',
  id: 'p',
  active: true,
  gender: 'male',
  birthDate: '1974-12-25',
  deceasedDateTime: '2015-02-14T13:42:00+10:00',
  multipleBirthInteger: 3,
  name: [
    { use: 'official', family: 'Chalmers', given: ['Peter', 'James'] },
    { use: 'usual', given: ['Jim'] },
    { use: 'maiden', family: 'Windsor', given: ['Peter', 'James'] },
  ],
  contact: [{ name: { family: 'Marché' } }],
}

/** Every function of FHIRPath N1 and of R4's own that needs no terminology, by group of chapter 5. */
const EXPRESSIONS = `
name.empty(); {}.empty(); link.empty()
name.exists(); name.exists(use = 'usual'); link.exists()
name.all(given.exists()); name.all(family.exists()); link.all(false)
(true | false).allTrue(); {}.allTrue(); (true | false).anyTrue(); (true | false).allFalse(); (true | false).anyFalse()
name.given.subsetOf(name.given); name.given.supersetOf('Jim'); ('a' | 'b').subsetOf('a')
name.count(); name.given.distinct(); name.given.isDistinct(); name.use.isDistinct()
name.where(use = 'usual').given; name.where($index = 1).given; name.select(given.first()); name.select($index); name.given.select($this.length())
name.repeat(given); name.ofType(HumanName).use; children().ofType(HumanName).use
name[1].given; name.given.first(); name.given.last(); name.given.tail(); name.given.skip(2); name.given.take(2); name.given.take(0)
contact.single().name.family; name.given.intersect('Jim' | 'Peter'); name.given.exclude('Peter')
name.use.union('usual'); name.use.combine('usual')
iif(active, 'a', 'b'); iif(name.count() > 9, 'a'); iif({}, 'a', 'b')
'true'.toBoolean(); 'T'.toBoolean(); 'x'.toBoolean(); 1.toBoolean(); 0.0.toBoolean(); 2.toBoolean(); 'y'.convertsToBoolean(); 'maybe'.convertsToBoolean(); {}.convertsToBoolean()
'12'.toInteger(); '+12'.toInteger(); '1.5'.toInteger(); true.toInteger(); 'a'.convertsToInteger(); '-3'.convertsToInteger()
'1.5'.toDecimal(); 2.toDecimal(); false.toDecimal(); 'x'.toDecimal(); '1.5'.convertsToDecimal(); '1e3'.convertsToDecimal()
'2015'.toDate(); '2015-02'.toDate(); '2015-02-04'.toDate(); 'x'.toDate(); 1.toDate(); {}.toDate(); birthDate.toDate(); '2015-02-04'.convertsToDate(); '04.02.2015'.convertsToDate()
'2015'.toDateTime(); '2015-02-04T14'.toDateTime(); '2015-02-04T14:34:28Z'.toDateTime(); '2015-02-04T14:34:28.123+10:00'.toDateTime(); 'x'.toDateTime(); birthDate.toDateTime(); '2015-02-04T14:34'.convertsToDateTime(); '14:34'.convertsToDateTime()
'14'.toTime(); '14:34'.toTime(); '14:34:28.123'.toTime(); '25:00'.toTime(); '14:34'.convertsToTime(); 'x'.convertsToTime(); 1.convertsToTime()
'1'.toQuantity(); '1.5 \\'mg\\''.toQuantity(); '1 wk'.toQuantity(); 1.toQuantity(); true.toQuantity(); 'x'.toQuantity(); {}.toQuantity(); '1 \\'kg\\''.toQuantity('g'); '1 \\'kg\\''.toQuantity('m')
'1 day'.convertsToQuantity(); '1 wk'.convertsToQuantity(); 1.5.convertsToQuantity()
1.toString(); true.toString(); 'a'.toString(); 1.convertsToString(); (1 'mg').toString()
'abcdefg'.indexOf('bc'); 'abcdefg'.indexOf('x'); 'abcdefg'.indexOf(''); {}.indexOf('a')
'abcdefg'.substring(3); 'abcdefg'.substring(1, 2); 'abcdefg'.substring(6, 2); 'abcdefg'.substring(7); 'abcdefg'.substring(-1)
'abc'.startsWith('ab'); 'abc'.startsWith(''); 'abc'.endsWith('bc'); 'abc'.contains('b'); 'abc'.contains('')
'aBc'.upper(); 'aBc'.lower(); 'abcdefg'.replace('cde', '123'); 'abc'.replace('', 'x'); 'abcdefg'.replace('x', '1')
'abc'.matches('^[a-z]+$'); 'abc'.matches('b'); '11/30/1972'.replaceMatches('(\\\\d+)/(\\\\d+)/(\\\\d+)', '$2-$1-$3')
'abc'.length(); ''.length(); {}.length(); 'abc'.toChars(); ''.toChars(); {}.toChars()
(-5).abs(); (-5.5).abs(); 5.abs(); 1.ceiling(); 1.1.ceiling(); (-1.1).ceiling(); 2.1.floor(); (-2.1).floor()
0.exp(); (-0.0).exp(); {}.exp(); 1.ln(); 1.0.ln(); {}.ln(); 16.log(2); 100.0.log(10.0); {}.log(2)
2.power(3); 2.5.power(2); (-1).power(0.5); 2.power(-1); 1.round(); 3.14159.round(3); 2.5.round(); 81.sqrt(); (-1).sqrt(); 101.truncate(); 1.56.truncate(); (-1.56).truncate()
name[0].children(); name.descendants().count(); name.given.trace('x')
(1 | 2 | 3).aggregate($this + $total, 0); (1 | 2 | 3).aggregate(iif($total.empty(), $this, iif($this > $total, $this, $total))); (5 | 6).aggregate($total + $index, 0)
name.extension('http://example.org/x'); active.hasValue(); name.hasValue(); gender.getValue(); name.getValue()
gender is code; gender is string; gender.as(code); gender.as(id); birthDate is date; deceased is dateTime; deceased is Period; name.first() is HumanName; multipleBirth is integer
name.first() is Element; gender is Element; Patient is Resource; Patient is DomainResource; Patient is Element; $this.ofType(DomainResource).id
contact.first() is BackboneElement; name.first() is BackboneElement; contact.ofType(BackboneElement).name.family; name.first() is Resource
%ucum
1 in (1 | 2); (1 | 2) contains 3; {} in (1 | 2); true and {}; false and {}; true or {}; false implies {}; {} implies true; true xor false; {} xor true
'a' & {}; 'a' + 'b'; 'a' + {}; 1 / 2; 7 div 2; 7 mod 2; 1 / 0; 1 div 0; 1 - 2; -(3)
'a' ~ 'A'; 'a' !~ 'b'; {} ~ {}; 'a' = 'A'; (1 | 2) = (2 | 1); {} = {}; 1 != 2
`
  .split(/[;\n]/)
  .map((each) => each.trim())
  .filter((each) => each !== '')

it.each(EXPRESSIONS)('%s is what fhirpath.js makes of it, compiled and walked', (expression) => {
  const expected = (evaluate(PATIENT, expression, { resource: PATIENT }, r4) as readonly unknown[]).map(told)
  expect(compiled(expression).map(told)).toEqual(expected)
  expect(walked(expression).map(told)).toEqual(expected)
})

// Where fhirpath.js has no answer, or another one than FHIRPath N1 and R4 ("FHIRPath", variables).
it.each<[string, readonly JsonValue[]]>([
  ['name.given.skip(-1).count()', [5]],
  ['deceased.toDate()', ['2015-02-14']],
  ["'4 days'.toQuantity() = 4 'd'", [true]],
  ["'1 \\'kg\\''.convertsToQuantity('g')", [true]],
  ["'1 \\'kg\\''.convertsToQuantity('m')", [false]],
  ["'30 \\'Cel\\''.toQuantity('[degF]').value", [86]],
  ['(1 | 2) ~ (2 | 1)', [true]],
  ['gender.ofType(string)', []],
  ['@2020 is Date', [true]],
  ['@2020-01-01T10:00:00Z is DateTime', [true]],
  ['@T10:00 is Time', [true]],
  ['1.0 is Decimal', [true]],
  ['timeOfDay().convertsToTime()', [true]],
  ['%sct', ['http://snomed.info/sct']],
  ['%loinc', ['http://loinc.org']],
  ['%`vs-administrative-gender`', ['http://hl7.org/fhir/ValueSet/administrative-gender']],
  ["%'ext-patient-birthTime'", ['http://hl7.org/fhir/StructureDefinition/patient-birthTime']],
])('%s is %s', (expression, expected) => {
  expect(compiled(expression)).toEqual(expected)
  expect(walked(expression)).toEqual(expected)
})

function told(value: unknown): unknown {
  if (typeof value === 'number') return Number(value.toPrecision(12))
  const { unit, code, value: amount, system } = value as Record<string, unknown>
  if (typeof value !== 'object' || typeof amount !== 'number') return value
  return `${String(amount)} ${system === undefined ? String(unit) : `'${String(code)}'`}`
}

function compiled(expression: string): readonly JsonValue[] {
  const focus: Compiled = { kind: 'path', parts: [{ type: 'Patient', js: '[o]', item: 'o', there: 'true' }] }
  const variables = { resource: focus, rootResource: focus, context: focus }
  const js = collectionOf(
    compilePath(parseFhirPath(expression), { model, focus, root: 'Patient', variables }),
  )
  const run = runInThisContext(`(o, ROOT, ${RUNTIME_NAMES.join(', ')}) => ${js}`) as (
    ...args: unknown[]
  ) => readonly JsonValue[]
  return run(PATIENT, PATIENT, ...RUNTIME_NAMES.map((name) => (RUNTIME as Record<string, unknown>)[name]))
}

function walked(expression: string): readonly JsonValue[] {
  const root = { table, type: 'Patient', resource: PATIENT, walk: createWalk(100_000) }
  return itemsAt(parseFhirPath(expression), root).map(({ value }) => value)
}
