"use strict";
// A reader's ruling on an answer. It stays in this browser until it is exported; no verdict reads it.
(() => {
  const run = JSON.parse(document.getElementById("data").textContent).run;
  const place = `verbatim-rulings:${run.id}`;
  const reader = document.getElementById("reader");
  const total = document.getElementById("ruled");
  const save = document.getElementById("export");
  let rulings = {};
  try { rulings = JSON.parse(localStorage.getItem(place)) || {}; } catch { /* nothing kept before */ }

  function keep() {
    try {
      localStorage.setItem(place, JSON.stringify(rulings));
      localStorage.setItem("verbatim-reader", reader.value);
    } catch { /* private mode: kept until the page is closed */ }
    total.textContent = String(Object.keys(rulings).length);
    save.disabled = !Object.keys(rulings).length;
  }
  window.verbatim.ruling = (row, answer, make, say) => {
    const name = JSON.stringify([row.k, answer.n]);
    const box = make("div", "ruling", say("ruling"));
    box.setAttribute("role", "group");
    const buttons = ["good", "bad"].map((verdict) => {
      const button = make("button", "", say(verdict === "bad" ? "poor" : verdict));
      button.type = "button";
      button.addEventListener("click", () => {
        if (rulings[name] && rulings[name].ruling === verdict) delete rulings[name];
        else {
          rulings[name] = { case: row.k, sample: answer.n, answer: answer.h, ruling: verdict, at: new Date().toISOString() };
        }
        paint();
        keep();
      });
      return [verdict, button];
    });
    const paint = () => buttons.forEach(([verdict, button]) =>
      button.setAttribute("aria-pressed", String(Boolean(rulings[name] && rulings[name].ruling === verdict))));
    paint();
    box.append(...buttons.map(([, button]) => button));
    for (const [who, verdict] of answer.v || []) box.append(make("span", "", `${who}: `, say(verdict === "bad" ? "poor" : verdict)));
    return box;
  };
  save.addEventListener("click", () => {
    const who = reader.value.trim();
    reader.setCustomValidity(who ? "" : "?");
    if (!who) { reader.focus(); reader.reportValidity(); return; }
    const lines = Object.values(rulings).map((one) => JSON.stringify({ schema: 1, run: run.id, reader: who, ...one }) + "\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
    link.download = "labels.jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  reader.addEventListener("input", () => { reader.setCustomValidity(""); keep(); });
  try { reader.value = localStorage.getItem("verbatim-reader") || ""; } catch { /* nothing kept before */ }
  keep();
})();
