/** The slash commands: one line each. */
export { start } from "./start.ts";
export { help } from "./help.ts";
export { fresh } from "./new.ts";
export { stop } from "./stop.ts";
export { approve } from "./approve.ts";
export { deny } from "./deny.ts";
export { approvals } from "./approvals.ts";
export { insights } from "./insights.ts";
export { model } from "./model.ts";
export { status } from "./status.ts";
export { sandbox } from "./sandbox.ts";
export { retry } from "./retry.ts";
export { language } from "./language.ts";
export { compress } from "./compress.ts";
