// Filters for long tables and a menu button for small screens. Every page works without.
(function () {
  "use strict";

  function rowsOf(table) {
    return Array.prototype.slice.call(table.tBodies[0].rows);
  }

  Array.prototype.forEach.call(document.querySelectorAll("form[data-filter]"), function (form) {
    var table = document.getElementById(form.getAttribute("data-filter"));
    var words = form.querySelector("input");
    var kind = form.querySelector("select");
    var said = form.querySelector(".filter-count");
    if (!table) return;
    function apply() {
      var wanted = words.value.trim().toLowerCase();
      var chosen = kind ? kind.value : "";
      var shown = 0;
      rowsOf(table).forEach(function (row) {
        var fits = (!wanted || row.textContent.toLowerCase().indexOf(wanted) >= 0) &&
          (!chosen || (" " + (row.getAttribute("data-kinds") || "") + " ").indexOf(" " + chosen + " ") >= 0);
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      said.textContent = wanted || chosen ? shown + (shown === 1 ? " row" : " rows") : "";
    }
    words.addEventListener("input", apply);
    if (kind) kind.addEventListener("change", apply);
    form.hidden = false;
  });

  function openTarget() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  }
  window.addEventListener("hashchange", openTarget);
  openTarget();

  var menu = document.querySelector(".menu");
  if (menu) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "menu-button";
    button.textContent = "Menu";
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", function () {
      var open = menu.classList.toggle("menu-open");
      button.setAttribute("aria-expanded", String(open));
    });
    menu.insertBefore(button, menu.firstChild);
    menu.classList.add("menu-foldable");
  }
})();
