import { command } from "./command.ts";
import { grantLines } from "./grants.ts";

export const approvals = command({
  name: "approvals",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, ports, person }) {
    const [word = "", which = ""] = args.toLowerCase().split(/\s+/);
    if (word === "revoke" && which === "all")
      return said(await ports.revokeGrants(null), "Nothing was allowed to you for longer.");
    const number = /^#?(\d{1,9})$/.exec(word === "revoke" ? which : "")?.[1];
    if (number !== undefined)
      return said(
        await ports.revokeGrants(Number(number)),
        `There is no number ${number} for you to take back. /approvals lists them.`,
      );
    if (args !== "") return usage;
    const grants = await ports.grants();
    if (grants.length === 0) return "Nothing is allowed for longer than once here: I ask each time.";
    return ["Without asking I may run what", "", ...grantLines(grants, person.id).map((line) => `- ${line}`), "", usage].join(
      "\n",
    );
  },
});

const usage = "`/approvals revoke NUMBER` takes one back, `/approvals revoke all` all of yours. Then I ask again.";

function said(count: number, none: string): string {
  if (count === 0) return none;
  return count === 1 ? "Taken back. I ask again from now on." : `All ${count} are taken back. I ask again from now on.`;
}
