import { asFailure } from "../../core/failures.ts";
import { redact } from "../../core/redact.ts";
import { type Check, type CheckInput, type CheckResult, fail } from "./check.ts";

/** Results of one part, under the id that names it. */
export interface Looked {
  readonly check: Check;
  readonly results: readonly CheckResult[];
}

/** Looks at all parts side by side, each in its own time, and tells of them in their order as soon as it is their turn. */
export async function lookAtAll(
  checks: readonly Check[],
  input: CheckInput,
  tell: (looked: Looked) => void,
): Promise<readonly Looked[]> {
  const first = checks.map((check) => (check.last === true ? null : look(check, input)));
  // They share this machine with what is measured.
  const before = Promise.all(first);
  const all = checks.map((check, index) => first[index] ?? before.then(async () => await look(check, input)));
  const looked: Looked[] = [];
  for (const each of all) {
    const found = await each;
    looked.push(found);
    tell(found);
  }
  return looked;
}

/** One part; what it throws is its finding, and silence is one too. */
async function look(check: Check, input: CheckInput): Promise<Looked> {
  const late = Promise.withResolvers<readonly CheckResult[]>();
  const timer = setTimeout(() => {
    const text = `Not found out within ${check.withinMs / 1_000} s.`;
    late.resolve([fail(check.id, text, "Try again; if that is so again, see the service's log.")]);
  }, check.withinMs);
  try {
    const results = await Promise.race([check.run(input), late.promise]).catch(faultOf(check));
    return { check, results: results.map(clean) };
  } finally {
    clearTimeout(timer);
  }
}

function faultOf(check: Check): (thrown: unknown) => readonly CheckResult[] {
  return (thrown) => {
    const { message, advice } = asFailure(thrown);
    return [fail(check.id, message, advice ?? "")];
  };
}

/** Whatever a server says, no secret is printed, and no line is broken by it. */
export function plain(text: string): string {
  return redact(text).replaceAll(/\p{Cc}+/gu, " ");
}

function clean(result: CheckResult): CheckResult {
  return { ...result, text: plain(result.text), mend: plain(result.mend) };
}
