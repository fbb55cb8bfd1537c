/** Columns whose heading says that what is below it is personal. English and Spanish. */
import type { PersonalKind } from './span.ts';

const HEADINGS: readonly (readonly [RegExp, PersonalKind])[] = [
  [/^(e ?mail|e ?mail ?address|correo|correo ?electronico|mail)$/, 'email'],
  [/^(iban|account ?(number|no)|bank ?account|cuenta|cuenta ?bancaria|numero ?de ?cuenta)$/, 'iban'],
  [/^(card|card ?number|credit ?card|tarjeta|numero ?de ?tarjeta)$/, 'card'],
  [/^(dni|nie|nif|cif|dni ?nif|documento|documento ?de ?identidad)$/, 'spanish-id'],
  [/^(ssn|social ?security( ?(number|no))?)$/, 'social-security'],
  [/^(ip|ip ?address|direccion ?ip)$/, 'ip-address'],
  [/^(phone|telephone|tel|mobile|cell|fax|phone ?(number|no)|telefono|movil|telefono ?movil)$/, 'phone'],
  [/^(birth ?date|date ?of ?birth|dob|birthday|fecha ?de ?nacimiento|nacimiento)$/, 'birth-date'],
  [/^(address|street|home ?address|postal ?address|direccion|domicilio|calle)$/, 'address'],
  [
    /^((first|last|middle|full|family|given|customer|client|contact|patient|user|employee) ?name|surname|username|nombre|apellidos?|nombre ?(completo|y ?apellidos|(del? )?(cliente|paciente|contacto))|customer|client|patient|employee|cliente|paciente|empleado)$/,
    'name',
  ],
  [
    /^(passport( ?(number|no))?|pasaporte|customer ?id|client ?id|patient ?id|id ?cliente|id ?paciente|numero ?de ?historia)$/,
    'other-id',
  ],
];

/** null where the heading says nothing. A bare `name` may be a product's and says nothing either. */
export function personalColumn(heading: string): PersonalKind | null {
  const plain = heading
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
  return HEADINGS.find(([form]) => form.test(plain))?.[1] ?? null;
}
