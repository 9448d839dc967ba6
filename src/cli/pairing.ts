import type { Define } from "./context.ts";
import { printRecord } from "./record.ts";

/** `hermes pairing list|approve|revoke`. */
export const define: Define = (command, context) => {
  command
    .command("list")
    .description("codes that wait for approval")
    .action(() => printRecord(context, "pairing.list"));
  command
    .command("approve <code> [role]")
    .description("let the owner of a code in, as owner, admin or member; the first person becomes the owner")
    .action((code: string, role?: string) => printRecord(context, "pairing.approve", role === undefined ? [code] : [code, role]));
  command
    .command("revoke <code>")
    .description("take a code back, so that it lets nobody in")
    .action((code: string) => printRecord(context, "pairing.revoke", [code]));
};
