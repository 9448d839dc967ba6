import type { Define } from "./context.ts";
import { serve } from "./serve.ts";

/** `hermes start`. */
export const define: Define = (command, context) => {
  command.option("--quiet", "print nothing; the log is in logs/ in the home");
  command.action(({ quiet = false }: { readonly quiet?: boolean }) => serve("all", context, { quiet }));
};
