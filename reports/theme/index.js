(function () {
  var form = document.querySelector(".filters");
  var found = form.querySelector(".found");
  var items = Array.from(document.querySelectorAll("[data-words]"));
  var reports = items.filter(function (item) { return !item.dataset.row; });
  var homes = reports.map(function (item) { return item.parentNode; });
  form.hidden = false;

  function value(name) {
    return form.elements[name] ? form.elements[name].value : "";
  }

  function fits(item) {
    var languages = " " + (item.dataset.languages || value("language")) + " ";
    return item.dataset.words.indexOf(value("words").trim().toLocaleLowerCase()) >= 0 &&
      ["level", "county", "federation"].every(function (name) {
        return !value(name) || item.dataset[name] === value(name);
      }) && (!value("language") || languages.indexOf(" " + value("language") + " ") >= 0);
  }

  function arrange() {
    var key = value("order");
    document.querySelectorAll(".units.flat").forEach(function (list) { list.remove(); });
    reports.forEach(function (item, i) { homes[i].appendChild(item); });
    if (!key) { return; }
    document.querySelectorAll(".reports").forEach(function (block) {
      var own = Array.from(block.querySelectorAll("[data-words]"));
      var list = document.createElement("ul");
      list.className = "units flat";
      own.sort(function (a, b) { return a.dataset[key] < b.dataset[key] ? -1 : 1; });
      own.forEach(function (item) { list.appendChild(item); });
      block.insertBefore(list, block.firstChild);
    });
  }

  function show() {
    items.forEach(function (item) { item.hidden = !fits(item); });
    document.querySelectorAll("main section, .units, .reports").forEach(function (part) {
      part.hidden = !part.querySelector("[data-words]:not([hidden])");
    });
    var count = reports.filter(function (item) { return !item.hidden; }).length;
    var sentence = count === 0 ? "none" : count === 1 ? "one" : "many";
    found.textContent = count === reports.length ? "" : found.dataset[sentence].replace("#", count);
  }

  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function () {
    setTimeout(function () { arrange(); show(); });
  });
  form.addEventListener("input", function (event) {
    if (event.target.name === "order") { arrange(); }
    show();
  });
})();
