/** The colours, in light and dark; AA on `--bg` and on `--sunken`. */
const COLORS = `
--fg:light-dark(#1d1b16,#f1ede4);--bg:light-dark(#fff,#1c1a17);--sunken:light-dark(#f4f2ec,#131210);
--muted:light-dark(#5f594d,#b5ac9b);--line:light-dark(#ddd8cc,#3b362e);--edge:light-dark(#857c6b,#877e6d);
--accent:light-dark(#865800,#eaba58);--bad:light-dark(#b3261e,#ff9a8d);--warn:light-dark(#8a5300,#f0b35b);
--good:light-dark(#0a6357,#6fdcc9);--live:light-dark(#075f53,#3fc7b2);--over:light-dark(#8ab5ae,#2b5f57);
--on:light-dark(#fff,#10201d);--bad-wash:light-dark(#fbe6e3,#43201b);
--mono:ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace`

/** What a drawing needs, in the panel and as a file of its own. */
const DRAWING = `
svg{direction:ltr;text{font:11px/1 var(--mono);fill:var(--fg)}
.ground{fill:var(--sunken)}
.lane-line,.tick{stroke:var(--line)}
.tick-text{fill:var(--muted)}
.name{font-weight:700}.name.closed{fill:var(--muted);font-weight:400}
.name-back{fill:var(--sunken)}
.gone{fill:var(--line);opacity:.3;rx:0}
.rest{fill:none;stroke:var(--edge);stroke-dasharray:3 3}
.window{fill:url(#lk-window);stroke:none}
.rest.over,.window.over{opacity:.35}
.due{stroke:var(--accent);stroke-width:2}
.bar{fill:var(--live)}
.bar.over{fill:var(--over)}
.bar.other-tab{fill:var(--sunken);stroke:var(--live);stroke-width:2}
.bar.other-tab.over{stroke:var(--over)}
.bar.restored{fill:var(--over)}
.stale{fill:url(#lk-stale)}
.number{text-anchor:end;font-weight:700;fill:var(--on)}
.number.other-tab,.number.over,.number.restored{fill:var(--fg)}
.handover{stroke:var(--accent);stroke-width:2}
.handover-at{fill:var(--accent)}
.handover-at.other-tab{fill:var(--sunken);stroke:var(--accent);stroke-width:1.5}
.end{stroke:var(--fg);stroke-width:2}
.pause{fill:url(#lk-pause);opacity:.4}
.pill rect{fill:var(--bg);stroke:var(--edge)}
.pill text,.chain text{text-anchor:middle;font-weight:700}
.signed-in.this-tab rect{fill:var(--accent);stroke:var(--accent)}.signed-in.this-tab text{fill:var(--bg)}
.signed-in.other-tab rect{stroke:var(--accent)}
.restored rect{stroke-dasharray:3 2}
.signed-out.this-tab rect{fill:var(--fg);stroke:var(--fg)}.signed-out.this-tab text{fill:var(--bg)}
.failed rect,.degraded rect,.expiring rect{fill:var(--bad-wash);stroke:var(--bad)}
.failed text,.degraded text,.expiring text{fill:var(--bad)}
.request.good rect{fill:var(--good)}
.request.open rect{fill:var(--edge)}
.request.bad rect{fill:var(--bad)}
.request.token.good rect{fill:var(--accent)}
.request text{fill:var(--bad);font-weight:700;stroke:var(--sunken);stroke-width:3px;paint-order:stroke}
.chain-back{fill:var(--bg);stroke:var(--edge)}
.chain .bad{fill:var(--bad)}.chain .good{fill:var(--good)}.chain .turn{fill:var(--accent)}.chain .count{text-anchor:start;fill:var(--muted)}
.arrow,.link{fill:none;stroke:var(--fg);stroke-width:1.5}
.link{stroke:var(--live);stroke-width:2}
.head{fill:var(--fg);fill:context-stroke}
.now-line{stroke:var(--fg);stroke-width:1.5}
.selected>*,rect.selected{stroke:var(--fg);stroke-width:2;paint-order:stroke}
.stripe-window{stroke:var(--accent)}.stripe-stale{stroke:var(--bad)}.stripe-pause{stroke:var(--edge)}}`

/** The style of a drawing that stands alone. */
export const FILE_STYLES = `svg{color-scheme:light dark;${COLORS}}${DRAWING}`

/** The style of the panel. */
export const PANEL_STYLES = `
:host{${COLORS};display:block;color:var(--fg);font:14px/1.5 system-ui,sans-serif;text-align:start}
:host([hidden]){display:none}
:host(.unset){color-scheme:light dark}
*{box-sizing:border-box}
h2,h3,p,ol,ul,dl,dd{margin:0;padding:0}
:focus-visible{outline:3px solid var(--accent);outline-offset:1px}
button,summary{font:inherit}
button{min-height:28px;padding:2px 10px;border:1px solid var(--edge);border-radius:6px;background:var(--bg);color:inherit;cursor:pointer}
button:hover{border-color:var(--accent)}
button:disabled{color:var(--muted);border-color:var(--line);cursor:default}
button[aria-pressed=true]{background:var(--fg);color:var(--bg)}
a{color:var(--accent)}
.tools{display:flex;flex-wrap:wrap;gap:6px;align-items:center;padding:6px 0}
.tools,.chart{direction:ltr}
.tools .gap{flex:1}
.chart{position:relative;overflow:hidden;border-radius:8px;background:var(--sunken);touch-action:pan-y;user-select:none}
.chart,.legend{forced-color-adjust:none}
.chart svg{display:block;width:100%}
.item{cursor:pointer}
.empty{position:absolute;inset:0 0 22px;display:grid;place-content:center;padding:0 12px;color:var(--muted);text-align:center;pointer-events:none}
.detail{display:block;min-height:2.3em;padding:6px 2px;white-space:pre-line;font-size:13px;overflow-wrap:anywhere}
.list ol{padding-inline-start:1.5em;max-height:16em;overflow:auto;font-size:13px}
summary{cursor:pointer;color:var(--muted)}
.keys,.legend{color:var(--muted);font-size:12px}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;list-style:none;padding:4px 0}
.legend li{display:flex;align-items:center;gap:5px}
.legend svg{width:auto;overflow:visible}${DRAWING}`

/** The style of the panel around its views. */
export const FRAME_STYLES = `
:host([view=dock]),:host(:not([view])){position:fixed;z-index:2147483000;inset:auto 12px 12px auto;max-width:calc(100vw - 24px)}
.frame{display:flex;flex-direction:column;border:1px solid var(--edge);border-radius:10px;background:var(--bg);overflow:hidden}
.dock .frame{width:min(60rem,calc(100vw - 24px));max-height:min(34rem,80vh);box-shadow:0 8px 30px #0005}
.head-row{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:center;padding:8px 12px;border-bottom:1px solid var(--line)}
.head-row h2{font-size:14px}
.countdown{font-variant-numeric:tabular-nums;color:var(--muted)}
.tabs{display:flex;gap:2px;margin-inline-start:auto}
.tabs button{border-color:transparent}
.tabs button[aria-selected=true]{border-color:var(--edge);background:var(--sunken);font-weight:600}
.body{overflow:auto;padding:8px 12px 12px}
.foot{padding:8px 12px;border-top:1px solid var(--line)}
.foot .actions{grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));align-items:start;font-size:13px;padding:0}
.foot .note{font-size:12px;line-height:1.3}
.toggle{box-shadow:0 2px 10px #0004}
@media(max-height:34rem),(max-width:40rem){.dock .frame{overflow:auto}.dock .frame>*{flex:none}}
@media(forced-colors:active){button[aria-pressed=true],.tabs button[aria-selected=true]{forced-color-adjust:none;background:Highlight;color:HighlightText}}`
