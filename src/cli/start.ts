import type { Define } from "./context.ts";

/** `hermes start`. */
export const define: Define = (command, context) => {
  command.action(async () => {
    const product = await context.product();
    context.exit(await product.start("all"));
  });
};
