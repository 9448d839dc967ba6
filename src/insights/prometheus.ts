import { createRequire } from "node:module";
import type * as prom from "prom-client";

const load = createRequire(import.meta.url);

// By their files: the package's root brings metrics of its own and OpenTelemetry's interface along, 5 MB that nothing here uses.
// Boundary: its types describe what is in these files under the package's name.
export const Counter = load("prom-client/lib/counter.js") as typeof prom.Counter;
export const Gauge = load("prom-client/lib/gauge.js") as typeof prom.Gauge;
export const Histogram = load("prom-client/lib/histogram.js") as typeof prom.Histogram;
export const Registry = load("prom-client/lib/registry.js") as typeof prom.Registry;
export type Registry = prom.Registry;
