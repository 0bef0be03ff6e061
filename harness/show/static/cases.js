"use strict";
// The list of cases: filtered, sorted, and built a few rows at a time. The address holds the view.
(() => {
  const { address, speak } = window.verbatim;
  const data = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("filters");
  const list = document.getElementById("list");
  const status = document.getElementById("count");
  const more = document.getElementById("more");
  const CHUNK = 50;
  const FIELDS = { outcome: "o", domain: "d", language: "l", task: "t", symbols: "y", exposure: "x" };
  const ORDER = ["damaged", "omitted", "failed", "unscored", "aligned", "passed"];
  const CALM = new Set(["verbatim", "note"]);
  const BAD = new Set(["damaged", "omitted", "failed"]);
  const byKey = new Map(data.cases.map((row, index) => [row.k, index]));
  let view = [];
  let built = 0;

  // Elements ---------------------------------------------------------------------------------------------
  function make(tag, name, ...children) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...children);
    return element;
  }
  function say(key, values = {}) {
    if (!Object.hasOwn(data.words, key)) return document.createTextNode(key);
    const both = document.createDocumentFragment();
    ["en", "zh-CN"].forEach((tag, index) => {
      const span = make("span", "t", data.words[key][index].replace(/\{(\w+)\}/g, (_, name) => values[name]));
      span.lang = tag;
      both.append(span);
    });
    return both;
  }
  function piece(value) {
    if (typeof value === "string") return document.createTextNode(value);
    const [kind, content] = value;
    if (Array.isArray(content)) return make("mark", `m-${kind}`, ...content.map(piece));
    if (kind === "gap") return make("span", "left-out", say("left-out", { n: content }));
    return make("span", kind === "u" ? "code-point" : "blank", content);
  }
  const text = (name, stretches) => {
    const element = make("div", name, ...(stretches.length ? stretches.map(piece) : [say("empty")]));
    element.dir = "auto";
    return element;
  };
  const shown = (stretches) => {
    const element = make("bdi", "shown", ...stretches.map(piece));
    return element;
  };

  // One case ---------------------------------------------------------------------------------------------
  function finding([target, verdict, found, codes, where]) {
    const line = make("li", "", make("span", `v v-${verdict}`, say(verdict)), " ", shown(target));
    if (found.length) line.append(" → ", shown(found));
    if (codes || where) line.append(" ", make("span", "small", [codes, where].filter(Boolean).join(" · ")));
    return line;
  }
  function answer(row, one, several) {
    const block = make("div", "answer");
    const head = make("h3", "side", say("output"));
    if (several) head.append(" · ", say("sample", { n: one.n + 1 }), " · ", make("span", `badge o-${one.o}`, say(one.o)));
    block.append(head);
    if (one.r) block.append(make("p", "small", say("reason"), say("colon"), one.r));
    if (one.t.length || !one.c) block.append(text("text", one.t));
    if (one.z) {
      const folded = make("details", "reasoning", make("summary", "", say("reasoning")));
      folded.append(text("text", one.z));
      block.append(folded);
    }
    for (const [name, call] of one.c || []) {
      block.append(make("p", "small", say("tool-call"), " ", make("code", "", name)), text("text", call));
    }
    if (one.f) block.append(make("ul", "findings", ...one.f.map(finding)));
    if (one.e) block.append(make("p", "small", say("not-listed", { n: one.e.toLocaleString("en") })));
    for (const [name, passed, detail] of one.k || []) {
      block.append(make("p", "small", say("check"), " ", make("code", "", name), " ",
        say(passed ? "passed" : "failed"), ...(detail ? [say("colon"), detail] : [])));
    }
    if (one.w) block.append(make("p", "small", say("before-repair")), text("text", one.w));
    if (one.u) block.append(make("p", "small", one.u));
    block.append(window.verbatim.ruling(row, one, make, say));
    return block;
  }
  function fill(details, row) {
    const body = make("div", "body");
    const link = make("a", "", say("link"));
    link.href = `#case=${encodeURIComponent(row.k).replaceAll("%2F", "/")}`;
    body.append(make("p", "small", [row.d, row.l, row.t, row.x, ...(row.g || [])].join(" · "), " · ", link));
    if (row.m) {
      const source = make("div", "", make("h3", "side", say("source")));
      for (const [role, content] of row.m) {
        source.append(make("div", "turn", make("span", "role", role), text("text", content)));
      }
      const answers = make("div", "", ...row.a.map((one) => answer(row, one, row.a.length > 1)));
      if (row.e) answers.append(make("p", "small", say("samples-not-shown", { n: row.e.toLocaleString("en") })));
      body.append(make("div", "sides", source, answers));
    } else {
      body.append(make("p", "", say("not-held")), make("p", "shown", (row.n || []).join("  ")));
    }
    details.append(body);
  }
  function glimpse(row) {
    const found = (row.a || []).flatMap((one) => one.f || []);
    const worst = found.find((f) => !CALM.has(f[1]) && f[1] !== "absent") || found.find((f) => !CALM.has(f[1]));
    const failed = (row.a || []).flatMap((one) => one.k || []).find((check) => !check[1]);
    const element = make("span", "glimpse");
    if (worst) element.append(worst[2].length ? shown(worst[2]) : make("span", "", say("absent"), " ", shown(worst[0])));
    else if (failed) element.append(say("check"), " ", make("code", "", failed[0]), ...(failed[2] ? [say("colon"), failed[2]] : []));
    else if (row.a && row.a[0] && row.a[0].r) element.append(row.a[0].r);
    else element.append(row.d);
    return element;
  }
  function build(index) {
    const row = data.cases[index];
    const details = make("details", "case");
    details.dataset.index = index;
    details.append(make("summary", "", make("span", `badge o-${row.o}`, say(row.o)), make("code", "id", row.k), glimpse(row)));
    details.addEventListener("toggle", () => { if (details.open && details.childElementCount === 1) fill(details, row); });
    return details;
  }
  function extend(until = built + CHUNK) {
    const end = Math.min(view.length, until);
    const fresh = document.createDocumentFragment();
    for (; built < end; built += 1) fresh.append(build(view[built]));
    list.append(fresh);
    more.hidden = built >= view.length;
  }

  // The view ---------------------------------------------------------------------------------------------
  function words(row) {
    if (row.q === undefined) {
      const parts = [row.k, row.d, ...(row.c || []), ...(row.g || []), ...(row.n || [])];
      const walk = (value) => Array.isArray(value) ? value.forEach(walk) : parts.push(String(value));
      walk((row.m || []).map(([, content]) => content.map((p) => typeof p === "string" ? p : p[1])));
      walk((row.a || []).map((one) => [one.t, (one.c || []).map((c) => c[1])].flat()));
      row.q = parts.join("").toLowerCase();
    }
    return row.q;
  }
  function matches(row, state) {
    for (const [name, field] of Object.entries(FIELDS)) {
      const wanted = state.get(name);
      if (wanted && !(row[field] === wanted || (name === "outcome" && wanted === "failing" && BAD.has(row.o)))) return false;
    }
    const code = state.get("damage");
    if (code && !(row.c || []).includes(code)) return false;
    const asked = (state.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
    return asked.every((part) => words(row).includes(part));
  }
  const SORTS = {
    worst: (a, b) => ORDER.indexOf(a.o) - ORDER.indexOf(b.o),
    name: (a, b) => (a.k < b.k ? -1 : 1),
    slowest: (a, b) => (b.s ?? -1) - (a.s ?? -1),
    domain: (a, b) => (a.d < b.d ? -1 : a.d > b.d ? 1 : 0),
  };
  function show() {
    const state = address.get();
    for (const control of form.querySelectorAll("[name]")) {
      const wanted = state.get(control.name) || control.dataset.usual || "";
      if (control.value !== wanted) control.value = wanted;
    }
    const order = SORTS[state.get("sort")] || SORTS.worst;
    view = data.cases.map((_, index) => index).filter((index) => matches(data.cases[index], state));
    view.sort((a, b) => order(data.cases[a], data.cases[b]) || a - b);
    list.replaceChildren();
    built = 0;
    extend();
    status.replaceChildren(say("shown", { n: view.length.toLocaleString("en"), all: data.cases.length.toLocaleString("en") }));
    const wanted = state.get("case");
    if (wanted && byKey.has(wanted)) open(byKey.get(wanted));
  }
  function open(index) {
    let place = view.indexOf(index);
    if (place < 0) { view.unshift(index); list.prepend(build(index)); built += 1; place = 0; }
    if (place >= built) extend(place + 1);
    const details = list.children[place];
    details.open = true;
    details.scrollIntoView({ block: "start" });
    details.firstElementChild.focus({ preventScroll: true });
  }
  let waiting = 0;
  function changed() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const changes = { case: "" };
      for (const control of form.querySelectorAll("[name]")) {
        changes[control.name] = control.value === (control.dataset.usual || "") ? "" : control.value;
      }
      address.set(changes);
      show();
    }, 120);
  }
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  more.addEventListener("click", () => {
    const next = built;
    extend();
    if (list.children[next]) list.children[next].firstElementChild.focus();
  });
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting) && built < view.length) extend(); },
    { rootMargin: "600px" }).observe(more);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (!step || event.target.tagName !== "SUMMARY" || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = event.target.parentElement[step > 0 ? "nextElementSibling" : "previousElementSibling"];
    if (next) { event.preventDefault(); next.firstElementChild.focus(); }
  });
  addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return;
    show();
    if (!address.get().get("case")) document.getElementById("cases").scrollIntoView();
  });
  addEventListener("beforeprint", () => {
    extend(200);
    for (const details of [...list.children].slice(0, 200)) {
      if (BAD.has(data.cases[details.dataset.index].o)) details.open = true;
      if (details.open && details.childElementCount === 1) fill(details, data.cases[details.dataset.index]);
    }
  });
  for (const part of document.querySelectorAll(".needs-script")) part.hidden = false;
  show();
  speak(document.documentElement.lang);
})();
