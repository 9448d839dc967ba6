import type { Language } from "../core/language.ts";
import { command } from "./command.ts";
import { grantLines } from "./grants.ts";

export const approvals = command({
  name: "approvals",
  aliases: [],
  argument: {},
  role: "member",
  whole: true,
  async run({ args, ports, person, language }) {
    const { approvals: words } = language.replies;
    const [word = "", which = ""] = args.toLowerCase().split(/\s+/);
    if (word === "revoke" && which === "all") return said(await ports.revokeGrants(null), words.nothingOwn, language);
    const number = /^#?(\d{1,9})$/.exec(word === "revoke" ? which : "")?.[1];
    if (number !== undefined) return said(await ports.revokeGrants(Number(number)), words.noNumber(number), language);
    if (args !== "") return words.usage;
    const grants = await ports.grants();
    if (grants.length === 0) return words.none;
    return [words.head, "", ...grantLines(grants, person.id, language).map((line) => `- ${line}`), "", words.usage].join("\n");
  },
});

function said(count: number, none: string, { replies }: Language): string {
  return count === 0 ? none : replies.approvals.takenBack(count);
}
