import type { ToolSpec } from "../../core/model.ts";
import { shapes } from "./arguments.ts";
import { type Pick, type ProbeCase, variants } from "./case.ts";
import { later } from "./history.ts";
import { restraint } from "./restraint.ts";
import { choices } from "./similar.ts";
import { single } from "./single.ts";

export type { Expected, ProbeCase } from "./case.ts";

const families = [...single, ...choices, ...shapes, ...restraint, ...later];

/** Twenty cases on the agent's own tools and look-alikes; all hundred of them when `full`. */
export function probeCases(tools: readonly ToolSpec[], full: boolean): readonly ProbeCase[] {
  const pick: Pick = (...names) =>
    names.map((name) => {
      const found = tools.find((tool) => tool.name === name);
      if (found === undefined) throw new Error(`the probe needs the tool ${name}`);
      return found;
    });
  const wanted = full ? variants : variants.slice(0, 1);
  return wanted.flatMap((variant) => families.map((family) => family(variant, pick)));
}
