export { applyChange, parseEntries, renderBlock } from "./entries.ts";
