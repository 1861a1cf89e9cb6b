"use strict";
// Chooses year, scope and theme; everything it shows is already in the page. State lives in the address, so a view can be linked.
(function () {
  var root = document.documentElement, body = document.body;
  var years = Array.prototype.slice.call(document.querySelectorAll("[data-set-year]"));
  var select = document.getElementById("scope");
  var parts = Array.prototype.slice.call(document.querySelectorAll("[data-y],[data-u]"));
  var names = {};
  Array.prototype.forEach.call(select.options, function (option) { names[option.value] = option.text; });

  function show(year, unit) {
    body.setAttribute("data-year", year);
    body.setAttribute("data-unit", unit);
    parts.forEach(function (part) {
      var y = part.getAttribute("data-y"), u = part.getAttribute("data-u");
      part.hidden = (y !== null && y !== year) || (u !== null && (" " + u + " ").indexOf(" " + unit + " ") < 0);
    });
    years.forEach(function (button) { button.setAttribute("aria-pressed", String(button.getAttribute("data-set-year") === year)); });
    select.value = unit;
    Array.prototype.forEach.call(document.querySelectorAll("[data-name-unit]"), function (row) {
      row.classList.toggle("chosen", row.getAttribute("data-name-unit") === unit);
    });
    document.getElementById("view-name").textContent = year + " 年 · " + names[unit];
  }

  function chosen() { return [body.getAttribute("data-year"), body.getAttribute("data-unit")]; }

  function go(year, unit) {
    show(year, unit);
    try { history.replaceState(null, "", "#" + year + (unit === "all" ? "" : "/" + unit)); } catch (ignored) { /* a file share may refuse it */ }
  }

  years.forEach(function (button) {
    button.addEventListener("click", function () { go(button.getAttribute("data-set-year"), chosen()[1]); });
  });
  select.addEventListener("change", function () { go(chosen()[0], select.value); });
  Array.prototype.forEach.call(document.querySelectorAll("[data-set-unit]"), function (button) {
    button.addEventListener("click", function () {
      var unit = button.getAttribute("data-set-unit");
      go(chosen()[0], chosen()[1] === unit ? "all" : unit);
      window.scrollTo(0, 0);
    });
  });
  // On a phone what comes after cards, targets and changes is folded; paper has it all.
  var folds = Array.prototype.slice.call(document.querySelectorAll(".fold>details"));
  if (window.matchMedia && window.matchMedia("(max-width: 760px)").matches) { folds.forEach(function (fold) { fold.open = false; }); }
  window.addEventListener("beforeprint", function () { folds.forEach(function (fold) { fold.open = true; }); });
  document.getElementById("print").addEventListener("click", function () { window.print(); });
  document.getElementById("theme").addEventListener("click", function () {
    root.setAttribute("data-theme", root.getAttribute("data-theme") === "dark" ? "light" : "dark");
  });
  if (window.matchMedia && window.matchMedia("(prefers-color-scheme: dark)").matches) { root.setAttribute("data-theme", "dark"); }
  document.addEventListener("click", function (event) {
    Array.prototype.forEach.call(document.querySelectorAll("details.why[open]"), function (box) {
      if (!box.contains(event.target)) { box.open = false; }
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      Array.prototype.forEach.call(document.querySelectorAll("details.why[open]"), function (box) { box.open = false; });
    }
  });

  function fromAddress() {
    var wanted = /^#(\d{4})(?:\/([a-z0-9_]+))?$/.exec(location.hash);
    if (wanted && years.some(function (b) { return b.getAttribute("data-set-year") === wanted[1]; })) {
      show(wanted[1], wanted[2] && names[wanted[2]] ? wanted[2] : "all");
    }
  }
  window.addEventListener("hashchange", fromAddress);
  fromAddress();
})();
