// The site's script: search, the menu of narrow screens, light and dark. Without it all pages are there and linked.
(function () {
  "use strict";
  const root = document.body.dataset.root;
  const query = document.getElementById("query");
  const results = document.getElementById("results");
  const most = 12;

  // --- search: every word has to be there; names count more than text, and beginnings more than middles ---

  function scoreOf(entry, words) {
    let score = 0;
    for (const word of words) {
      const title = entry.lowerTitle.indexOf(word);
      if (entry.lowerTitle === word) score += 100;
      else if (title >= 0) score += /[\w]/.test(entry.lowerTitle[title - 1] || " ") ? 20 : 50;
      else if (entry.lowerPage.includes(word)) score += 10;
      else if (entry.lowerText.includes(word)) score += 1;
      else return 0;
    }
    return score - entry.title.length / 1000;
  }

  function find(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    return window.neapIndex
      .map((entry) => ({ entry, score: scoreOf(entry, words) }))
      .filter((found) => found.score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, most)
      .map((found) => found.entry);
  }

  function item(entry, i) {
    const line = document.createElement("li");
    const link = document.createElement("a");
    const place = document.createElement("small");
    line.id = "result" + i;
    line.setAttribute("role", "option");
    link.href = root + entry.at;
    link.tabIndex = -1;
    link.textContent = entry.title;
    place.textContent = entry.page + ": " + entry.text;
    link.append(place);
    line.append(link);
    return line;
  }

  let selected = -1;

  function select(i) {
    const options = results.querySelectorAll("[role=option]");
    selected = options.length ? (i + options.length) % options.length : -1;
    options.forEach((option, at) => option.setAttribute("aria-selected", at === selected));
    if (selected < 0) return query.removeAttribute("aria-activedescendant");
    query.setAttribute("aria-activedescendant", options[selected].id);
    options[selected].scrollIntoView({ block: "nearest" });
  }

  function show(open) {
    results.hidden = !open;
    query.setAttribute("aria-expanded", open);
  }

  function search() {
    const found = find(query.value);
    results.replaceChildren(...found.map(item));
    if (!found.length && query.value.trim()) {
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = "Nothing has all of these words.";
      results.append(none);
    }
    show(query.value.trim() !== "");
    select(found.length ? 0 : -1);
  }

  for (const entry of window.neapIndex) {
    entry.lowerTitle = entry.title.toLowerCase();
    entry.lowerPage = entry.page.toLowerCase();
    entry.lowerText = entry.text.toLowerCase();
  }
  query.addEventListener("input", search);
  query.addEventListener("focus", () => query.value && search());
  query.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") select(selected + 1);
    else if (event.key === "ArrowUp") select(selected - 1);
    else if (event.key === "Escape") show(false);
    else if (event.key === "Enter" && selected >= 0) results.querySelectorAll("a")[selected].click();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    query.focus();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search") || event.target.closest("#results a")) show(false);
  });

  // --- the menu ---

  const menu = document.getElementById("menu");
  const navigation = document.getElementById("navigation");
  menu.addEventListener("click", () => {
    menu.setAttribute("aria-expanded", navigation.classList.toggle("open"));
  });
  const current = navigation.querySelector("[aria-current]");
  if (current && current.offsetParent) navigation.scrollTop = current.offsetTop - navigation.clientHeight / 2;

  // --- light and dark: the system's, until the button says otherwise ---

  document.getElementById("theme").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme ||
      (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("theme", next);
    } catch (error) {
      // a browser that keeps nothing for file:// asks again on each page
    }
  });
})();
