import { slackDriver } from "./slack-driver.ts";
import { walk } from "./walk.ts";

walk("Slack", slackDriver);
