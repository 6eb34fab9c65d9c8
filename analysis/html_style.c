#include "analysis/html.h"

#include <stddef.h>

const char *const html_styles[] = {
	":root { --ink: #1d2329; --quiet: #58616b; --line: #d5dae0; --page: #ffffff; --panel: #f4f6f8; --link: #0b5cad;\n"
	"  --warn: #8a4b00; --warn-page: #fff6e5; --warn-line: #e0a040; }\n"
	"@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --quiet: #a3adb8; --line: #3a434d; --page: #15191d;\n"
	"  --panel: #1f252b; --link: #7db7f0; --warn: #ffd48a; --warn-page: #33270f; --warn-line: #a87420; } }\n"
	"* { box-sizing: border-box; }\n"
	"html { -webkit-text-size-adjust: 100%; }\n"
	"body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto,\n"
	"  'Liberation Sans', Arial, sans-serif; }\n"
	"main { max-width: 1240px; margin: 0 auto; padding: 24px 20px 64px; }\n"
	"h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3em; overflow-wrap: anywhere; }\n"
	"h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.2em 0 .5em; }\n"
	"h3 { font-size: 1.05rem; margin: 1.8em 0 .4em; }\n"
	"p, ul, dl { max-width: 72ch; margin: .5em 0; }\n"
	"a { color: var(--link); }\n"
	"code, pre { font-family: ui-monospace, 'Liberation Mono', Menlo, monospace; font-size: .9em; overflow-wrap: anywhere; }\n",

	".question { font-size: 1.2rem; margin: 0 0 .6em; }\n"
	".facts, .note, figcaption, .legend { color: var(--quiet); font-size: .92rem; }\n"
	".answer { margin: .4em 0; padding: 0; list-style: none; max-width: 90ch; }\n"
	".answer li { margin: .55em 0; padding-left: 1em; border-left: 3px solid var(--line); }\n"
	".answer b { font-weight: 650; }\n"
	".scheme { font-weight: 650; overflow-wrap: anywhere; }\n"
	".warnings { background: var(--warn-page); border: 1px solid var(--warn-line); border-left-width: 6px; border-radius: 4px;\n"
	"  padding: .2em 1.2em .7em; margin: 1.6em 0; color: var(--warn); }\n"
	".warnings h2 { font-size: 1.1rem; margin: .5em 0 .3em; }\n"
	".warnings ul { margin: 0; padding-left: 1.2em; max-width: none; }\n",

	".scroll { position: relative; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; margin: .8em 0 .3em; }\n"
	"table { border-collapse: collapse; width: 100%; font-size: .8rem; font-variant-numeric: tabular-nums; line-height: 1.35; }\n"
	"caption { text-align: left; color: var(--quiet); padding: .5em .7em; font-size: .95em; }\n"
	"th, td { padding: .45em .4em; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); }\n"
	"thead th { background: var(--panel); vertical-align: bottom; font-weight: 600; white-space: normal; min-width: 3.9em; border-top: 0; }\n"
	"thead th small { display: block; color: var(--quiet); font-weight: 400; font-size: .92em; }\n"
	"thead tr + tr th { border-top: 1px solid var(--line); }\n"
	"th.group { text-align: center; border-left: 1px solid var(--line); }\n"
	"th[scope=row], thead tr:first-child th:first-child { text-align: left; }\n"
	"tbody th[scope=row] { position: sticky; left: 0; background: var(--page); font-weight: 600; }\n"
	"tbody th.long { white-space: normal; min-width: 12em; overflow-wrap: anywhere; }\n"
	"tbody th[scope=rowgroup] { text-align: left; background: var(--panel); font-weight: 600; }\n"
	"td .pm { display: block; color: var(--quiet); font-size: .9em; }\n"
	".best { font-weight: 700; text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: 3px; }\n"
	".missing { color: var(--quiet); }\n"
	".hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }\n",

	"figure { margin: 1.6em 0; }\n"
	"figure .scroll { background: #ffffff; padding: 8px; }\n"
	"figure svg { display: block; width: 100%; min-width: 680px; max-width: 900px; height: auto; margin: 0 auto; }\n"
	"figcaption { max-width: 80ch; }\n"
	"dt { font-weight: 600; margin-top: .7em; }\n"
	"dd { margin: 0 0 0 1.2em; }\n"
	"details { border: 1px solid var(--line); border-radius: 6px; padding: .5em 1em; }\n"
	"summary { cursor: pointer; font-weight: 600; }\n"
	"pre { overflow-x: auto; background: var(--panel); padding: .8em 1em; border-radius: 6px; white-space: pre; overflow-wrap: normal; }\n"
	"@media (max-width: 600px) { main { padding: 16px 12px 40px; } h1 { font-size: 1.5rem; } table { font-size: .8rem; } }\n"
	"@media print { :root { --ink: #000; --quiet: #444; --line: #bbb; --page: #fff; --panel: #f2f2f2; --warn: #000; --warn-page: #fff;\n"
	"    --warn-line: #000; --link: #000; }\n"
	"  body { font-size: 10pt; } main { max-width: none; padding: 0; } .scroll { overflow: visible; border: 0; }\n"
	"  table { font-size: 7.5pt; } th, td { padding: .25em .35em; } thead th { min-width: 0; } tbody th[scope=row] { position: static; min-width: 0; }\n"
	"  figure, tr, .warnings, li { break-inside: avoid; } h2, h3 { break-after: avoid; } figure svg { min-width: 0; }\n"
	"  pre { white-space: pre-wrap; } @page { margin: 15mm; } }\n",
	NULL,
};
