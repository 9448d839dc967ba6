export { backoff, wait } from "../wait.ts";
