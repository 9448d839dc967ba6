export { renderBlock } from "./block.ts";
export { applyChange, entrySeparator, parseEntries } from "./rules.ts";
