// A shared answer: its buttons work as on the verifier's page.
import { wireFinding } from "./finding.js";

for (const finding of document.querySelectorAll(".finding")) wireFinding(finding);
