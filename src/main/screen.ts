/** What the terminal draws with: loaded by the command alone, never by the service. */
export { talk } from "../../adapters/terminal/screen/talk.ts";
export { drawMarkdown } from "../../adapters/terminal/screen/draw.ts";
