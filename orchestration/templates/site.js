// Search over everything in the dictionary; arrow keys move, Enter opens, Escape closes. "/" jumps to the box.
(function () {
  "use strict";
  var box = document.getElementById("search"), list = document.getElementById("found");
  var entries = (window.SEARCH || []).map(function (e) {
    return { kind: e[0], words: e[1], page: e[2], more: e[3], low: e[1].toLowerCase(), all: (e[1] + " " + e[3]).toLowerCase() };
  });
  var order = { measure: 0, feed: 1, table: 2, "feed column": 4, column: 3 }, at = -1;

  function score(entry, words) {
    var total = order[entry.kind] * 0.1;
    for (var i = 0; i < words.length; i++) {
      var here = entry.low.indexOf(words[i]);
      if (here >= 0) { total += here === 0 || /[\s._]/.test(entry.low[here - 1]) ? 0 : 1; }
      else if (entry.all.indexOf(words[i]) >= 0) { total += 3; }
      else { return null; }
    }
    return total + entry.low.length / 200;
  }

  function show() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.textContent = "";
    at = -1;
    box.removeAttribute("aria-activedescendant");
    if (!words.length) { return close(); }
    var hits = [];
    entries.forEach(function (entry) { var s = score(entry, words); if (s !== null) { hits.push([s, entry]); } });
    hits.sort(function (a, b) { return a[0] - b[0] || (a[1].words < b[1].words ? -1 : 1); });
    hits.slice(0, 12).forEach(function (hit, index) {
      var item = document.createElement("li"), kind = document.createElement("span"), more = document.createElement("span");
      item.id = "found-" + index;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.dataset.page = hit[1].page;
      kind.className = "kind"; kind.textContent = hit[1].kind;
      more.className = "more"; more.textContent = hit[1].more;
      item.append(kind, document.createTextNode(hit[1].words), more);
      item.addEventListener("mousedown", function (event) { event.preventDefault(); open(item); });
      list.append(item);
    });
    if (!hits.length) {
      var none = document.createElement("li");
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.textContent = "Nothing found.";
      list.append(none);
    }
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
  }

  function close() { list.hidden = true; box.setAttribute("aria-expanded", "false"); }
  function open(item) { if (item && item.dataset.page) { close(); location.href = item.dataset.page; } }
  function move(step) {
    var items = list.querySelectorAll("li[id]");
    if (!items.length) { return; }
    if (at >= 0) { items[at].setAttribute("aria-selected", "false"); }
    at = (at + step + items.length) % items.length;
    items[at].setAttribute("aria-selected", "true");
    items[at].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", items[at].id);
  }

  box.addEventListener("input", show);
  box.addEventListener("focus", function () { if (box.value) { show(); } });
  box.addEventListener("blur", close);
  box.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); move(at < 0 ? 0 : -1); }
    else if (event.key === "Enter") { event.preventDefault(); open(list.querySelector("li[aria-selected=true]") || list.querySelector("li[id]")); }
    else if (event.key === "Escape") { box.value = ""; close(); }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); box.focus(); }
  });
})();
