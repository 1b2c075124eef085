/** The one permission table, read by the server and by the console. Filled in by the seven roles of DESIGN, section 1. */
export type Role =
  | 'doctor'
  | 'nurse'
  | 'receptionist'
  | 'lab-technician'
  | 'pharmacist'
  | 'billing'
  | 'administrator'
export type Interaction = 'read' | 'search' | 'create' | 'update' | 'delete'
