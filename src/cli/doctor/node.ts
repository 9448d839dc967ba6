import { type CheckResult, fail, ok } from "./check.ts";

/** Since this version Node takes TypeScript as it is and has all that is used here. */
const least = 24;

/** The Node that runs this. */
export async function checkNode(): Promise<CheckResult[]> {
  const { node } = process.versions;
  const text = `Node ${node} on ${process.platform} (${process.arch}).`;
  if (Number.parseInt(node, 10) >= least) return [ok("node.version", text)];
  return [fail("node.version", text, `Use Node ${least} or later: \`npm start\` and bin/hermes.mjs bring their own.`)];
}
