"use strict";
// The filter of the table of runs; the address holds it.
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const { address } = window.verbatim;
  const rows = [...document.getElementById("runs").tBodies[0].rows];
  const count = document.getElementById("count");
  function show() {
    const state = address.get();
    for (const control of form.querySelectorAll("[name]")) {
      const wanted = state.get(control.name) || "";
      if (control.value !== wanted) control.value = wanted;
    }
    const asked = (state.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const model = state.get("model");
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = Boolean(model && row.dataset.model !== model) || !asked.every((part) => text.includes(part));
      shown += !row.hidden;
    }
    count.textContent = `${shown} / ${rows.length}`;
  }
  form.addEventListener("input", () => {
    address.set(Object.fromEntries([...form.querySelectorAll("[name]")].map((control) => [control.name, control.value])));
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", show);
  form.hidden = false;
  show();
})();
