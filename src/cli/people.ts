import type { Define } from "./context.ts";
import { printRecord } from "./record.ts";

/** `hermes people list`. */
export const define: Define = (command, context) => {
  command
    .command("list")
    .description("everyone the agent knows, with their roles and accounts")
    .action(() => printRecord(context, "people.list"));
};
