/** The style of the session's, the actions' and the doctor's views. */
export const VIEW_STYLES = `
.facts{display:grid;gap:2px 12px;padding:4px 0}
.facts>div{display:grid;grid-template-columns:minmax(5rem,22%) minmax(0,1fr);gap:12px}
.facts>[hidden]{display:none}
dt,.note{color:var(--muted)}
dt{overflow-wrap:anywhere}
dd,.findings{overflow-wrap:anywhere}
code{font:12px/1.5 var(--mono)}
.note{font-size:13px}
.token{display:flex;flex-wrap:wrap;gap:4px 8px;align-items:center}
.token code{max-height:12em;overflow:auto}
.actions{display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:8px 12px;padding:4px 0 8px}
.actions>div{display:grid;gap:2px}
.actions button{justify-self:start}
.outcome{grid-column:1/-1;min-height:1.5em}
.findings{display:grid;gap:10px;padding-top:6px;list-style:none}
.findings li{padding-inline-start:12px;border-inline-start:4px solid}
.findings li>*{color:var(--fg)}
.findings .note{color:var(--muted)}
.findings h3{font-size:14px}
.error,.error .severity{color:var(--bad)}
.warning,.warning .severity{color:var(--warn)}
.info,.info .severity{color:var(--accent)}`
