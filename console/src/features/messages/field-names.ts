/** Names of the fields as HL7 v2.5.1 gives them, in the order of their numbers; empty where the number is withdrawn. */
const NAMES: Readonly<Record<string, string>> = {
  MSH: 'Field Separator|Encoding Characters|Sending Application|Sending Facility|Receiving Application|Receiving Facility|Date/Time of Message|Security|Message Type|Message Control ID|Processing ID|Version ID|Sequence Number|Continuation Pointer|Accept Acknowledgment Type|Application Acknowledgment Type|Country Code|Character Set|Principal Language|Alternate Character Set Handling|Message Profile Identifier',
  EVN: 'Event Type Code|Recorded Date/Time|Date/Time Planned Event|Event Reason Code|Operator ID|Event Occurred|Event Facility',
  PID: 'Set ID|Patient ID|Patient Identifier List|Alternate Patient ID|Patient Name|Mother’s Maiden Name|Date/Time of Birth|Administrative Sex|Patient Alias|Race|Patient Address|County Code|Phone Number – Home|Phone Number – Business|Primary Language|Marital Status|Religion|Patient Account Number|SSN Number|Driver’s License Number|Mother’s Identifier|Ethnic Group|Birth Place|Multiple Birth Indicator|Birth Order|Citizenship|Veterans Military Status|Nationality|Patient Death Date and Time|Patient Death Indicator',
  PD1: 'Living Dependency|Living Arrangement|Patient Primary Facility|Patient Primary Care Provider',
  NK1: 'Set ID|Name|Relationship|Address|Phone Number|Business Phone Number|Contact Role|Start Date|End Date',
  PV1: 'Set ID|Patient Class|Assigned Patient Location|Admission Type|Preadmit Number|Prior Patient Location|Attending Doctor|Referring Doctor|Consulting Doctor|Hospital Service|Temporary Location|Preadmit Test Indicator|Re-admission Indicator|Admit Source|Ambulatory Status|VIP Indicator|Admitting Doctor|Patient Type|Visit Number|Financial Class|Charge Price Indicator|Courtesy Code|Credit Rating|Contract Code|Contract Effective Date|Contract Amount|Contract Period|Interest Code|Transfer to Bad Debt Code|Transfer to Bad Debt Date|Bad Debt Agency Code|Bad Debt Transfer Amount|Bad Debt Recovery Amount|Delete Account Indicator|Delete Account Date|Discharge Disposition|Discharged to Location|Diet Type|Servicing Facility|Bed Status|Account Status|Pending Location|Prior Temporary Location|Admit Date/Time|Discharge Date/Time',
  PV2: 'Prior Pending Location|Accommodation Code|Admit Reason|Transfer Reason',
  ORC: 'Order Control|Placer Order Number|Filler Order Number|Placer Group Number|Order Status|Response Flag|Quantity/Timing|Parent|Date/Time of Transaction|Entered By|Verified By|Ordering Provider|Enterer’s Location|Call Back Phone Number|Order Effective Date/Time',
  OBR: 'Set ID|Placer Order Number|Filler Order Number|Universal Service Identifier|Priority|Requested Date/Time|Observation Date/Time|Observation End Date/Time|Collection Volume|Collector Identifier|Specimen Action Code|Danger Code|Relevant Clinical Information|Specimen Received Date/Time|Specimen Source|Ordering Provider|Order Callback Phone Number|Placer Field 1|Placer Field 2|Filler Field 1|Filler Field 2|Results Report Date/Time|Charge to Practice|Diagnostic Service Section|Result Status|Parent Result|Quantity/Timing|Result Copies To|Parent|Transportation Mode|Reason for Study|Principal Result Interpreter',
  OBX: 'Set ID|Value Type|Observation Identifier|Observation Sub-ID|Observation Value|Units|References Range|Interpretation Codes|Probability|Nature of Abnormal Test|Observation Result Status|Effective Date of Reference Range|User Defined Access Checks|Date/Time of the Observation|Producer’s ID|Responsible Observer|Observation Method|Equipment Instance Identifier|Date/Time of the Analysis',
  NTE: 'Set ID|Source of Comment|Comment|Comment Type',
  SPM: 'Set ID|Specimen ID|Specimen Parent IDs|Specimen Type|Specimen Type Modifier|Specimen Additives|Specimen Collection Method|Specimen Source Site',
  DG1: 'Set ID|Diagnosis Coding Method|Diagnosis Code|Diagnosis Description|Diagnosis Date/Time|Diagnosis Type',
  AL1: 'Set ID|Allergen Type Code|Allergen Code|Allergy Severity Code|Allergy Reaction Code|Identification Date',
  MRG: 'Prior Patient Identifier List|Prior Alternate Patient ID|Prior Patient Account Number|Prior Patient ID|Prior Visit Number|Prior Alternate Visit ID|Prior Patient Name',
  IN1: 'Set ID|Health Plan ID|Insurance Company ID|Insurance Company Name',
}

const POSITION = /^([A-Z][A-Z\d]{2})(?:\[\d+\])?-(\d+)/

/** The name of a field: `Patient Name` for `PID-5`; empty when the standard that we hold names none (Z segments). */
export function fieldName(position: string): string {
  const [, segment = '', number = ''] = POSITION.exec(position) ?? []
  return NAMES[segment]?.split('|')[Number(number) - 1] ?? ''
}
