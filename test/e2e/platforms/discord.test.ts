import { discordDriver } from "./discord-driver.ts";
import { walk } from "./walk.ts";

walk("Discord", discordDriver);
