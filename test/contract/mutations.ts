import fc from "fast-check";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What has no business where it is put. */
const junk = fc.constantFrom<Json | undefined>(
  undefined,
  null,
  true,
  -1,
  0.5,
  1e308,
  "",
  "\0\u202e",
  "x".repeat(70_000),
  [],
  [null, [[]]],
  {},
  { __proto__x: { id: null } },
);

/** Something that is told, and as what. */
export interface Told {
  readonly as: string;
  readonly body: object;
}

/** One of these with up to three values of its body, at any depth, replaced by junk or left out. */
export function mutated(payloads: readonly Told[]): fc.Arbitrary<Told> {
  return fc
    .record({
      payload: fc.constantFrom(...payloads),
      strikes: fc.array(fc.record({ at: fc.nat(1_000), by: junk }), { minLength: 1, maxLength: 3 }),
    })
    .map(({ payload, strikes }) => {
      const { as, body } = structuredClone(payload);
      for (const { at, by } of strikes) strike(body, at, structuredClone(by));
      return { as, body };
    });
}

function strike(target: unknown, at: number, by: Json | undefined): void {
  const places: (() => void)[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      places.push(() => {
        if (by === undefined) Reflect.deleteProperty(value, key);
        else Reflect.set(value, key, by);
      });
      walk(Reflect.get(value, key));
    }
  };
  walk(target);
  places[at % Math.max(1, places.length)]?.();
}
