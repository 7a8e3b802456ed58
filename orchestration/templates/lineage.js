// Draws where a column comes from and where it goes. The address keeps the choice: lineage.html#<node>/<column>.
(function () {
  "use strict";
  var data = window.LINEAGE, up = {}, down = {};
  var rooms = { feed: "feed", seeds: "reference data", staging: "staging", person_index: "person index", cdm: "common data model",
    marts: "product", measure: "measure", hub: "hub" };
  function key(node, column) { return node + "/" + column; }
  function add(map, from, to) { (map[from] = map[from] || []).push(to); }
  data.edges.forEach(function (e) {
    add(up, key(e[0], e[1]), [e[2], e[3], e[4]]);
    add(down, key(e[2], e[3]), [e[0], e[1], e[4]]);
  });
  var table = document.getElementById("pick-table"), column = document.getElementById("pick-column");
  var order = ["marts", "measure", "derived", "cdm", "person_index", "staging", "feed", "seeds", "hub"];
  order.forEach(function (room) {
    var group = document.createElement("optgroup");
    group.label = rooms[room];
    Object.keys(data.nodes).filter(function (id) { return data.nodes[id].room === room; })
      .sort(function (a, b) { return data.nodes[a].label < data.nodes[b].label ? -1 : 1; })
      .forEach(function (id) { group.append(new Option(data.nodes[id].label, id)); });
    if (group.children.length) { table.append(group); }
  });

  function fill(node, chosen) {
    column.textContent = "";
    data.nodes[node].columns.forEach(function (name) { column.append(new Option(name, name)); });
    if (chosen) { column.value = chosen; }
  }
  function place(at) {
    var node = data.nodes[at[0]], item = document.createElement("li"), words = document.createElement("button");
    item.className = "is-" + node.room;
    words.className = "at"; words.type = "button";
    words.textContent = node.label + "." + at[1];
    words.addEventListener("click", function () { location.hash = key(at[0], at[1]); });
    var room = document.createElement("span");
    room.className = "room"; room.textContent = rooms[node.room];
    item.append(words, room);
    if (at[2] && at[2] !== "value") {
      var via = document.createElement("span");
      via.className = "via"; via.textContent = at[2];
      item.append(via);
    }
    return item;
  }
  function tree(map, from, seen, depth) {
    var list = document.createElement("ul");
    (map[from] || []).slice().sort(function (a, b) { return data.nodes[a[0]].label < data.nodes[b[0]].label ? -1 : 1; })
      .forEach(function (at) {
        var here = key(at[0], at[1]), item = place(at);
        if (map[here] && !seen[here]) {
          seen[here] = true;
          if (depth < 5) { item.append(tree(map, here, seen, depth + 1)); }
          else { item.append(folded(map, here, seen)); }
        } else if (map[here]) { item.append(note("as above")); }
        list.append(item);
      });
    return list;
  }
  function folded(map, here, seen) {
    var more = document.createElement("details"), words = document.createElement("summary");
    words.textContent = "further";
    more.append(words, tree(map, here, seen, 0));
    return more;
  }
  function note(words) { var n = document.createElement("span"); n.className = "room"; n.textContent = words; return n; }
  function reach(map, from) {
    var seen = {}, waiting = [from];
    while (waiting.length) {
      (map[waiting.pop()] || []).forEach(function (at) {
        var here = key(at[0], at[1]);
        if (!seen[here]) { seen[here] = at; waiting.push(here); }
      });
    }
    return seen;
  }
  function put(id, map, from, none) {
    var place = document.getElementById(id);
    place.textContent = "";
    place.append(map[from] ? tree(map, from, {}, 0) : document.createTextNode(none));
  }
  function draw(node, name) {
    var from = key(node, name), about = data.nodes[node], picked = document.getElementById("picked");
    picked.textContent = "";
    var link = document.createElement("a");
    link.href = about.page.indexOf("#") < 0 ? about.page + "#" + name : about.page;
    link.textContent = about.label + "." + name;
    picked.append(link);
    put("up", up, from, about.room === "feed" ? "This is what the partner sends." : "Nothing: it is made here, or kept as data.");
    put("down", down, from, "Nothing: this is where it ends.");
    var ids = {};
    var reached = reach(down, from);
    Object.keys(reached).forEach(function (k) { if (data.nodes[reached[k][0]].room === "measure") { ids[reached[k][0]] = true; } });
    var measures = document.getElementById("measures");
    measures.textContent = Object.keys(ids).length ? "" : "None.";
    Object.keys(ids).sort().forEach(function (id, index) {
      var a = document.createElement("a");
      a.href = data.nodes[id].page; a.textContent = data.nodes[id].label;
      if (index) { measures.append(", "); }
      measures.append(a);
    });
  }
  function go() {
    var hash = decodeURIComponent(location.hash.slice(1)), cut = hash.lastIndexOf("/");
    var node = hash.slice(0, cut), name = hash.slice(cut + 1);
    if (!data.nodes[node]) {
      node = Object.keys(data.nodes).find(function (id) { return data.nodes[id].room === "marts" && data.nodes[id].columns.indexOf("denominator") >= 0; }) || table.options[0].value;
      name = data.nodes[node].columns.indexOf("value") < 0 ? data.nodes[node].columns[0] : "value";
    }
    table.value = node;
    fill(node, name);
    draw(node, name);
  }
  table.addEventListener("change", function () { fill(table.value); location.hash = key(table.value, column.value); });
  column.addEventListener("change", function () { location.hash = key(table.value, column.value); });
  window.addEventListener("hashchange", go);
  go();
})();
