import { setFlagsFromString } from "node:v8";

/**
 * From here on WebAssembly is compiled by V8's first, fast compiler only. Measured, what its optimising one costs for good: 100 MB for
 * the embedded engine (and 400 more for seconds), whose queries take as long either way (0.3 ms), their slowest fewer milliseconds;
 * 13 MB for undici's HTTP parser, to which it would save 0.4 µs a token. V8 derives the last two from the first only at its start.
 */
export function leanWasm(): void {
  for (const flag of ["--liftoff-only", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering"]) setFlagsFromString(flag);
}
