import { z } from "zod";
import type { Define } from "./context.ts";
import { askData, printRecord } from "./record.ts";
import { table } from "./table.ts";

const codes = z.array(z.object({ code: z.string(), platform: z.string(), account: z.string(), name: z.string() }));

/** `hermes pairing list|approve|revoke`. */
export const define: Define = (command, context) => {
  command
    .command("list")
    .description("codes that wait for approval, and open invitations")
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const open = await askData(context, { command: "pairing.list", args: [] }, codes);
      if (open === null) return;
      if (json === true) return context.print(JSON.stringify(open, null, 2));
      if (open.length === 0) return context.print("Nobody is waiting to be let in.");
      const rows = open.map(({ code, platform, account, name }) => [
        code,
        platform,
        account === "" ? name : `${name} (${account})`,
      ]);
      for (const line of table(columns, rows)) context.print(line);
      // An invitation has no account yet, and nobody to approve.
      if (open.some(({ account }) => account !== "")) context.print("\nLet one in with: hermes pairing approve CODE");
    });
  command
    .command("approve <code> [role]")
    .description("let the owner of a code in, as owner, admin or member; the first person becomes the owner")
    .action((code: string, role?: string) => printRecord(context, "pairing.approve", role === undefined ? [code] : [code, role]));
  command
    .command("revoke <code>")
    .description("take a code back, so that it lets nobody in")
    .action((code: string) => printRecord(context, "pairing.revoke", [code]));
};

const columns = [{ head: "CODE" }, { head: "PLATFORM" }, { head: "WHO", flexible: true }];
