import { pageDriver } from "./page-driver.ts";
import { walk } from "./walk.ts";

walk("The page", pageDriver);
