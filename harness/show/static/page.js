"use strict";
// The language of the page, and tables that sort. Every text is put in as text, never as markup.
(() => {
  const root = document.documentElement;
  const button = document.getElementById("language");

  function speak(tag) {
    root.lang = tag;
    const zh = tag === "zh-CN";
    for (const e of document.querySelectorAll("[data-en]")) e.textContent = zh ? e.dataset.zh : e.dataset.en;
    for (const e of document.querySelectorAll("[data-label-en]")) {
      e.setAttribute("aria-label", zh ? e.dataset.labelZh : e.dataset.labelEn);
    }
    if (button) button.lang = zh ? "en" : "zh-CN";
    requestAnimationFrame(() => scrollers.forEach(reach));
  }

  // A table that is wider than the page can be scrolled with the keyboard; a narrower one is not a stop on the way.
  const scrollers = [...document.querySelectorAll(".scroll")];
  function reach(element) {
    const over = element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight;
    if (over) element.tabIndex = 0;
    else element.removeAttribute("tabindex");
  }
  const sizes = new ResizeObserver((seen) => seen.forEach((one) => reach(one.target)));
  scrollers.forEach((element) => sizes.observe(element));

  const chosen = (() => { try { return localStorage.getItem("verbatim-language"); } catch { return null; } })();
  const browser = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh-CN" : "en";
  speak("auto" in root.dataset ? chosen || browser : root.lang);
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = root.lang === "en" ? "zh-CN" : "en";
      try { localStorage.setItem("verbatim-language", next); } catch { /* private mode: not kept */ }
      speak(next);
    });
  }

  function value(row, column) {
    const cell = row.cells[column];
    const raw = "v" in cell.dataset ? cell.dataset.v : cell.innerText;
    return raw === "" ? null : Number.isNaN(Number(raw)) ? raw : Number(raw);
  }

  function sort(table, column, direction) {
    const body = table.tBodies[0];
    const sign = direction === "ascending" ? 1 : -1;
    const rows = [...body.rows].map((row) => [value(row, column), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
    });
    body.append(...rows.map(([, row]) => row));
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      if (index === column) head.setAttribute("aria-sort", direction);
      else head.removeAttribute("aria-sort");
    });
  }

  const address = {
    get: () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : ""),
    set(changes) {
      const state = address.get();
      for (const [key, wanted] of Object.entries(changes)) wanted ? state.set(key, wanted) : state.delete(key);
      const text = state.toString().replaceAll("%2F", "/");
      history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
    },
  };
  window.verbatim = { address, speak };

  for (const table of document.querySelectorAll("table.sortable")) {
    const name = `sort-${table.id}`;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const press = document.createElement("button");
      press.type = "button";
      press.append(...head.childNodes);
      head.append(press);
      press.addEventListener("click", () => {
        const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        sort(table, column, direction);
        address.set({ [name]: `${column}.${direction}` });
      });
    });
    const [column, direction] = (address.get().get(name) || "").split(".");
    if (direction === "ascending" || direction === "descending") {
      if (table.tHead.rows[0].cells[Number(column)]) sort(table, Number(column), direction);
    }
  }
})();
