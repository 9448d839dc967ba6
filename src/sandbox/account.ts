import { userInfo } from "node:os";

/** The name of the account that runs this process; its number where the system knows no name for it, as in a container with `--user`. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env["USER"] ?? String(process.getuid?.() ?? "");
  }
}
