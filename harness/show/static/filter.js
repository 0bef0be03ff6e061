"use strict";
// A filter over whatever is marked as an item; the address holds it.
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const { address } = window.verbatim;
  const items = [...document.querySelectorAll("[data-item]")];
  const count = document.getElementById("count");
  const controls = [...form.querySelectorAll("[name]")];
  function show() {
    const state = address.get();
    for (const control of controls) {
      const wanted = state.get(control.name) || "";
      if (control.value !== wanted) control.value = wanted;
    }
    const asked = (state.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const fits = controls.every(({ name, value }) => name === "q" || !value || item.dataset[name] === value);
      const text = asked.length ? item.textContent.toLowerCase() : "";
      item.hidden = !fits || !asked.every((part) => text.includes(part));
      shown += !item.hidden;
    }
    count.textContent = `${shown.toLocaleString("en")} / ${items.length.toLocaleString("en")}`;
  }
  form.addEventListener("input", () => {
    address.set(Object.fromEntries(controls.map((control) => [control.name, control.value])));
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", show);
  form.hidden = false;
  show();
})();
