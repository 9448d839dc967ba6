import { telegramDriver } from "./telegram-driver.ts";
import { walk } from "./walk.ts";

walk("Telegram", telegramDriver);
