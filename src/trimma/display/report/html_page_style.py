"""The style of the HTML page, and the script that adapts its pictures to a light or a dark screen."""

STYLE = """
:root { color-scheme: light dark; --text: #1b1b1b; --quiet: #5c5c5c; --line: #d9d9d9; --page: #ffffff;
  --helps: #0072B2; --hurts: #C04F00; --equivalent: #00805d; --undecided: #767676; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8e8e8; --quiet: #a8a8a8; --line: #3a3a3a; --page: #151515;
    --helps: #56B4E9; --hurts: #F08A4B; --equivalent: #3CC79B; --undecided: #9a9a9a; } }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 60px; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2em 0 .4em; }
p.conclusion { font-weight: 600; }
.wide { overflow-x: auto; }
figure { margin: 1.2em 0; min-width: 760px; }
table { border-collapse: collapse; font-size: 14px; }
p.caption { color: var(--quiet); margin: 0 0 6px; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 600; }
tbody th { font-weight: 400; }
tr.decided th { font-weight: 700; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.helps { color: var(--helps); } .hurts { color: var(--hurts); }
.equivalent { color: var(--equivalent); } .undecided { color: var(--undecided); }
details { margin: 1em 0; } summary { cursor: pointer; color: var(--quiet); }
ul { padding-left: 1.2em; } li { margin: .25em 0; overflow-wrap: anywhere; }
@media print { figure, tr { break-inside: avoid; } main { max-width: none; } }
"""

SCRIPT = """
(function () {
  var dark = window.matchMedia('(prefers-color-scheme: dark)');
  var brighter = {
    '#0072B2': '#56B4E9', '#D55E00': '#F08A4B', '#009E73': '#3CC79B',
    '#7F7F7F': '#A9A9A9', '#666666': '#A8A8A8', '#444444': '#A8A8A8'
  };
  function paint() {
    var style = getComputedStyle(document.documentElement);
    var of = function (name) { return style.getPropertyValue(name).trim(); };
    document.querySelectorAll('.plotly-graph-div').forEach(function (plot) {
      plot.drawn = plot.drawn || JSON.parse(JSON.stringify({ data: plot.data, layout: plot.layout }));
      var drawn = JSON.parse(JSON.stringify(plot.drawn)), layout = drawn.layout;
      var heat = drawn.data.some(function (trace) { return trace.type === 'heatmap'; });
      layout.paper_bgcolor = 'rgba(0,0,0,0)';
      layout.plot_bgcolor = heat ? of('--line') : 'rgba(0,0,0,0)';
      layout.font = Object.assign({}, layout.font, { color: of('--text') });
      Object.keys(layout).forEach(function (key) {
        if (!/^[xy]axis[0-9]*$/.test(key)) { return; }
        layout[key].gridcolor = of('--line');
        layout[key].zerolinecolor = of('--quiet');
        if (layout[key].ticktext) {
          layout[key].ticktext = layout[key].ticktext.map(function (text) { return toned(text, of('--quiet')); });
        }
      });
      if (layout.title) { layout.title.text = toned(layout.title.text, of('--quiet')); }
      (layout.annotations || []).forEach(function (each) {
        each.font = Object.assign({}, each.font, { color: of('--text') });
      });
      (layout.shapes || []).forEach(function (each) {
        if (each.type === 'line') { each.line.color = of('--quiet'); }
      });
      if (dark.matches) { drawn.data.forEach(function (trace) { if (trace.type !== 'heatmap') { brighten(trace); } }); }
      Plotly.react(plot, drawn.data, layout);
    });
  }
  function toned(text, colour) { return text.replace(/(color:)(#[0-9A-Fa-f]{6})/g, '$1' + colour); }
  function brighten(part) {
    Object.keys(part).forEach(function (key) {
      var value = part[key];
      if (typeof value === 'string') { part[key] = brighter[value] || value; }
      else if (value && typeof value === 'object' && !ArrayBuffer.isView(value)) { brighten(value); }
    });
  }
  dark.addEventListener('change', paint);
  paint();
})();
"""
