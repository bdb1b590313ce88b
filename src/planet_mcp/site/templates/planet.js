(() => {
  "use strict";
  const kept = (name, value) => {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem(`planet-${name}`));
      localStorage.setItem(`planet-${name}`, JSON.stringify(value));
    } catch { return null; }
  };
  const entries = [...document.querySelectorAll("article.entry:not(.alone), article.hit")];
  const link = (entry) => entry.querySelector(".permalink, h3 a");
  const id = (path) => path?.match(/entries\/\d+/)?.[0];
  const read = new Set(kept("read") ?? []);
  const mark = (path) => {
    const name = id(path);
    if (name && !read.has(name)) kept("read", [...read.add(name)].slice(-2000));
  };
  const show = () => entries.forEach((entry) => entry.classList.toggle("read", read.has(id(link(entry)?.pathname))));
  mark(location.pathname);
  show();

  let at = -1;
  const go = (step) => {
    at = Math.min(Math.max(at + step, 0), entries.length - 1);
    const entry = entries[at];
    if (!entry) return;
    entry.tabIndex = -1;
    entry.focus();
    entry.scrollIntoView({block: "start"});
    mark(link(entry)?.pathname);
    show();
  };
  const keys = {j: () => go(1), k: () => go(-1), o: () => entries[at]?.querySelector("h4 a, h3 a, .permalink")?.click()};
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || kept("keys") === false) return;
    keys[event.key]?.();
  });

  const foot = document.querySelector("footer.site");
  const button = document.createElement("button");
  const name = () => { button.textContent = `Keys j, k, o: ${kept("keys") === false ? "off" : "on"}`; };
  button.type = "button";
  button.addEventListener("click", () => { kept("keys", kept("keys") === false); name(); });
  name();
  if (entries.length) foot.append(button);

  let field = document.querySelector("form.filter input");
  const list = document.querySelector("section.letter");
  if (list && !field) {
    // Files have no form: nobody answers it.
    const label = document.createElement("label");
    field = Object.assign(document.createElement("input"), {type: "search"});
    label.append("Name ", field);
    list.before(label);
  }
  field?.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    for (const letter of document.querySelectorAll("section.letter")) {
      let some = false;
      for (const feed of letter.querySelectorAll("li")) {
        const text = feed.textContent.toLowerCase();
        feed.hidden = !words.every((word) => text.includes(word));
        some ||= !feed.hidden;
      }
      letter.hidden = !some;
    }
  });

  const since = document.querySelector("a.since");
  if (since && location.pathname === new URL(document.querySelector(".name a").href).pathname) {
    const last = kept("visit");
    const now = {path: since.pathname, at: Date.now()};
    if (last && last.path !== now.path) {
      const again = since.closest("p").cloneNode(true);
      again.replaceChildren("Since your last visit: ", Object.assign(document.createElement("a"), {href: last.path, textContent: "what arrived"}));
      document.querySelector("main").prepend(again);
    }
    if (!last || now.at - last.at > 1800000) kept("visit", now);
  }
})();
