import type { Person } from "../../core/chats.ts";
import type { Db } from "../../store/hold.ts";
import { listPeople } from "../../store/people.ts";

/** Whom a name, an id or an account means at the command line; nothing at all means the owner. Throws where it is nobody, or several. */
export async function personNamed(db: Db, words: string): Promise<Person & { readonly accounts: readonly string[] }> {
  const people = await listPeople(db);
  const fits = people.filter((person) =>
    words === ""
      ? person.role === "owner"
      : person.id === words || person.accounts.includes(words) || person.name.toLowerCase() === words.toLowerCase(),
  );
  const [first] = fits;
  if (first !== undefined && fits.length === 1) return first;
  if (first === undefined && words === "")
    throw new Error("There is no owner yet. The first person on the local page becomes the owner.");
  if (first === undefined) throw new Error(`Nobody is called "${words}". See: hermes people list`);
  const accounts = fits.map(({ accounts: own, name }) => own[0] ?? name).join(", ");
  throw new Error(`That could be several people: ${accounts}. Say which by the account.`);
}
