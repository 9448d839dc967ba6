import { z } from "zod";
import { type Person, roles } from "../../core/chats.ts";
import type { Db } from "../../store/hold.ts";
import { dropInvitation, openInvitations } from "../../store/invitations.ts";
import { changePerson, listPairings, listPeople, takePairing } from "../../store/people.ts";
import { personNamed } from "./person.ts";

interface Reply {
  readonly ok: boolean;
  readonly text: string;
}

const who = z.string().min(1);
/** What `hermes people` asks the record; `who` is a name or an account. */
const requests = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("list") }),
  z.strictObject({ do: z.literal("show"), who }),
  z.strictObject({ do: z.literal("role"), who, role: z.string() }),
  z.strictObject({ do: z.literal("rename"), who, name: z.string() }),
]);
export type PeopleRequest = z.input<typeof requests>;

/** Runs one `hermes people` command; its answer is JSON, or what was wrong. */
export async function peopleControl(db: Db, args: readonly string[]): Promise<Reply> {
  try {
    return { ok: true, text: JSON.stringify(await done(db, requests.parse(JSON.parse(args[0] ?? "")))) };
  } catch (error) {
    if (error instanceof z.ZodError) return { ok: false, text: "The running service does not know this command. Restart it." };
    return { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}

/** The codes that wait, and those that were given out, for `hermes pairing list`. */
export async function pairingList(db: Db): Promise<Reply> {
  const open = (await listPairings(db)).map(({ code, account }) => {
    return { code, platform: account.platform, account: account.id, name: account.name };
  });
  const invited = (await openInvitations(db)).map(({ code, role }) => {
    return { code, platform: "any", account: "", name: `whoever shows it to the bot, as ${role}` };
  });
  return { ok: true, text: JSON.stringify([...open, ...invited]) };
}

/** Takes a code back, for `hermes pairing revoke`. */
export async function pairingRevoke(db: Db, code: string): Promise<Reply> {
  const wanted = code.trim().toUpperCase();
  const taken = await takePairing(db, wanted);
  if (taken === null && (await dropInvitation(db, wanted))) return { ok: true, text: "The invitation is gone." };
  return taken
    ? { ok: true, text: `The request of ${taken.account.name} is gone.` }
    : { ok: false, text: `There is no open request with the code "${code}". See: hermes pairing list` };
}

async function done(db: Db, asked: z.output<typeof requests>): Promise<unknown> {
  if (asked.do === "list") return (await listPeople(db)).map(shown);
  const person = await personNamed(db, asked.who);
  switch (asked.do) {
    case "show":
      return shown(person);
    case "role":
      return shown({ ...person, role: await roleGiven(db, person, asked.role) });
    case "rename": {
      const name = asked.name.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
      if (name === "" || name.length > longestName) throw new Error(`A name has 1 to ${longestName} characters.`);
      await changePerson(db, person.id, { name });
      return shown({ ...person, name });
    }
  }
}

const longestName = 60;

async function roleGiven(db: Db, person: Person, wanted: string): Promise<Person["role"]> {
  const role = roles.find((each) => each === wanted.toLowerCase());
  if (role === undefined) throw new Error(`"${wanted}" is not a role. Use one of: ${roles.join(", ")}`);
  if (!(await changePerson(db, person.id, { role })))
    throw new Error(`${person.name} is the only owner. Make somebody else one first: hermes people role NAME owner`);
  return role;
}

function shown({ id, name, role, accounts }: Person & { readonly accounts: readonly string[] }) {
  return { id, name, role, accounts };
}
