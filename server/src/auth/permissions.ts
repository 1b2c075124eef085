/**
 * The one permission table: seven roles, all 146 resource types, and the commands below `/api`. Server and console read it, so it is
 * pure data without imports. What a role may do with a type says nothing about whose records: see `constraintFor` in `authorise.ts`.
 */
export const ROLES = [
  'doctor',
  'nurse',
  'receptionist',
  'lab-technician',
  'pharmacist',
  'billing',
  'administrator',
] as const
export type Role = (typeof ROLES)[number]

export const INTERACTIONS = ['read', 'search', 'create', 'update', 'delete'] as const
export type Interaction = (typeof INTERACTIONS)[number]

/** Commands below `/api` and who may use them. */
const COMMANDS = {
  'ward.read': ['doctor', 'nurse', 'administrator'],
  'alarms.acknowledge': ['doctor', 'nurse'],
  'chart.read': ['doctor', 'nurse', 'lab-technician', 'pharmacist', 'administrator'],
  'trace.read': ['doctor', 'nurse', 'lab-technician', 'pharmacist', 'administrator'],
  'messages.read': ['lab-technician', 'administrator'],
  'messages.replay': ['administrator'],
  'feeds.manage': ['administrator'],
  'worklist.read': ['receptionist', 'nurse', 'administrator'],
  'worklist.resolve': ['receptionist', 'administrator'],
  'devices.read': ['doctor', 'nurse', 'administrator'],
  'devices.manage': ['nurse', 'administrator'],
  'audit.read': ['administrator'],
  'accounts.manage': ['administrator'],
  'search-keys.rebuild': ['administrator'],
  'system.read': ['administrator'],
} as const satisfies Readonly<Record<string, readonly Role[]>>
export type Command = keyof typeof COMMANDS

/** Types that are used by the same people in the same way. Every R4 type stands in exactly one group. */
const GROUPS = {
  demographics: 'Patient Person RelatedPerson',
  coverage:
    'Coverage CoverageEligibilityRequest CoverageEligibilityResponse EnrollmentRequest EnrollmentResponse InsurancePlan',
  visits: 'Encounter EpisodeOfCare',
  scheduling: 'Appointment AppointmentResponse Schedule Slot',
  problems: 'Condition Procedure',
  care:
    'AdverseEvent AllergyIntolerance BodyStructure CarePlan CareTeam ClinicalImpression Composition DeviceUseStatement ' +
    'FamilyMemberHistory Goal GuidanceResponse Immunization ImmunizationEvaluation ImmunizationRecommendation Linkage List RiskAssessment',
  alerts: 'DetectedIssue Flag',
  orders: 'DeviceRequest NutritionOrder RequestGroup ServiceRequest',
  results: 'DiagnosticReport ImagingStudy MolecularSequence Observation',
  specimens: 'BiologicallyDerivedProduct Specimen',
  prescriptions: 'MedicationRequest VisionPrescription',
  dispensing: 'MedicationDispense SupplyDelivery SupplyRequest',
  administration: 'MedicationAdministration MedicationStatement',
  documents: 'Binary DocumentManifest DocumentReference Media',
  surveys: 'Questionnaire QuestionnaireResponse',
  communication: 'Communication CommunicationRequest Task',
  consent: 'Consent Contract',
  billing:
    'Account ChargeItem Claim ClaimResponse ExplanationOfBenefit Invoice PaymentNotice PaymentReconciliation',
  devices: 'Device DeviceMetric',
  research: 'Group MeasureReport ResearchStudy ResearchSubject',
  directory:
    'Endpoint HealthcareService Organization OrganizationAffiliation Practitioner PractitionerRole VerificationResult',
  places: 'Location',
  formulary: 'Medication MedicationKnowledge',
  catalogue:
    'CatalogEntry ChargeItemDefinition DeviceDefinition MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication ' +
    'MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged ' +
    'MedicinalProductPharmaceutical MedicinalProductUndesirableEffect ObservationDefinition SpecimenDefinition Substance SubstanceNucleicAcid ' +
    'SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification',
  knowledge:
    'ActivityDefinition CapabilityStatement CodeSystem CompartmentDefinition ConceptMap EffectEvidenceSynthesis EventDefinition Evidence ' +
    'EvidenceVariable ExampleScenario GraphDefinition ImplementationGuide Library Measure MessageDefinition NamingSystem OperationDefinition ' +
    'PlanDefinition ResearchDefinition ResearchElementDefinition RiskEvidenceSynthesis SearchParameter StructureDefinition StructureMap ' +
    'TerminologyCapabilities TestScript ValueSet',
  provenance: 'Provenance',
  audit: 'AuditEvent',
  exchange: 'Basic Bundle MessageHeader OperationOutcome Parameters Subscription TestReport',
} as const
type Group = keyof typeof GROUPS

/** Letters of SMART v2: create, read, update, delete, search. */
type Rights = '' | 'rs' | 'rsc' | 'rsu' | 'rscu' | 'rscud'

type Row<Roles extends readonly Role[]> = { readonly [Column in keyof Roles]: Rights }

/** Columns in the order of `ROLES`. Deleting is for the administrator; slots and bookings are also deleted at the desk. */
const TABLE: Readonly<Record<Group, Row<typeof ROLES>>> = {
  demographics: ['rs', 'rscu', 'rscu', 'rs', 'rs', 'rs', 'rscud'],
  coverage: ['rs', 'rs', 'rscu', '', 'rs', 'rscu', 'rscud'],
  visits: ['rscu', 'rscu', 'rscu', 'rs', 'rs', 'rs', 'rscud'],
  scheduling: ['rscu', 'rscu', 'rscud', '', '', 'rs', 'rscud'],
  problems: ['rscu', 'rscu', '', 'rs', 'rs', 'rs', 'rscud'],
  care: ['rscu', 'rscu', '', 'rs', 'rs', '', 'rscud'],
  alerts: ['rscu', 'rscu', '', 'rs', 'rscu', '', 'rscud'],
  orders: ['rscu', 'rscu', 'rs', 'rscu', 'rs', 'rs', 'rscud'],
  results: ['rscu', 'rscu', '', 'rscu', 'rs', '', 'rscud'],
  specimens: ['rscu', 'rscu', '', 'rscu', '', '', 'rscud'],
  prescriptions: ['rscu', 'rs', '', '', 'rscu', 'rs', 'rscud'],
  dispensing: ['rs', 'rsc', '', '', 'rscu', 'rs', 'rscud'],
  administration: ['rscu', 'rscu', '', '', 'rs', '', 'rscud'],
  documents: ['rscu', 'rscu', 'rsc', 'rsc', 'rs', 'rs', 'rscud'],
  surveys: ['rscu', 'rscu', 'rsc', '', '', '', 'rscud'],
  communication: ['rscu', 'rscu', 'rscu', 'rscu', 'rscu', 'rscu', 'rscud'],
  consent: ['rscu', 'rscu', 'rscu', '', '', 'rs', 'rscud'],
  billing: ['', '', 'rscu', '', '', 'rscu', 'rscud'],
  devices: ['rs', 'rscu', '', 'rs', '', '', 'rscud'],
  research: ['rscu', 'rs', '', '', '', '', 'rscud'],
  directory: ['rs', 'rs', 'rs', 'rs', 'rs', 'rs', 'rscud'],
  places: ['rs', 'rsu', 'rsu', 'rs', 'rs', 'rs', 'rscud'],
  formulary: ['rs', 'rs', 'rs', 'rs', 'rscu', 'rs', 'rscud'],
  catalogue: ['rs', 'rs', 'rs', 'rs', 'rs', 'rs', 'rscud'],
  knowledge: ['rs', 'rs', 'rs', 'rs', 'rs', 'rs', 'rscud'],
  provenance: ['rsc', 'rsc', '', 'rsc', 'rsc', '', 'rscud'],
  // Nobody changes or removes what was audited. Other systems may hand in their own events (IHE RESTful ATNA).
  audit: ['rs', '', '', '', '', '', 'rsc'],
  exchange: ['rs', '', '', '', '', '', 'rscud'],
}

/** Groups whose content belongs to the whole hospital group: no facility and no patient limits them. */
const SHARED: ReadonlySet<Group> = new Set<Group>([
  'directory',
  'places',
  'formulary',
  'catalogue',
  'knowledge',
])

/** An interaction as the letter of the table and of SMART v2 scopes. */
export const LETTER: Readonly<Record<Interaction, string>> = {
  create: 'c',
  read: 'r',
  update: 'u',
  delete: 'd',
  search: 's',
}

const groupOfType: ReadonlyMap<string, Group> = new Map(
  Object.entries(GROUPS).flatMap(([group, types]) => types.split(' ').map((type) => [type, group as Group])),
)

/** The 146 resource types of the table. */
export const RESOURCE_TYPES: readonly string[] = [...groupOfType.keys()].toSorted()

/** Whether one of the roles may do this with resources of `type`; never for what is no R4 type. */
export function may(roles: readonly Role[], interaction: Interaction, type: string): boolean {
  const group = groupOfType.get(type)
  if (group === undefined) return false
  const letter = LETTER[interaction]
  return roles.some((role) => TABLE[group][ROLES.indexOf(role)]?.includes(letter))
}

/** Whether one of the roles may use the command. */
export function mayUse(roles: readonly Role[], command: Command): boolean {
  const allowed: readonly Role[] = COMMANDS[command]
  return roles.some((role) => allowed.includes(role))
}

/** The commands that the roles may use, for menus. */
export function commandsOf(roles: readonly Role[]): readonly Command[] {
  return (Object.keys(COMMANDS) as Command[]).filter((command) => mayUse(roles, command))
}

/** Whether resources of the type belong to the whole hospital group: terminology, directory, catalogues. */
export function isShared(type: string): boolean {
  const group = groupOfType.get(type)
  return group !== undefined && SHARED.has(group)
}
