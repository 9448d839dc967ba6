export { applyChange, type Changed, type MemoryFile, MemoryFull, parseEntries } from "./entries.ts";
export { renderBlock } from "./block.ts";
export { blocksOf, keep } from "./keeping.ts";
export * as scopes from "./scopes.ts";
