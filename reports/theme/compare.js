(function () {
  document.querySelectorAll("section.compare").forEach(function (study) {
    var form = study.querySelector(".pick");
    if (!form) { return; }
    var found = form.querySelector(".found");
    var choices = Array.from(form.querySelectorAll("select"));
    var rows = Array.from(study.querySelectorAll("[data-code]"));
    form.hidden = false;

    function show() {
      var chosen = choices.map(function (choice) { return choice.value; }).filter(Boolean);
      choices.forEach(function (choice) {
        Array.from(choice.options).forEach(function (option) {
          option.disabled = Boolean(option.value) && option.value !== choice.value &&
            chosen.indexOf(option.value) >= 0;
        });
      });
      rows.forEach(function (row) {
        row.hidden = chosen.length > 1 && chosen.indexOf(row.dataset.code) < 0;
      });
      found.textContent = found.dataset[chosen.length > 1 ? "some" : chosen.length ? "one" : "all"];
    }

    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("reset", function () { setTimeout(show); });
    form.addEventListener("input", show);
    show();
  });
})();
