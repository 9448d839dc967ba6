import { z } from "zod";
import { unhiddenLine } from "../core/markdown.ts";
import type { PeopleRequest } from "../gateway/control/people.ts";
import type { Context, Define } from "./context.ts";
import { askData } from "./record.ts";
import { table } from "./table.ts";

const person = z.object({ id: z.string(), name: z.string(), role: z.string(), accounts: z.array(z.string()) });
type Person = z.output<typeof person>;

interface Form {
  readonly json?: boolean;
}

/** `hermes people list|show|role|rename`. */
export const define: Define = (command, context) => {
  const one = (usage: string, about: string) => command.command(usage).description(about).option("--json", "as JSON");
  one("list", "everyone the agent knows, with their roles and accounts").action(async ({ json }: Form) => {
    const all = await asked(context, { do: "list" }, z.array(person));
    if (all === null) return;
    if (json === true) return context.print(JSON.stringify(all, null, 2));
    if (all.length === 0) return context.print("Nobody is in yet. The first person on the local page becomes the owner.");
    for (const line of table(
      columns,
      all.map(({ role, name, accounts }) => [role, name, accounts.join(", ")]),
    ))
      context.print(line);
  });
  one("show <who>", "one of them, by the name or an account").action(async (who: string, { json }: Form) => {
    show(context, await asked(context, { do: "show", who }, person), json);
  });
  one("role <who> <role>", "what somebody may do: owner, admin, member, or guest, who may not use the agent").action(
    async (who: string, role: string, { json }: Form) => {
      show(context, await asked(context, { do: "role", who, role }, person), json);
    },
  );
  one("rename <who> <name>", "what somebody is called").action(async (who: string, name: string, { json }: Form) => {
    show(context, await asked(context, { do: "rename", who, name }, person), json);
  });
};

const columns = [{ head: "ROLE" }, { head: "NAME", flexible: true }, { head: "ACCOUNTS", flexible: true }];

/** Whoever wants to be let in chooses their name: nothing of it may draw on a terminal. */
function show(context: Context, found: Person | null, json: boolean | undefined): void {
  if (found === null) return;
  if (json === true) return context.print(JSON.stringify(found, null, 2));
  context.print(`${unhiddenLine(found.name)}, ${found.role}`);
  for (const account of found.accounts) context.print(`  ${unhiddenLine(account)}`);
}

async function asked<T>(context: Context, request: PeopleRequest, form: z.ZodType<T>): Promise<T | null> {
  return await askData(context, { command: "people", args: [JSON.stringify(request)] }, form);
}
