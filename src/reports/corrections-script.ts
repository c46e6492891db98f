/** The script of a report that collects corrections: a choice below each mistake, and a button that saves them as a file. Nothing leaves the page. */

import { formulaStart, needsQuotes } from "../datasets/csv-cell.ts";
import { correctionColumns } from "../datasets/read-corrections.ts";

/** What is saved, from rows of texts; as `csvCell` writes cells. */
export const correctionsFunction = `const toCsv = (rows) => {
  const cell = (text) => {
    const safe = ${formulaStart}.test(text) ? "'" + text : text;
    return ${needsQuotes}.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  };
  return [${JSON.stringify(correctionColumns)}, ...rows].map((row) => row.map(cell).join(",") + "\\n").join("");
};`;

/** Plain JavaScript for every browser of the last years; without it the page is the same but for the choices. */
export const correctionsScript = `(() => {
"use strict";
${correctionsFunction}
const bar = document.getElementById("corrections");
const classes = JSON.parse(bar.dataset.classes);
const chosen = new Map();
const selects = new Map();
let saved = true;
const option = (value, text) => {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text;
  return made;
};
const show = () => {
  const count = chosen.size;
  bar.querySelector("output").textContent = count + (count === 1 ? " mistake" : " mistakes") + " looked at";
  bar.querySelector("button").disabled = count === 0;
};
const fill = (select, { label, predicted }) => {
  if (select.length > 4) return;
  const others = classes.flatMap((name, index) => index === label || index === predicted ? [] : [option("relabel " + index, "no: is " + name)]);
  select.lastElementChild.before(...others);
};
for (const figure of document.querySelectorAll("figure[data-image]")) {
  const image = JSON.parse(figure.dataset.image);
  const { file, label, predicted } = image;
  const select = document.createElement("select");
  select.append(
    option("", "label correct?"),
    option("keep", "yes: " + classes[label]),
    option("relabel " + predicted, "no: is " + classes[predicted]),
    option("remove", "no: of no class, remove"),
  );
  select.setAttribute("aria-label", "correction of " + file);
  for (const event of ["focus", "pointerdown"]) select.addEventListener(event, () => fill(select, image));
  select.addEventListener("change", () => {
    const { value } = select;
    for (const same of selects.get(file)) {
      fill(same, image);
      same.value = value;
    }
    if (value === "") chosen.delete(file);
    else chosen.set(file, { ...image, value });
    saved = false;
    show();
  });
  selects.set(file, [...(selects.get(file) ?? []), select]);
  figure.append(select);
}
bar.querySelector("button").addEventListener("click", () => {
  const rows = [...chosen.values()].map(({ file, sha256, label, value }) => {
    const [action, index] = value.split(" ");
    return [file, sha256, classes[label], action, index === undefined ? "" : classes[index]];
  });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([toCsv(rows)], { type: "text/csv" }));
  link.download = "corrections.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  saved = true;
});
addEventListener("beforeunload", (event) => {
  if (!saved && chosen.size > 0) event.preventDefault();
});
bar.hidden = false;
show();
})();
`;
