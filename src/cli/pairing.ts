import type { Define } from "./context.ts";
import { printRecord } from "./record.ts";

/** `hermes pairing list|approve|revoke`. */
export const define: Define = (command, context) => {
  command
    .command("list")
    .description("codes that wait for approval")
    .action(() => printRecord(context, "pairing.list"));
  command
    .command("approve <code>")
    .description("let the owner of a code in")
    .action((code: string) => printRecord(context, "pairing.approve", [code]));
  command
    .command("revoke <person>")
    .description("take a person's access away again; `hermes people list` has their ids")
    .action((person: string) => printRecord(context, "pairing.revoke", [person]));
};
